// Loading a vocabulary from the files of a Hugging Face folder.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/support/test_support.h"
#include "tokenizers/huggingface_files.h"
#include "tokenizers/pre_tokenizer.h"
#include "tokenizers/test_vocabularies.h"
#include "tokenizers/tokenizer.h"

namespace aurea::tokenizers {
namespace {

using Ids = std::vector<TokenId>;
using testing::ElementsAre;
using testing::HasSubstr;

/// What an action throws; empty when it does not. `code`, where given, must be the error's.
template <typename F>
std::string message_of(F&& action, std::optional<ErrorCode> code = std::nullopt) {
  try {
    action();
  } catch (const Error& error) {
    if (code) {
      EXPECT_EQ(error.code(), *code) << error.what();
    }
    return error.what();
  }
  return "";
}

HuggingFaceFiles files_with(const Json& tokenizer_json) {
  HuggingFaceFiles files;
  files.folder = "folder";
  files.tokenizer_json = tokenizer_json.dump();
  return files;
}

Vocabulary load(const Json& tokenizer_json) { return build_vocabulary(files_with(tokenizer_json), 0).value(); }

/// A tokenizer.json with one byte-level merge and two added tokens.
Json small_json(const char* expression = nullptr) {
  return test_data::byte_level_json(
      test_data::byte_level("gpt-2", {"a b"},
                            {test_data::control("<|endoftext|>"), test_data::user_defined("<tool>", true, true)}),
      expression);
}

// --- Phi-3's kind ---

TEST(HuggingFace, EitherFileOfTheDemonstrationModelIsEnough) {
  const HuggingFaceFiles all = read_huggingface_files(test::demo_model_dir());
  HuggingFaceFiles json_only = all, model_only = all;
  json_only.tokenizer_model.reset();
  model_only.tokenizer_json.reset();
  const Vocabulary vocabulary = build_vocabulary(all, 4096).value();
  EXPECT_EQ(build_vocabulary(json_only, 4096).value(), vocabulary);
  EXPECT_EQ(build_vocabulary(model_only, 4096).value(), vocabulary);
  // Nor are the small files needed for what tokenizer.json says too.
  json_only.added_tokens.reset();
  json_only.special_tokens_map.reset();
  EXPECT_EQ(build_vocabulary(json_only, 4096).value(), vocabulary);

  EXPECT_EQ(vocabulary.kind, TokenizerKind::kSentencePiece);
  EXPECT_EQ(vocabulary.tokens.size(), 4096u);
  EXPECT_EQ(vocabulary.bos, 1);
  EXPECT_EQ(vocabulary.eos, 4064);
  EXPECT_EQ(vocabulary.unk, 0);
  EXPECT_EQ(vocabulary.pad, 4064);
  EXPECT_FALSE(vocabulary.add_bos);
  EXPECT_FALSE(vocabulary.add_eos);
  EXPECT_TRUE(vocabulary.add_space_prefix);
  EXPECT_THAT(vocabulary.end_of_generation, ElementsAre(2, 4064, 4065, 4071));
  EXPECT_EQ(vocabulary.tokens[2], (Token{"</s>", -1000, TokenType::kUserDefined, false, true}));
  EXPECT_EQ(vocabulary.tokens[3], (Token{"<0x00>", 0, TokenType::kByte}));
  EXPECT_EQ(vocabulary.tokens[4063].score, -3804);
  EXPECT_EQ(vocabulary.tokens[4071], (Token{"<|end|>", -1000, TokenType::kControl, false, true}));
  EXPECT_EQ(vocabulary.tokens[4095], (Token{"[PAD4095]", -10000, TokenType::kUnused}));
  ASSERT_TRUE(vocabulary.chat_template);
  EXPECT_THAT(*vocabulary.chat_template, HasSubstr("<|assistant|>"));
}

TEST(HuggingFace, RefusesAVocabularyBeyondTheEmbedding) {
  const HuggingFaceFiles files = read_huggingface_files(test::demo_model_dir());
  EXPECT_THAT(message_of([&] { (void)build_vocabulary(files, 4070); }, ErrorCode::kBadFile), HasSubstr("4070"));
}

Json demo_json() { return Json::parse(*read_huggingface_files(test::demo_model_dir()).tokenizer_json); }

TEST(HuggingFace, ScoresNeedMergesThatAreASentencePieceModels) {
  const auto message = [](const Json& json) { return message_of([&] { (void)load(json); }); };
  Json json = demo_json();
  EXPECT_EQ(message(json), "");
  std::swap(json["model"]["merges"][100], json["model"]["merges"][2000]);
  EXPECT_THAT(message(json), HasSubstr("order"));
  json = demo_json();
  json["model"]["merges"].erase(50);
  EXPECT_THAT(message(json), HasSubstr("tokenizer.model is needed"));
  json = demo_json();
  json["model"]["merges"].push_back("nosuch piece");
  EXPECT_THAT(message(json), HasSubstr("lacks"));
}

TEST(HuggingFace, SpaceRunsWithTheLastMergesHaveTheLowestScore) {
  // As in Llama's and Phi-3's files: the pieces made of spaces stand among the others, their merges at the end.
  Json json;
  json["normalizer"] = {{"type", "Sequence"},
                        {"normalizers",
                         {{{"type", "Prepend"}, {"prepend", "\u2581"}},
                          {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "\u2581"}}}}};
  json["model"] = {{"type", "BPE"},
                   {"byte_fallback", true},
                   {"unk_token", "<unk>"},
                   {"vocab", {{"<unk>", 0}}},
                   {"merges", {"\u2581 a", "a b", "\u2581 \u2581", "\u2581\u2581 \u2581", "\u2581 \u2581\u2581"}}};
  Json& vocab = json["model"]["vocab"];
  for (int byte = 0; byte < 256; ++byte) vocab[fmt::format("<0x{:02X}>", byte)] = byte + 1;
  for (const char* piece : {"\u2581\u2581", "\u2581a", "ab", "\u2581\u2581\u2581", "\u2581", "a", "b"})
    vocab[piece] = vocab.size();
  const Vocabulary vocabulary = load(json);
  EXPECT_EQ(vocabulary.unk, 0);
  std::vector<float> scores;
  for (size_t id = 257; id < vocabulary.tokens.size(); ++id) scores.push_back(vocabulary.tokens[id].score);
  EXPECT_THAT(scores, ElementsAre(-1e9f, -1, -2, -1e9f, -1e9f, -5, -6));
}

TEST(HuggingFace, TheTwoFilesMustAgree) {
  HuggingFaceFiles files = read_huggingface_files(test::demo_model_dir());
  Json json = demo_json();
  Json vocab = Json::object();
  for (const auto& [text, id] : json["model"]["vocab"].items()) vocab[id == 300 ? "changed" : text] = id;
  json["model"]["vocab"] = vocab;
  files.tokenizer_json = json.dump();
  EXPECT_THAT(message_of([&] { (void)build_vocabulary(files, 4096); }, ErrorCode::kBadFile), HasSubstr("token 300"));
}

// --- byte level ---

TEST(HuggingFace, ByteLevelVocabulary) {
  const Vocabulary vocabulary = load(small_json());
  EXPECT_EQ(vocabulary.kind, TokenizerKind::kByteLevelBpe);
  EXPECT_EQ(vocabulary.pre, "gpt-2");
  EXPECT_TRUE(vocabulary.expressions.empty());
  EXPECT_FALSE(vocabulary.add_space_prefix);
  EXPECT_THAT(vocabulary.merges, ElementsAre("a b"));
  EXPECT_EQ(vocabulary.tokens[256].text, "ab");
  EXPECT_EQ(vocabulary.tokens[257], (Token{"<|endoftext|>", 0, TokenType::kControl}));
  EXPECT_EQ(vocabulary.tokens[258], (Token{"<tool>", 0, TokenType::kUserDefined, true, true}));
  EXPECT_THAT(vocabulary.end_of_generation, ElementsAre(257));
  EXPECT_EQ(Tokenizer::create(vocabulary)->encode("ab <tool> ab", {}), (Ids{256, 258, 256}));
}

TEST(HuggingFace, MergesAsPairsOrAsStrings) {
  Json json = small_json();
  json["model"]["merges"] = Json::parse(R"([["a", "b"]])");
  EXPECT_EQ(load(json), load(small_json()));
  for (const char* bad : {R"("a")", R"("a b c")", R"("a  b")", R"(" b")", "7", R"(["a"])", R"(["a", "b", "c"])",
                          R"(["a", "b c"])", R"(["a", 7])", "null", "{}"}) {
    json["model"]["merges"] = Json::array({Json::parse(bad)});
    EXPECT_THAT(message_of([&] { (void)load(json); }, ErrorCode::kBadFile), HasSubstr("model.merges: entry 0")) << bad;
  }
}

TEST(HuggingFace, AnExpressionWithoutANameWorksButNotInGguf) {
  Json json = small_json(R"(\p{N}|\p{L}+)");
  const Vocabulary vocabulary = load(json);
  EXPECT_EQ(vocabulary.pre, "");
  EXPECT_THAT(vocabulary.expressions, ElementsAre(R"(\p{N}|\p{L}+)"));
  EXPECT_EQ(Tokenizer::create(vocabulary)->encode("ab1", {}), (Ids{256, '1'}));
  formats::GgufMetadata metadata;
  EXPECT_THAT(message_of([&] { store_gguf(vocabulary, metadata); }, ErrorCode::kUnsupported),
              HasSubstr(R"(\p{N}|\p{L}+)"));
  EXPECT_TRUE(metadata.entries().empty());
  // Two expressions cut one after the other, GPT-2's built-in one last.
  json["pre_tokenizer"]["pretokenizers"][1]["use_regex"] = true;
  EXPECT_THAT(load(json).expressions, ElementsAre(R"(\p{N}|\p{L}+)", std::string(kGpt2Expression)));
}

TEST(HuggingFace, NamesThePreTokenizers) {
  const std::string cl100k(find_pre_tokenizer("dbrx")->expressions.at(0));
  Json json = small_json(cl100k.c_str());
  EXPECT_EQ(load(json).pre, "dbrx");
  json["model"]["ignore_merges"] = true;
  EXPECT_EQ(load(json).pre, "llama-bpe");
  EXPECT_TRUE(load(json).ignore_merges);
  json["pre_tokenizer"]["pretokenizers"][0]["behavior"] = "Removed";
  json["pre_tokenizer"]["pretokenizers"][0]["invert"] = true;
  EXPECT_EQ(load(json).pre, "llama-bpe");
  EXPECT_EQ(load(small_json(std::string(find_pre_tokenizer("gpt-4o")->expressions.at(0)).c_str())).pre, "gpt-4o");
  json = small_json();
  json["added_tokens"].push_back({{"id", 259}, {"content", "  "}, {"normalized", true}});
  EXPECT_EQ(load(json).pre, "phi-2");
}

TEST(HuggingFace, ByteLevelWithoutExpressionOrWithPrefix) {
  Json json = small_json();
  json["pre_tokenizer"]["use_regex"] = false;
  EXPECT_EQ(load(json).pre, "");
  EXPECT_EQ(Tokenizer::create(load(json))->encode("a b", {}).size(), 3u);
  json = small_json();
  json["pre_tokenizer"]["add_prefix_space"] = true;
  EXPECT_TRUE(load(json).add_space_prefix);
}

// --- ids, flags, templates ---

TEST(HuggingFace, EndOfGenerationIsTheUnionOfAllSources) {
  HuggingFaceFiles files = files_with(small_json());
  files.config = R"({"eos_token_id": 65, "bos_token_id": 66, "pad_token_id": -1})";
  files.generation_config = R"({"eos_token_id": [67, 65], "pad_token_id": 68})";
  files.tokenizer_config = R"({"eos_token": {"content": "<tool>"}, "unk_token": null})";
  const Vocabulary vocabulary = build_vocabulary(files, 0).value();
  EXPECT_EQ(vocabulary.eos, 258);  // the tokenizer's own word counts
  EXPECT_EQ(vocabulary.bos, 66);
  EXPECT_EQ(vocabulary.pad, 68);
  EXPECT_EQ(vocabulary.unk, std::nullopt);
  EXPECT_THAT(vocabulary.end_of_generation, ElementsAre(65, 67, 257, 258));
}

TEST(HuggingFace, AnEndOfAPartIsNoEndWhereAnswersHaveParts) {
  Vocabulary vocabulary = test_data::byte_level(
      "gpt-4o", {}, {test_data::control("<|end|>"), test_data::control("<|return|>"), test_data::control("<|call|>")});
  EXPECT_THAT(vocabulary.end_of_generation, ElementsAre(257, 258));
}

TEST(HuggingFace, AddedTokensOfTheSmallFiles) {
  HuggingFaceFiles files = files_with(small_json());
  files.added_tokens = R"({"<x>": 260, "<y>": 261, "<z>": 262})";
  files.special_tokens_map = R"({"additional_special_tokens": ["<x>", {"content": "<q>"}]})";
  files.tokenizer_config = R"({"added_tokens_decoder": {"262": {"content": "<z>", "special": true, "lstrip": true}}})";
  const Vocabulary vocabulary = build_vocabulary(files, 300).value();
  EXPECT_EQ(vocabulary.tokens[259], (Token{"[PAD259]", 0, TokenType::kUnused}));
  EXPECT_EQ(vocabulary.tokens[260], (Token{"<x>", 0, TokenType::kControl}));
  EXPECT_EQ(vocabulary.tokens[261], (Token{"<y>", 0, TokenType::kUserDefined}));
  EXPECT_EQ(vocabulary.tokens[262], (Token{"<z>", 0, TokenType::kControl, true, false}));
  EXPECT_EQ(vocabulary.tokens.size(), 300u);
}

TEST(HuggingFace, BosFromTheConfigElseFromThePostProcessor) {
  Json json = small_json();
  const Json special = {{"SpecialToken", {{"id", "<|endoftext|>"}, {"type_id", 0}}}};
  const Json sequence = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
  json["post_processor"] = {
      {"type", "Sequence"},
      {"processors", {{{"type", "ByteLevel"}}, {{"type", "TemplateProcessing"}, {"single", {special, sequence}}}}}};
  HuggingFaceFiles files = files_with(json);
  EXPECT_TRUE(build_vocabulary(files, 0)->add_bos);
  EXPECT_EQ(build_vocabulary(files, 0)->bos, 257);
  files.tokenizer_config = R"({"add_bos_token": false})";
  EXPECT_FALSE(build_vocabulary(files, 0)->add_bos);
  files.tokenizer_config = R"({"bos_token": "<tool>"})";
  EXPECT_THAT(message_of([&] { (void)build_vocabulary(files, 0); }, ErrorCode::kUnsupported),
              HasSubstr("<|endoftext|>"));
  json["post_processor"] = {{"type", "TemplateProcessing"}, {"single", {sequence, special}}};
  EXPECT_TRUE(load(json).add_eos);
  EXPECT_FALSE(load(json).add_bos);
  files = files_with(small_json());
  files.tokenizer_config = R"({"add_bos_token": true})";
  EXPECT_THAT(message_of([&] { (void)build_vocabulary(files, 0); }, ErrorCode::kBadFile), HasSubstr("add_bos_token"));
}

TEST(HuggingFace, ChatTemplatesFromEveryPlace) {
  HuggingFaceFiles files = files_with(small_json());
  files.tokenizer_config = R"({"chat_template": "one"})";
  files.chat_template_json = R"({"chat_template": "three"})";
  EXPECT_EQ(build_vocabulary(files, 0)->chat_template, "one");
  files.chat_template_jinja = "two";
  files.additional_chat_templates = {{"rag", "r"}};
  EXPECT_EQ(build_vocabulary(files, 0)->chat_template, "two");
  EXPECT_THAT(build_vocabulary(files, 0)->named_chat_templates, ElementsAre(testing::Pair("rag", "r")));
  files = files_with(small_json());
  files.chat_template_json =
      R"({"chat_template": [{"name": "default", "template": "d"}, {"name": "tool_use", "template": "t"}]})";
  EXPECT_EQ(build_vocabulary(files, 0)->chat_template, "d");
  EXPECT_THAT(build_vocabulary(files, 0)->named_chat_templates, ElementsAre(testing::Pair("tool_use", "t")));
}

TEST(HuggingFace, FoldersOnDisk) {
  const test::ScratchDir scratch;
  EXPECT_EQ(load_huggingface(scratch.path(), 0), std::nullopt);
  test::write_file(scratch / "vocab.json", "{}");
  EXPECT_THAT(message_of([&] { (void)load_huggingface(scratch.path(), 0); }, ErrorCode::kUnsupported),
              HasSubstr("vocab.json"));
  test::write_file(scratch / "tokenizer.json", small_json().dump());
  test::write_file(scratch / "chat_template.jinja", "main");
  std::filesystem::create_directory(scratch / "additional_chat_templates");
  test::write_file(scratch / "additional_chat_templates" / "tool_use.jinja", "tools");
  test::write_file(scratch / "additional_chat_templates" / "notes.txt", "no template");
  const Vocabulary vocabulary = load_huggingface(scratch.path(), 0).value();
  EXPECT_EQ(vocabulary.chat_template, "main");
  EXPECT_THAT(vocabulary.named_chat_templates, ElementsAre(testing::Pair("tool_use", "tools")));
}

// --- what is refused ---

struct Change {
  const char* path;  // JSON pointer
  const char* value;
  const char* message;
};

TEST(HuggingFace, UnsupportedPartsAreNamed) {
  for (
      const Change& change : {
          Change{"/model/type", R"("Unigram")", "Unigram"},
          Change{"/model/dropout", "0.1", "dropout"},
          Change{"/model/end_of_word_suffix", R"("</w>")", "end_of_word_suffix"},
          Change{"/model/continuing_subword_prefix", R"("##")", "continuing_subword_prefix"},
          Change{"/normalizer", R"({"type": "NFC"})", "NFC"},
          Change{"/normalizer", R"({"type": "Sequence", "normalizers": [{"type": "Lowercase"}]})", "Lowercase"},
          Change{"/pre_tokenizer", R"({"type": "Whitespace"})", "Whitespace"},
          Change{"/pre_tokenizer", R"({"type": "Metaspace"})", "Metaspace"},
          Change{"/pre_tokenizer", "null", "ByteLevel"},
          Change{
              "/pre_tokenizer",
              R"({"type": "Sequence", "pretokenizers": [{"type": "ByteLevel", "add_prefix_space": false}, {"type": "Digits"}]})",
              "Digits"},
          Change{
              "/pre_tokenizer",
              R"({"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"String": " "}, "behavior": "Isolated"}]})",
              "pattern"},
          Change{
              "/pre_tokenizer",
              R"({"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "a"}, "behavior": "MergedWithNext"}]})",
              "MergedWithNext"},
          Change{
              "/pre_tokenizer",
              R"({"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "a"}, "behavior": "Removed", "invert": true}]})",
              "Removed"},
          Change{"/post_processor", R"({"type": "BertProcessing"})", "BertProcessing"},
          Change{"/decoder", R"({"type": "WordPiece"})", "WordPiece"},
          Change{"/added_tokens/0/single_word", "true", "single_word"},
      }) {
    Json json = small_json();
    json[Json::json_pointer(change.path)] = Json::parse(change.value);
    EXPECT_THAT(message_of([&] { (void)load(json); }, ErrorCode::kUnsupported), HasSubstr(change.message))
        << change.path;
  }
}

