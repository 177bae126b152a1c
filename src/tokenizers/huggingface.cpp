// Puts a vocabulary together from the files of a Hugging Face folder. Which file has the last word on what follows
// ggml-org/llama.cpp conversion/phi.py and gguf-py/gguf/vocab.py, so that both give the same GGUF file;
// end-of-generation ids are the union of all sources, which no single one of the published files gets right.
#include <algorithm>
#include <set>

#include "core/error.h"
#include "tokenizers/huggingface_files.h"
#include "tokenizers/pre_tokenizer.h"
#include "tokenizers/sentencepiece_model.h"
#include "tokenizers/sentencepiece_scores.h"
#include "tokenizers/tokenizer_json_description.h"

namespace aurea::tokenizers {
namespace {

constexpr float kAddedScore = -1000.0f, kPaddingScore = -10000.0f;

/// Runs `read`; an error in it names the file.
template <typename F>
auto in_file(const HuggingFaceFiles& files, const char* name, F&& read) {
  try {
    return read();
  } catch (Error& error) {
    error.add_context(files.folder + "/" + name);
    throw;
  }
}

Json parse_config(const HuggingFaceFiles& files, const std::optional<std::string>& text, const char* name) {
  if (!text) return Json::object();
  const std::string source = files.folder + "/" + name;
  Json json = parse_json(*text, source);
  if (!json.is_object()) fail_file("{}: expected a JSON object, found {}", source, json.type_name());
  return json;
}

/// A token's text: a string, or an object with `content`.
std::optional<std::string> token_text(const Json& object, const char* key) {
  const auto it = object.find(key);
  if (it != object.end() && it->is_object()) return required_string(*it, "content");
  return optional_string(object, key);
}

/// An id or a list of ids; -1 stands for none.
std::vector<int64_t> listed_ids(const Json& object, const char* key) {
  const auto it = object.find(key);
  std::vector<int64_t> ids;
  if (it == object.end() || it->is_null()) return ids;
  for (const Json& item : it->is_array() ? *it : Json::array({*it})) {
    if (!item.is_number_integer())
      fail_file("key '{}': expected an id or a list of ids, found {}", key, item.type_name());
    if (item != -1) ids.push_back(item.get<int64_t>());
  }
  return ids;
}

class VocabularyBuilder {
 public:
  VocabularyBuilder(HuggingFaceFiles files, size_t vocab_size)
      : files_(std::move(files)),
        vocab_size_(vocab_size),
        tokenizer_config_(parse_config(files_, files_.tokenizer_config, "tokenizer_config.json")),
        special_tokens_map_(parse_config(files_, files_.special_tokens_map, "special_tokens_map.json")) {
    if (vocab_size > kMaxTokens) {
      fail(ErrorCode::kUnsupported, "{}: a vocabulary of {}; the most that is supported is {}", files_.folder,
           vocab_size, kMaxTokens);
    }
  }

  Vocabulary build() {
    load_pieces();
    in_file(files_, "added_tokens.json", [&] { add_from_added_tokens_json(); });
    in_file(files_, "tokenizer_config.json", [&] { add_from_tokenizer_config(); });
    in_file(files_, "tokenizer.json", [&] {
      for (const AddedTokenEntry& entry : described_.added) set_added(entry);
    });
    if (vocab_size_ > 0) grow(vocab_size_);
    if (sentencepiece_merges_) {
      in_file(files_, "tokenizer.json", [&] { derive_sentencepiece_scores(vocabulary_, *sentencepiece_merges_); });
    }
    name_expressions();
    resolve_special_ids();
    resolve_bos_and_eos();
    load_chat_templates();
    complete_end_of_generation(vocabulary_);
    return std::move(vocabulary_);
  }

 private:
  // --- pieces ---

