// A vocabulary in GGUF metadata: what is written, what is read back, what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/error.h"
#include "tests/support/test_support.h"
#include "tokenizers/test_vocabularies.h"
#include "tokenizers/tokenizer.h"

namespace aurea::tokenizers {
namespace {

using formats::GgufMetadata;
using formats::GgufType;
using formats::GgufValue;
using testing::ElementsAre;
using testing::HasSubstr;

GgufMetadata stored(const Vocabulary& vocabulary) {
  GgufMetadata metadata;
  store_gguf(vocabulary, metadata);
  return metadata;
}

std::vector<std::string> keys_of(const GgufMetadata& metadata) {
  std::vector<std::string> keys;
  for (const auto& entry : metadata.entries()) keys.push_back(entry.key);
  return keys;
}

TEST(GgufVocabulary, TheDemonstrationModelComesBackTheSame) {
  const Vocabulary vocabulary = load_huggingface(test::demo_model_dir(), 4096).value();
  const GgufMetadata metadata = stored(vocabulary);
  EXPECT_EQ(load_gguf(metadata).value(), vocabulary);
  EXPECT_THAT(
      keys_of(metadata),
      ElementsAre("tokenizer.ggml.model", "tokenizer.ggml.pre", "tokenizer.ggml.tokens", "tokenizer.ggml.scores",
                  "tokenizer.ggml.token_type", "tokenizer.ggml.bos_token_id", "tokenizer.ggml.eos_token_id",
                  "tokenizer.ggml.unknown_token_id", "tokenizer.ggml.padding_token_id", "tokenizer.ggml.add_bos_token",
                  "tokenizer.ggml.add_eos_token", "tokenizer.chat_template", "aurea.tokenizer.lstrip_ids",
                  "aurea.tokenizer.rstrip_ids", "aurea.tokenizer.eog_ids"));
  EXPECT_EQ(metadata.required_string("tokenizer.ggml.model"), "llama");
  EXPECT_EQ(metadata.required_string("tokenizer.ggml.pre"), "default");
  EXPECT_EQ(metadata.find("tokenizer.ggml.bos_token_id")->type, GgufType::kUint32);
  EXPECT_EQ(metadata.find("tokenizer.ggml.add_bos_token")->type, GgufType::kBool);
  EXPECT_EQ(std::get<formats::GgufArray>(metadata.find("tokenizer.ggml.token_type")->data).element_type,
            GgufType::kInt32);
  EXPECT_EQ(std::get<formats::GgufArray>(metadata.find("tokenizer.ggml.scores")->data).element_type,
            GgufType::kFloat32);
}

TEST(GgufVocabulary, ByteLevelComesBackTheSame) {
  Vocabulary vocabulary = test_data::byte_level(
      "llama-bpe", {"t h", "th e"}, {test_data::control("<|begin|>"), test_data::user_defined("<u>", true, true)});
  vocabulary.ignore_merges = true;
  vocabulary.bos = 258;
  vocabulary.add_bos = true;
  vocabulary.add_space_prefix = true;
  vocabulary.chat_template = "main";
  vocabulary.named_chat_templates = {{"rag", "r"}, {"tool_use", "t"}};
  const GgufMetadata metadata = stored(vocabulary);
  EXPECT_EQ(load_gguf(metadata).value(), vocabulary);
  EXPECT_EQ(metadata.required_string("tokenizer.ggml.model"), "gpt2");
  EXPECT_FALSE(metadata.contains("tokenizer.ggml.scores"));
  EXPECT_FALSE(metadata.contains("tokenizer.ggml.eos_token_id"));
  EXPECT_EQ(metadata.required_string("tokenizer.chat_template.tool_use"), "t");
  EXPECT_THAT(*metadata.optional_strings("tokenizer.chat_templates"), ElementsAre("rag", "tool_use"));
}

TEST(GgufVocabulary, TemplateNamesAreMadeSafe) {
  Vocabulary vocabulary = test_data::byte_level("gpt-2");
  vocabulary.named_chat_templates = {{"a.b/c d", "x"}};
  EXPECT_EQ(stored(vocabulary).required_string("tokenizer.chat_template.a_b_c_d"), "x");
}

TEST(GgufVocabulary, NoTokenizerIsNoError) {
  GgufMetadata metadata;
  EXPECT_EQ(load_gguf(metadata), std::nullopt);
  for (const char* name : {"no_vocab", "none"}) {
    metadata.set("tokenizer.ggml.model", GgufValue::string(name));
    EXPECT_EQ(load_gguf(metadata), std::nullopt);
  }
}

TEST(GgufVocabulary, DefaultsOfMissingKeys) {
  GgufMetadata metadata = stored(test_data::sentencepiece({"a"}));
  for (const char* key :
       {"bos_token_id", "eos_token_id", "unknown_token_id", "add_bos_token", "add_eos_token", "pre"}) {
    metadata.erase(std::string("tokenizer.ggml.") + key);
  }
  const Vocabulary llama = load_gguf(metadata).value();
  EXPECT_EQ(llama.bos, 1);
  EXPECT_EQ(llama.eos, 2);
  EXPECT_EQ(llama.unk, 0);
  EXPECT_TRUE(llama.add_bos);
  EXPECT_TRUE(llama.add_space_prefix);

  metadata = stored(test_data::byte_level("gpt-4o"));
  for (const char* key : {"add_bos_token", "token_type"}) metadata.erase(std::string("tokenizer.ggml.") + key);
  const Vocabulary gpt = load_gguf(metadata).value();
  EXPECT_EQ(gpt.bos, std::nullopt);
  EXPECT_EQ(gpt.eos, std::nullopt);
  EXPECT_FALSE(gpt.add_bos);
  EXPECT_FALSE(gpt.add_space_prefix);
  metadata.set("tokenizer.ggml.pre", GgufValue::string("llama-bpe"));
  EXPECT_TRUE(load_gguf(metadata)->add_bos);
  EXPECT_TRUE(load_gguf(metadata)->ignore_merges);
  // llama.cpp takes an empty name for a missing one.
  metadata.set("tokenizer.ggml.pre", GgufValue::string(""));
  EXPECT_EQ(load_gguf(metadata)->pre, "default");
  metadata.erase("tokenizer.ggml.pre");
  EXPECT_EQ(load_gguf(metadata)->pre, "default");
  metadata.set("tokenizer.ggml.pre", GgufValue::string("unheard-of"));
  EXPECT_THROW((void)Tokenizer::create(load_gguf(metadata).value()), Error);
}

TEST(GgufVocabulary, StripFlagsThatWereLostFollowFromPhi3sLayout) {
  const auto added = {test_data::control("<|endoftext|>"), test_data::control("<|assistant|>"),
                      test_data::control("<|end|>"), test_data::user_defined("<|tool|>")};
  const Vocabulary vocabulary = test_data::sentencepiece({"a"}, added);
  const auto rstrip_of = [](const Vocabulary& loaded) {
    std::vector<std::string> texts;
    for (const Token& token : loaded.tokens) {
      if (token.rstrip) texts.push_back(token.text);
    }
    return texts;
  };
  GgufMetadata metadata = stored(vocabulary);
  EXPECT_THAT(rstrip_of(load_gguf(metadata).value()), ElementsAre());  // the keys are there, and empty
  metadata.erase("aurea.tokenizer.lstrip_ids");
  metadata.erase("aurea.tokenizer.rstrip_ids");
  metadata.erase("aurea.tokenizer.eog_ids");
  const Vocabulary loaded = load_gguf(metadata).value();
  EXPECT_THAT(rstrip_of(loaded), ElementsAre("<|assistant|>", "<|end|>"));
  EXPECT_THAT(loaded.end_of_generation, ElementsAre(2, 260, 261, 262));

  // Another kind, or another layout, has none.
  metadata = stored(test_data::byte_level("gpt-4o", {}, added));
  EXPECT_FALSE(metadata.contains("aurea.tokenizer.rstrip_ids"));
  EXPECT_THAT(rstrip_of(load_gguf(metadata).value()), ElementsAre());
}

TEST(GgufVocabulary, EndOfGenerationFromEveryKey) {
  GgufMetadata metadata = stored(test_data::byte_level("gpt-2"));
  metadata.set("tokenizer.ggml.eos_token_id", GgufValue::u32(9));
  metadata.set("tokenizer.ggml.eot_token_id", GgufValue::u32(8));
  metadata.set("tokenizer.ggml.eom_token_id", GgufValue::u32(7));
  metadata.set("aurea.tokenizer.eog_ids", GgufValue::i32s({6, 9}));
  EXPECT_THAT(load_gguf(metadata)->end_of_generation, ElementsAre(6, 7, 8, 9));
}

struct Change {
  const char* key;
  GgufValue value;
  const char* message;
};

void expect_refused(const Vocabulary& vocabulary, const Change& change, ErrorCode code) {
  GgufMetadata metadata = stored(vocabulary);
  metadata.set(change.key, change.value);
  try {
    (void)load_gguf(metadata);
    ADD_FAILURE() << change.key << " was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(change.key));
    EXPECT_THAT(error.what(), HasSubstr(change.message));
  }
}

TEST(GgufVocabulary, MalformedKeysAreNamed) {
  const Vocabulary vocabulary = test_data::sentencepiece({"a", "b"});  // 261 tokens
  std::vector<int64_t> types(261, 1), negative = types;
  negative[5] = -1;
  std::vector<int64_t> too_large = types;
  too_large[5] = 7;
  std::vector<int64_t> byte_type = types;
  byte_type[0] = 6;
  std::vector<float> infinite(261, 0.0f);
  infinite[7] = std::numeric_limits<float>::infinity();
  for (const Change& change : {
           Change{"tokenizer.ggml.tokens", GgufValue::i32s({1, 2}), "strings"},
           Change{"tokenizer.ggml.tokens", GgufValue::strings({}), "none"},
           Change{"tokenizer.ggml.tokens", GgufValue::string("a"), "strings"},
           Change{"tokenizer.ggml.scores", GgufValue::f32s(std::vector<float>(260)), "261"},
           Change{"tokenizer.ggml.scores", GgufValue::strings(std::vector<std::string>(261)), "f32"},
           Change{"tokenizer.ggml.scores", GgufValue::f32s(infinite), "token 7"},
           Change{"tokenizer.ggml.token_type", GgufValue::i32s(std::vector<int64_t>(3)), "261"},
           Change{"tokenizer.ggml.token_type", GgufValue::strings(std::vector<std::string>(261)), "array"},
           Change{"tokenizer.ggml.token_type", GgufValue::i32s(negative), "token 5"},
           Change{"tokenizer.ggml.token_type", GgufValue::i32s(too_large), "type 7"},
           Change{"tokenizer.ggml.bos_token_id", GgufValue::u32(261), "261"},
           Change{"tokenizer.ggml.eos_token_id", GgufValue::string("</s>"), "integer"},
           Change{"tokenizer.ggml.padding_token_id", GgufValue::i32(-2), "-2"},
           Change{"tokenizer.ggml.add_bos_token", GgufValue::u32(1), "bool"},
           Change{"tokenizer.chat_template", GgufValue::u32(1), "string"},
           Change{"tokenizer.chat_template.x", GgufValue::u32(1), "string"},
           Change{"aurea.tokenizer.rstrip_ids", GgufValue::i32s({-1}), "outside"},
           Change{"aurea.tokenizer.lstrip_ids", GgufValue::i32s({261}), "outside"},
           Change{"aurea.tokenizer.eog_ids", GgufValue::i32s({5000}), "outside"},
       }) {
    expect_refused(vocabulary, change, ErrorCode::kBadFile);
  }
  expect_refused(vocabulary, {"tokenizer.ggml.model", GgufValue::string("bert"), "bert"}, ErrorCode::kUnsupported);
  for (const char* key : {"tokenizer.ggml.tokens", "tokenizer.ggml.scores", "tokenizer.ggml.token_type"}) {
    GgufMetadata metadata = stored(vocabulary);
    metadata.erase(key);
    EXPECT_THROW((void)load_gguf(metadata), Error) << key;
  }
  GgufMetadata no_merges = stored(test_data::byte_level("gpt-2"));
  no_merges.erase("tokenizer.ggml.merges");
  EXPECT_THROW((void)load_gguf(no_merges), Error);
}

TEST(GgufVocabulary, ByteTokensAreReadStrictly) {
  for (const char* text : {"<0x-1>", "<0x+1>", "<0x 1>", "<0x1>", "<0x001>", "<0xGG>", "<0X01>", "0x01", ""}) {
    EXPECT_EQ(parse_byte_token(text), std::nullopt) << text;
    Vocabulary vocabulary = test_data::sentencepiece({"a"});
    vocabulary.tokens[10].text = text;
    EXPECT_THROW((void)load_gguf(stored(vocabulary)), Error) << text;
  }
  EXPECT_EQ(parse_byte_token("<0xaF>"), 0xAF);
}

TEST(GgufVocabulary, NoneIsMinusOneAndOddMergesTakeNoPart) {
  GgufMetadata metadata = stored(test_data::byte_level("gpt-2", {"a b"}));
  metadata.set("tokenizer.ggml.padding_token_id", GgufValue::u32(0xFFFFFFFF));
  metadata.set("tokenizer.ggml.bos_token_id", GgufValue::i32(-1));
  metadata.set("tokenizer.ggml.merges",
               GgufValue::strings({"#version:", "a", "", " ", "  ", " b", "b ", "a b", "\xFF \xFF"}));
  const Vocabulary vocabulary = load_gguf(metadata).value();
  EXPECT_EQ(vocabulary.pad, std::nullopt);
  EXPECT_EQ(vocabulary.bos, std::nullopt);
  EXPECT_EQ(Tokenizer::create(vocabulary)->encode("ab", {}), std::vector<TokenId>{256});
}

}  // namespace
}  // namespace aurea::tokenizers
