// What loading a Hugging Face folder refuses: parts that are not understood, malformed and hostile files.
#include <gmock/gmock.h>

#include "tokenizers/huggingface_test_support.h"

namespace aurea::tokenizers {
namespace {

using testing::HasSubstr;
using namespace test_data;

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

TEST(HuggingFace, NormalizedAddedTokensAreRefusedWhereANormalizerIs) {
  const auto added = [](const char* normalized) {
    return Json::parse(fmt::format(R"([{{"id": 264, "content": "<u>", "normalized": {}}}])", normalized));
  };
  Json json = small_sentencepiece_json();
  json["added_tokens"] = added("false");
  EXPECT_EQ(load(json).tokens[264].text, "<u>");
  json["added_tokens"] = added("true");
  const std::string message = message_of([&] { (void)load(json); }, ErrorCode::kUnsupported);
  EXPECT_THAT(message, HasSubstr("folder/tokenizer.json: added token '<u>': normalized"));
  HuggingFaceFiles files = files_with(small_sentencepiece_json());
  files.tokenizer_config = R"({"added_tokens_decoder": {"264": {"content": "<u>", "normalized": true}}})";
  EXPECT_THAT(message_of([&] { (void)build_vocabulary(files, 0); }, ErrorCode::kUnsupported),
              HasSubstr("folder/tokenizer_config.json: added token '<u>': normalized"));
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
  // Looking every key up among those before it would take the time of the test: 12 MB of objects with 10,000 keys each.
  std::string object = "{", many_keys = "[";
  for (int i = 0; i < 10'000; ++i) object += fmt::format("\"{}\":1,", 10'000'000 + i);
  for (int i = 0; i < 100; ++i) many_keys += object + "\"z\":1},";
  EXPECT_THAT(message("{\"a\":" + many_keys + "1]}"), HasSubstr("model: expected an object"));
  EXPECT_THAT(message("{\"a\":" + many_keys + object + "\"10000007\":1}]}"), HasSubstr("'10000007' appears twice"));
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

}  // namespace
}  // namespace aurea::tokenizers