  void load_pieces() {
    const std::string model_source = files_.folder + "/tokenizer.model";
    if (!files_.tokenizer_json) {
      vocabulary_ = parse_sentencepiece_model(*files_.tokenizer_model, model_source);
      return;
    }
    const std::string source = files_.folder + "/tokenizer.json";
    TokenizerJson json = parse_tokenizer_json(*files_.tokenizer_json, source);
    *files_.tokenizer_json = std::string();  // it is there, but its many megabytes are not needed again
    described_ = describe_tokenizer_json(json.rest, source);
    if (described_.kind == TokenizerKind::kByteLevelBpe) {
      add_vocab(json.vocab);
      vocabulary_.merges = std::move(json.merges);
      vocabulary_.expressions = described_.expressions;
      vocabulary_.ignore_merges = described_.ignore_merges;
    } else if (files_.tokenizer_model) {
      vocabulary_ = parse_sentencepiece_model(*files_.tokenizer_model, model_source);
      check_same_pieces(json.vocab);
    } else {
      add_vocab(json.vocab);
      sentencepiece_merges_ = std::move(json.merges);
    }
    vocabulary_.kind = described_.kind;
    vocabulary_.add_space_prefix = described_.add_space_prefix;
  }

  void add_vocab(std::vector<TokenizerJson::Entry>& vocab) {
    vocabulary_.kind = described_.kind;
    const bool has_types = described_.kind == TokenizerKind::kSentencePiece;
    std::vector<bool> taken;
    vocabulary_.tokens.reserve(std::max(vocab_size_, vocab.size()));
    for (TokenizerJson::Entry& entry : vocab) {
      Token token;
      if (has_types && parse_byte_token(entry.text)) token.type = TokenType::kByte;
      if (entry.text == described_.unk_text) {
        vocabulary_.unk = entry.id;
        if (has_types) token.type = TokenType::kUnknown;
      }
      const auto place = static_cast<size_t>(entry.id);
      if (place >= taken.size()) taken.resize(place + 1);
      if (taken[place]) fail_file("{}/tokenizer.json: model.vocab: two tokens with id {}", files_.folder, entry.id);
      taken[place] = true;
      token.text = std::move(entry.text);
      set_token(entry.id, std::move(token));
    }
  }

  /// With both files there, they must tell of one vocabulary.
  void check_same_pieces(const std::vector<TokenizerJson::Entry>& vocab) {
    for (const TokenizerJson::Entry& entry : vocab) {
      const auto id = static_cast<size_t>(entry.id);
      if (id < vocabulary_.tokens.size() && vocabulary_.tokens[id].text != entry.text) {
        fail_file("{}: token {} is '{}' in tokenizer.json and '{}' in tokenizer.model", files_.folder, entry.id,
                  entry.text, vocabulary_.tokens[id].text);
      }
    }
  }

  /// Makes the list at least `size` long; ids that no file fills are padding.
  void grow(size_t size) {
    if (vocab_size_ > 0 && size > vocab_size_) {
      fail_file("{}: the tokenizer has an id {}, but the model's vocabulary is {}", files_.folder, size - 1,
                vocab_size_);
    }
    const bool has_scores = vocabulary_.kind == TokenizerKind::kSentencePiece;
    while (vocabulary_.tokens.size() < size) {
      Token padding;
      padding.text = fmt::format("[PAD{}]", vocabulary_.tokens.size());
      padding.score = has_scores ? kPaddingScore : 0;
      padding.type = TokenType::kUnused;
      vocabulary_.tokens.push_back(std::move(padding));
    }
  }

  void set_token(TokenId id, Token token) {
    grow(static_cast<size_t>(id) + 1);
    vocabulary_.tokens[static_cast<size_t>(id)] = std::move(token);
  }

  // --- added tokens: a later source has the last word ---

  void set_added(const AddedTokenEntry& entry) {
    // Such a token would be matched with its prefix and space marks, after all others. (Byte-level files have no
    // normalizer, so there it makes no difference.)
    if (entry.normalized && vocabulary_.kind == TokenizerKind::kSentencePiece) {
      fail(ErrorCode::kUnsupported, "added token '{}': normalized is not supported with SentencePiece", entry.text);
    }
    Token token;
    token.text = entry.text;
    token.score = vocabulary_.kind == TokenizerKind::kSentencePiece ? kAddedScore : 0;
    token.type = entry.special ? TokenType::kControl : TokenType::kUserDefined;
    token.lstrip = entry.lstrip;
    token.rstrip = entry.rstrip;
    set_token(entry.id, std::move(token));
  }