TEST(HuggingFace, MalformedPartsAreNamed) {
  for (const Change& change : {
           Change{"/model", "7", "model"},
           Change{"/model/vocab", "[]", "model.vocab"},
           Change{"/model/vocab/a", "-1", "'a'"},
           Change{"/model/vocab/a", "1.5", "'a'"},
           Change{"/model/vocab/a", R"("x")", "'a'"},
           Change{"/model/vocab/a", "98", "id 98"},  // b has it
           Change{"/model/vocab/a", "4000000000", "4000000000"},
           Change{"/model/merges", "{}", "model.merges"},
           Change{"/added_tokens", "{}", "added_tokens"},
           Change{"/added_tokens/0/id", "99999999999", "99999999999"},
           Change{"/added_tokens/0/id", "-5", "-5"},
           Change{"/added_tokens/0/content", "null", "content"},
           Change{"/pre_tokenizer", "{}", "pre_tokenizer"},
           Change{"/pre_tokenizer", R"({"type": "Sequence"})", "pretokenizers"},
           Change{"/post_processor", R"({"type": "TemplateProcessing"})", "single"},
       }) {
    Json json = small_json();
    json[Json::json_pointer(change.path)] = Json::parse(change.value);
    EXPECT_THAT(message_of([&] { (void)load(json); }, ErrorCode::kBadFile), HasSubstr(change.message)) << change.path;
  }
}

