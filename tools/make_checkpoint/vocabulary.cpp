#include "make_checkpoint/vocabulary.h"

#include <fmt/format.h>

#include <deque>
#include <unordered_set>
#include <vector>

#include "core/output_file.h"
#include "core/utf8.h"

namespace aurea::tools {
namespace {

constexpr const char* kControl[] = {"<|endoftext|>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"};
constexpr const char* kTemplate =
    "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}";

/// The character that GPT-2's byte-level alphabet shows a byte as: printable ones as they are, the rest from U+0100 on.
std::string byte_letter(unsigned byte) {
  const auto printable = [](unsigned b) { return (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || (b >= 174 && b <= 255); };
  std::string letter;
  if (printable(byte)) {
    append_utf8(letter, byte);
    return letter;
  }
  char32_t place = 0x100;
  for (unsigned b = 0; b < byte; ++b) place += printable(b) ? 0 : 1;
  append_utf8(letter, place);
  return letter;
}

struct Builder {
  std::vector<std::string> tokens;  // index = id
  std::unordered_set<std::string> known;
  Json merges = Json::array();

  void add(const std::string& token) {
    tokens.push_back(token);
    known.insert(token);
  }
  [[nodiscard]] size_t size() const { return tokens.size(); }
  [[nodiscard]] nlohmann::json vocab() const {  // sorted by text: inserting by key stays fast
    nlohmann::json ids = nlohmann::json::object();
    for (size_t id = 0; id < tokens.size(); ++id) ids[tokens[id]] = id;
    return ids;
  }
};

/// Every way to put `token` together from two known ones, as a SentencePiece model's merges list them.
void add_merges(Builder& builder, const std::string& token, size_t first_length) {
  for (size_t at = first_length; at < token.size(); ++at) {
    const std::string left = token.substr(0, at), right = token.substr(at);
    if (builder.known.contains(left) && builder.known.contains(right)) builder.merges.push_back(left + " " + right);
  }
}

/// Adds tokens until the vocabulary has `size` entries: every known run of letters is continued by every letter.
void add_runs(Builder& builder, const std::string& space, size_t size) {
  std::deque<std::string> runs = {space};
  for (char c = 'a'; c <= 'z'; ++c) runs.emplace_back(1, c);
  while (builder.size() < size) {
    const std::string run = runs.front();
    runs.pop_front();
    for (char c = 'a'; c <= 'z' && builder.size() < size; ++c) {
      const std::string token = run + c;
      add_merges(builder, token, token.starts_with(space) ? space.size() : 1);
      builder.add(token);
      runs.push_back(token);
    }
  }
}

void write_json(const std::filesystem::path& path, const Json& json) {
  OutputFile file(path, true);
  file.write(json.dump(1));
  file.commit();
}

}  // namespace

void write_vocabulary(const std::filesystem::path& folder, VocabularyKind kind, size_t size) {
  const bool sentence_piece = kind == VocabularyKind::kSentencePiece;
  Builder builder;
  Json added = Json::array(), decoder_map = Json::object();
  const auto add_control = [&](size_t id, const std::string& text) {
    Json token = {{"content", text}, {"single_word", false}, {"lstrip", false}, {"rstrip", false}, {"normalized", false}, {"special", true}};
    decoder_map[std::to_string(id)] = token;
    Json entry = {{"id", id}};
    entry.update(token);
    added.push_back(entry);
  };
  const size_t n_control = std::size(kControl);
  if (sentence_piece) {
    for (const char* text : {"<unk>", "<s>", "</s>"}) {
      add_control(builder.size(), text);
      builder.add(text);
    }
    for (unsigned byte = 0; byte < 256; ++byte) builder.add(fmt::format("<0x{:02X}>", byte));
    builder.add("\u2581");
    for (char c = 33; c < 127; ++c) builder.add(std::string(1, c));
    add_runs(builder, "\u2581", size - n_control);
  } else {
    for (unsigned byte = 0; byte < 256; ++byte) builder.add(byte_letter(byte));
    add_runs(builder, byte_letter(' '), size - n_control);
  }
  for (size_t i = 0; i < n_control; ++i) add_control(size - n_control + i, kControl[i]);

  Json model = {{"type", "BPE"}, {"dropout", nullptr}, {"unk_token", sentence_piece ? Json("<unk>") : Json(nullptr)},
                {"continuing_subword_prefix", nullptr}, {"end_of_word_suffix", nullptr}, {"fuse_unk", sentence_piece},
                {"byte_fallback", sentence_piece}, {"vocab", Json(builder.vocab())}, {"merges", builder.merges}};
  Json normalizer = nullptr, pre_tokenizer = nullptr;
  if (sentence_piece) {
    normalizer = {{"type", "Sequence"},
                  {"normalizers", {{{"type", "Prepend"}, {"prepend", "\u2581"}},
                                   {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "\u2581"}}}}};
  } else {
    // cl100k's expression, which GGUF calls "dbrx".
    const char* cl100k = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    pre_tokenizer = {{"type", "Sequence"},
                     {"pretokenizers", {{{"type", "Split"}, {"pattern", {{"Regex", cl100k}}}, {"behavior", "Removed"}, {"invert", true}},
                                        {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", false}}}}};
  }
  write_json(folder / "tokenizer.json", {{"version", "1.0"}, {"truncation", nullptr}, {"padding", nullptr}, {"added_tokens", added},
                                         {"normalizer", normalizer}, {"pre_tokenizer", pre_tokenizer}, {"post_processor", nullptr},
                                         {"decoder", sentence_piece ? Json(nullptr) : Json({{"type", "ByteLevel"}})}, {"model", model}});
  Json config = {{"add_bos_token", false}, {"add_eos_token", false}, {"added_tokens_decoder", decoder_map}, {"chat_template", kTemplate},
                 {"clean_up_tokenization_spaces", false}, {"eos_token", "<|endoftext|>"}, {"pad_token", "<|endoftext|>"},
                 {"tokenizer_class", sentence_piece ? "LlamaTokenizer" : "GPT2Tokenizer"}};
  if (sentence_piece) config["bos_token"] = "<s>", config["unk_token"] = "<unk>";
  write_json(folder / "tokenizer_config.json", config);
}

}  // namespace aurea::tools