  void add_from_added_tokens_json() {
    const Json added = parse_config(files_, files_.added_tokens, "added_tokens.json");
    const std::set<std::string> special = special_texts();
    for (const auto& [text, value] : added.items()) {
      if (!value.is_number_integer()) fail_file("token '{}': expected an id, found {}", text, value.type_name());
      const auto id = value.get<int64_t>();
      if (id < 0 || static_cast<uint64_t>(id) >= kMaxTokens) fail_file("token '{}': id {} is out of range", text, id);
      set_added({static_cast<TokenId>(id), text, special.contains(text), false, false});
    }
  }

  /// Texts of the tokens that the small files name as special.
  std::set<std::string> special_texts() const {
    std::set<std::string> texts;
    for (const Json* config : {&tokenizer_config_, &special_tokens_map_}) {
      for (const char* key :
           {"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"}) {
        if (const auto text = token_text(*config, key)) texts.insert(*text);
      }
      const auto more = config->find("additional_special_tokens");
      if (more == config->end() || !more->is_array()) continue;
      for (const Json& item : *more) {
        if (item.is_string()) texts.insert(item.get<std::string>());
        if (item.is_object()) texts.insert(required_string(item, "content"));
      }
    }
    return texts;
  }

  void add_from_tokenizer_config() {
    const auto decoder = tokenizer_config_.find("added_tokens_decoder");
    if (decoder == tokenizer_config_.end() || decoder->is_null()) return;
    if (!decoder->is_object())
      fail_file("key 'added_tokens_decoder': expected an object, found {}", decoder->type_name());
    for (const auto& [key, entry] : decoder->items()) {
      const bool is_number =
          !key.empty() && key.size() <= 9 && std::ranges::all_of(key, [](char c) { return c >= '0' && c <= '9'; });
      if (!is_number) fail_file("key 'added_tokens_decoder': '{}' is not an id", key);
      set_added(parse_added_token(entry, std::stoll(key)));
    }
  }

  // --- the rest ---

  void name_expressions() {
    if (vocabulary_.kind != TokenizerKind::kByteLevelBpe) return;
    const auto is_white_space_run = [](const Token& token) {
      return token.type == TokenType::kUserDefined && token.text.size() > 1 &&
             token.text.find_first_not_of(" \t\n\r") == std::string::npos;
    };
    const bool has_runs = std::ranges::any_of(vocabulary_.tokens, is_white_space_run);
    const auto name = name_pre_tokenizer(vocabulary_.expressions, vocabulary_.ignore_merges, has_runs);
    vocabulary_.pre = name.value_or("");
    if (name) vocabulary_.expressions.clear();
  }

  std::optional<TokenId> find_token(std::string_view text) const {
    const auto found = std::ranges::find(vocabulary_.tokens, text, &Token::text);
    if (found == vocabulary_.tokens.end()) return std::nullopt;
    return static_cast<TokenId>(found - vocabulary_.tokens.begin());
  }

  TokenId checked_id(const char* key, int64_t id) const {
    if (id < 0 || static_cast<uint64_t>(id) >= vocabulary_.tokens.size()) {
      fail_file("key '{}': id {} is outside the vocabulary of {} tokens", key, id, vocabulary_.tokens.size());
    }
    return static_cast<TokenId>(id);
  }