TEST(HuggingFace, HostileJsonIsRefusedQuickly) {
  const auto message = [](std::string text) {
    HuggingFaceFiles files;
    files.folder = "folder";
    files.tokenizer_json = std::move(text);
    return message_of([&] { (void)build_vocabulary(files, 0); }, ErrorCode::kBadFile);
  };
  EXPECT_THAT(message("{"), HasSubstr("folder/tokenizer.json"));
  EXPECT_THAT(message("[]"), HasSubstr("object"));
  EXPECT_THAT(message(std::string(100'000, '[')), HasSubstr("deeper"));
  EXPECT_THAT(message(R"({"a": 1, "a": 2})"), HasSubstr("twice"));
  EXPECT_THAT(message(R"({"model": {"vocab": {}, "vocab": {}}})"), HasSubstr("twice"));
  EXPECT_THAT(message("{\"\xFF\": 1}"), HasSubstr("JSON"));
  std::string many_keys = "{";
  for (int i = 0; i < 200'000; ++i) many_keys += fmt::format("\"{}\":1,", i);
  EXPECT_THAT(message(many_keys + "\"z\":1}"), HasSubstr("keys"));
  std::string many_values = "{\"a\": [";
  for (int i = 0; i < 1'100'000; ++i) many_values += "1,";
  EXPECT_THAT(message(many_values + "1]}"), HasSubstr("values"));
}

TEST(HuggingFace, HostileSmallFilesAreRefused) {
  const auto message = [](auto member, const char* text) {
    HuggingFaceFiles files = files_with(small_json());
    files.*member = text;
    return message_of([&] { (void)build_vocabulary(files, 0); }, ErrorCode::kBadFile);
  };
  EXPECT_THAT(message(&HuggingFaceFiles::added_tokens, R"({"x": 2000000})"), HasSubstr("added_tokens.json"));
  EXPECT_THAT(message(&HuggingFaceFiles::added_tokens, R"({"x": "y"})"), HasSubstr("added_tokens.json"));
  EXPECT_THAT(message(&HuggingFaceFiles::tokenizer_config, R"({"added_tokens_decoder": {"1e3": {}}})"),
              HasSubstr("'1e3'"));
  EXPECT_THAT(message(&HuggingFaceFiles::tokenizer_config, R"({"added_tokens_decoder": {"5": {}}})"),
              HasSubstr("content"));
  EXPECT_THAT(message(&HuggingFaceFiles::tokenizer_config, R"({"added_tokens_decoder": []})"),
              HasSubstr("added_tokens_decoder"));
  EXPECT_THAT(message(&HuggingFaceFiles::tokenizer_config, R"({"bos_token": 7})"), HasSubstr("bos_token"));
  EXPECT_THAT(message(&HuggingFaceFiles::tokenizer_config, R"({"chat_template": [7]})"), HasSubstr("name"));
  EXPECT_THAT(message(&HuggingFaceFiles::config, R"({"eos_token_id": 7000})"), HasSubstr("config.json"));
  EXPECT_THAT(message(&HuggingFaceFiles::generation_config, R"({"eos_token_id": [1, "x"]})"),
              HasSubstr("generation_config.json"));
  EXPECT_THAT(message(&HuggingFaceFiles::generation_config, "7"), HasSubstr("object"));
}

// --- tokenizer.model ---

/// A protobuf field with a length.
std::string field(int number, const std::string& bytes) {
  std::string out(1, static_cast<char>(number << 3 | 2));
  for (size_t size = bytes.size();; size >>= 7) {
    out.push_back(static_cast<char>((size & 0x7F) | (size > 0x7F ? 0x80 : 0)));
    if (size <= 0x7F) break;
  }
  return out + bytes;
}
std::string number_field(int number, char value) { return {static_cast<char>(number << 3), value}; }
std::string piece(const std::string& text, char type, const std::string& score = std::string(4, '\0')) {
  return field(1, field(1, text) + "\x15" + score + number_field(3, type));
}
const std::string kBpeSpec = field(2, number_field(3, 2));
const std::string kIdentity = field(3, number_field(4, 0));

TEST(SentencePieceModel, UnsupportedAndMalformedModelsAreNamed) {
  const auto message = [](const std::string& bytes, ErrorCode code) {
    HuggingFaceFiles files;
    files.folder = "folder";
    files.tokenizer_model = bytes;
    files.tokenizer_config = R"({"add_bos_token": false})";
    return message_of([&] { (void)build_vocabulary(files, 0); }, code);
  };
  const std::string pieces = piece("<unk>", 2) + piece("<s>", 3) + piece("</s>", 3) + piece("a", 1);
  EXPECT_EQ(message(pieces + kBpeSpec + kIdentity, ErrorCode::kInternal), "");
  EXPECT_THAT(message("", ErrorCode::kBadFile), HasSubstr("without pieces"));
  EXPECT_THAT(message("garbage", ErrorCode::kBadFile), HasSubstr("folder/tokenizer.model"));
  EXPECT_THAT(message((pieces + kBpeSpec).substr(0, 20), ErrorCode::kBadFile), HasSubstr("not a SentencePiece model"));
  EXPECT_THAT(message(pieces + kIdentity, ErrorCode::kUnsupported), HasSubstr("type 1"));
  EXPECT_THAT(message(pieces + kBpeSpec, ErrorCode::kUnsupported), HasSubstr("remove_extra_whitespaces"));
  EXPECT_THAT(message(pieces + kBpeSpec + field(3, number_field(4, 0) + field(2, "map")), ErrorCode::kUnsupported),
              HasSubstr("charsmap"));
  EXPECT_THAT(message(piece("a", 9) + kBpeSpec + kIdentity, ErrorCode::kBadFile), HasSubstr("type 9"));
  EXPECT_THAT(message(piece("<0x+1>", 6) + kBpeSpec + kIdentity, ErrorCode::kBadFile), HasSubstr("<0x+1>"));
  EXPECT_THAT(message(piece("a", 1, std::string("\0\0\xC0\x7F", 4)) + kBpeSpec + kIdentity, ErrorCode::kBadFile),
              HasSubstr("finite"));
  EXPECT_THAT(message(piece("a", 1) + kBpeSpec + kIdentity, ErrorCode::kBadFile), HasSubstr("bos_id"));
}

}  // namespace
}  // namespace aurea::tokenizers
