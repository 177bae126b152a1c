// Loading a vocabulary from the files of a Hugging Face folder.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/test_support.h"
#include "tokenizers/huggingface_test_support.h"
#include "tokenizers/pre_tokenizer.h"
#include "tokenizers/tokenizer.h"

namespace aurea::tokenizers {
namespace {

using Ids = std::vector<TokenId>;
using testing::ElementsAre;
using testing::HasSubstr;
using namespace test_data;

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
  Json json = small_sentencepiece_json();
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
  json["added_tokens"].push_back(Json::parse(R"({"id": 259, "content": "  ", "normalized": true})"));
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
  json["post_processor"] = Json::parse(R"({"type": "Sequence", "processors": [{"type": "ByteLevel"},
      {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<|endoftext|>", "type_id": 0}},
                                                {"Sequence": {"id": "A", "type_id": 0}}]}]})");
  HuggingFaceFiles files = files_with(json);
  EXPECT_TRUE(build_vocabulary(files, 0)->add_bos);
  EXPECT_EQ(build_vocabulary(files, 0)->bos, 257);
  files.tokenizer_config = R"({"add_bos_token": false})";
  EXPECT_FALSE(build_vocabulary(files, 0)->add_bos);
  files.tokenizer_config = R"({"bos_token": "<tool>"})";
  EXPECT_THAT(message_of([&] { (void)build_vocabulary(files, 0); }, ErrorCode::kUnsupported),
              HasSubstr("<|endoftext|>"));
  json["post_processor"] = json["post_processor"]["processors"][1];
  Json& single = json["post_processor"]["single"];
  std::swap(single[0], single[1]);
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

}  // namespace
}  // namespace aurea::tokenizers