  /// By text (tokenizer_config.json, special_tokens_map.json), else by id (config.json, generation_config.json), else
  /// what the pieces' own file says.
  void resolve_special_ids() {
    const Json config = parse_config(files_, files_.config, "config.json");
    const Json generation = parse_config(files_, files_.generation_config, "generation_config.json");
    struct Source {
      const Json& json;
      const char* name;
    };
    const auto resolve = [&](std::optional<TokenId>& id, const char* text_key, const char* id_key) {
      for (const Source& source : {Source{tokenizer_config_, "tokenizer_config.json"},
                                   Source{special_tokens_map_, "special_tokens_map.json"}}) {
        const auto text = in_file(files_, source.name, [&] { return token_text(source.json, text_key); });
        if (!text) continue;
        if (const auto found = find_token(*text)) {
          id = found;
          return;
        }
      }
      if (id_key == nullptr) return;
      for (const Source& source : {Source{config, "config.json"}, Source{generation, "generation_config.json"}}) {
        const auto ids = in_file(files_, source.name, [&] { return listed_ids(source.json, id_key); });
        if (ids.empty()) continue;
        id = in_file(files_, source.name, [&] { return checked_id(id_key, ids.front()); });
        return;
      }
    };
    resolve(vocabulary_.bos, "bos_token", "bos_token_id");
    resolve(vocabulary_.eos, "eos_token", "eos_token_id");
    resolve(vocabulary_.unk, "unk_token", nullptr);
    resolve(vocabulary_.pad, "pad_token", "pad_token_id");
    for (const Source& source : {Source{config, "config.json"}, Source{generation, "generation_config.json"}}) {
      in_file(files_, source.name, [&] {
        for (const int64_t id : listed_ids(source.json, "eos_token_id")) {
          vocabulary_.end_of_generation.push_back(checked_id("eos_token_id", id));
        }
      });
    }
  }

  /// add_bos_token and add_eos_token say whether; else the post-processor of tokenizer.json; without that file,
  /// transformers' LlamaTokenizer adds BOS.
  void resolve_bos_and_eos() {
    const auto resolve = [&](const char* key, const std::optional<std::string>& text, bool otherwise,
                             std::optional<TokenId>& id) {
      const auto asked =
          in_file(files_, "tokenizer_config.json", [&] { return optional_bool(tokenizer_config_, key); });
      const bool add = asked.value_or(text || otherwise);
      if (!add) return false;
      const auto from_text = text ? find_token(*text) : std::nullopt;
      if (!id) id = from_text;
      if (!id) fail_file("{}: {} is true, but there is no such token", files_.folder, key);
      if (text && from_text != id) {
        fail(ErrorCode::kUnsupported, "{}/tokenizer.json: post_processor adds '{}', which is not the token of {}",
             files_.folder, *text, key);
      }
      return true;
    };
    vocabulary_.add_bos = resolve("add_bos_token", described_.prefix_text, !files_.tokenizer_json, vocabulary_.bos);
    vocabulary_.add_eos = resolve("add_eos_token", described_.suffix_text, false, vocabulary_.eos);
  }

  /// chat_template.jinja has the last word on the default template, as in transformers.
  void load_chat_templates() {
    in_file(files_, "tokenizer_config.json", [&] { add_chat_templates(tokenizer_config_); });
    if (!vocabulary_.chat_template && files_.chat_template_json) {
      const Json json = parse_config(files_, files_.chat_template_json, "chat_template.json");
      in_file(files_, "chat_template.json", [&] { add_chat_templates(json); });
    }
    if (files_.chat_template_jinja) vocabulary_.chat_template = files_.chat_template_jinja;
    for (const auto& [name, text] : files_.additional_chat_templates) vocabulary_.named_chat_templates[name] = text;
  }

  /// Key chat_template: one text, or a list of {name, template}.
  void add_chat_templates(const Json& config) {
    const auto it = config.find("chat_template");
    if (it == config.end() || !it->is_array()) {
      vocabulary_.chat_template = optional_string(config, "chat_template");
      return;
    }
    for (const Json& item : *it) {
      std::string name = required_string(item, "name"), text = required_string(item, "template");
      if (name == "default") {
        vocabulary_.chat_template = std::move(text);
      } else {
        vocabulary_.named_chat_templates[std::move(name)] = std::move(text);
      }
    }
  }

  HuggingFaceFiles files_;
  size_t vocab_size_;
  Json tokenizer_config_, special_tokens_map_;
  TokenizerJsonDescription described_;
  std::optional<std::vector<std::string>> sentencepiece_merges_;  // only when the scores have to come from them
  Vocabulary vocabulary_;
};

}  // namespace

std::optional<Vocabulary> build_vocabulary(HuggingFaceFiles files, size_t vocab_size) {
  if (!files.tokenizer_json && !files.tokenizer_model) return std::nullopt;
  return VocabularyBuilder(std::move(files), vocab_size).build();
}

}  // namespace aurea::tokenizers
