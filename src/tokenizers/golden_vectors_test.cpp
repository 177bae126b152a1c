// Token ids computed by others: llama.cpp's vectors for four vocabularies, the tokenizers library's for a small Phi-3
// tokenizer.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "core/json.h"
#include "formats/gguf/gguf_file.h"
#include "tests/support/test_support.h"
#include "tokenizers/huggingface_files.h"
#include "tokenizers/tokenizer.h"

namespace aurea::tokenizers {
namespace {

using Ids = std::vector<TokenId>;

std::unique_ptr<Tokenizer> load_golden_vocabulary(const std::filesystem::path& path) {
  const auto file = formats::GgufFile::open(path);
  return Tokenizer::create(load_gguf(file.metadata()).value());
}

/// The texts of an .inp file: each is followed by a separator.
std::vector<std::string> split_inputs(const std::string& content) {
  constexpr std::string_view kSeparator = "\n__ggml_vocab_test__\n";
  std::vector<std::string> texts;
  for (size_t at = 0; at < content.size();) {
    const size_t end = content.find(kSeparator, at);
    if (end == std::string::npos) break;
    texts.push_back(content.substr(at, end - at));
    at = end + kSeparator.size();
  }
  return texts;
}

std::vector<Ids> split_outputs(const std::string& content) {
  std::vector<Ids> lines;
  std::istringstream stream(content);
  for (std::string line; std::getline(stream, line);) {
    std::istringstream numbers(line);
    Ids ids;
    for (TokenId id; numbers >> id;) ids.push_back(id);
    lines.push_back(ids);
  }
  return lines;
}

class GoldenVectors : public testing::TestWithParam<const char*> {};

TEST_P(GoldenVectors, IdsMatchAndDecodeToTheText) {
  const auto folder = test::find_golden("tokenizers");
  const std::string name = std::string("ggml-vocab-") + GetParam() + ".gguf";
  if (!folder || !std::filesystem::exists(*folder / name)) GTEST_SKIP() << "no golden vocabulary " << name;
  const auto tokenizer = load_golden_vocabulary(*folder / name);
  const auto texts = split_inputs(test::read_file(*folder / (name + ".inp")));
  const auto expected = split_outputs(test::read_file(*folder / (name + ".out")));
  ASSERT_EQ(texts.size(), 46u);
  ASSERT_EQ(expected.size(), texts.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    const Ids ids = tokenizer->encode(texts[i], {.add_special = false, .parse_special = false});
    EXPECT_EQ(ids, expected[i]) << "text " << i << ": " << texts[i];
    EXPECT_EQ(tokenizer->decode(ids), texts[i]);
  }
}

INSTANTIATE_TEST_SUITE_P(Vocabularies, GoldenVectors, testing::Values("phi-3", "llama-spm", "gpt-2", "llama-bpe"),
                         [](const auto& parameter) {
                           std::string name = parameter.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST(GoldenPhi3, PromptIdsWithTheStripRuleThatGgufLost) {
  const auto folder = test::find_golden("tokenizers");
  if (!folder || !std::filesystem::exists(*folder / "ggml-vocab-phi-3.gguf")) GTEST_SKIP() << "no golden vocabulary";
  const auto tokenizer = load_golden_vocabulary(*folder / "ggml-vocab-phi-3.gguf");
  const std::string prompt =
      "<|system|>\nYou are a helpful assistant.<|end|>\n<|user|>\nHello<|end|>\n<|assistant|>\nHi there<|end|>\n"
      "<|user|>\nWho are you?<|end|>\n<|assistant|>\n";
  const Ids expected = {32006, 887,  526, 263,   8444,  20255, 29889, 32007, 32010, 15043, 32007,
                        32001, 6324, 727, 32007, 32010, 11644, 526,   366,   29973, 32007, 32001};
  EXPECT_EQ(tokenizer->encode(prompt, {.add_special = false, .parse_special = true}), expected);

  Vocabulary unstripped = tokenizer->vocabulary();
  for (Token& token : unstripped.tokens) token.rstrip = false;
  const Ids forty = {32006, 29871, 13,    3492,  526, 263,   8444,  20255, 29889, 32007, 29871, 13,    32010, 29871,
                     13,    10994, 32007, 29871, 13,  32001, 29871, 13,    18567, 727,   32007, 29871, 13,    32010,
                     29871, 13,    22110, 526,   366, 29973, 32007, 29871, 13,    32001, 29871, 13};
  EXPECT_EQ(Tokenizer::create(unstripped)->encode(prompt, {.add_special = false, .parse_special = true}), forty);
}

/// Holds a tokenizer against expected/tokens.json.
void check_tokens_json(const Tokenizer& tokenizer, const std::filesystem::path& folder) {
  const Json golden = read_json_file(folder / "expected" / "tokens.json", 1 << 20);
  ASSERT_GT(golden.at("texts").size(), 10u);
  for (const Json& entry : golden.at("texts")) {
    const auto text = entry.at("text").get<std::string>();
    const auto ids = tokenizer.encode(text, {.add_special = false, .parse_special = true});
    EXPECT_EQ(ids, entry.at("ids").get<Ids>()) << text;
    EXPECT_EQ(tokenizer.decode(ids, true), entry.at("decoded").get<std::string>()) << text;
  }
}

TEST(GoldenPhi3Window, IdsAndTextsFromEachFormOfTheTokenizer) {
  const auto models = test::find_golden("models");
  if (!models || !std::filesystem::exists(*models / "phi3-window")) GTEST_SKIP() << "no golden model phi3-window";
  const auto folder = *models / "phi3-window";
  const HuggingFaceFiles all = read_huggingface_files(folder);
  HuggingFaceFiles json_only = all, model_only = all;
  json_only.tokenizer_model.reset();
  model_only.tokenizer_json.reset();
  const Vocabulary vocabulary = build_vocabulary(all, 576).value();
  EXPECT_EQ(build_vocabulary(json_only, 576).value(), vocabulary);
  EXPECT_EQ(build_vocabulary(model_only, 576).value(), vocabulary);
  formats::GgufMetadata metadata;
  store_gguf(vocabulary, metadata);
  EXPECT_EQ(load_gguf(metadata).value(), vocabulary);
  check_tokens_json(*Tokenizer::create(vocabulary), folder);
}

}  // namespace
}  // namespace aurea::tokenizers
