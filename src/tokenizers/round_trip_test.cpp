// Any bytes survive encoding and decoding, in bounded time; merging order.
#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "core/error.h"
#include "formats/gguf/gguf_file.h"
#include "tests/support/test_support.h"
#include "tokenizers/sentencepiece_bpe.h"
#include "tokenizers/test_vocabularies.h"
#include "tokenizers/tokenizer.h"

namespace aurea::tokenizers {
namespace {

using Ids = std::vector<TokenId>;

struct Named {
  std::string name;
  std::unique_ptr<Tokenizer> tokenizer;
};

/// Both kinds, each pre-tokenizer, and the golden vocabularies where they are there.
std::vector<Named> all_tokenizers() {
  std::vector<Named> list;
  const auto add = [&](const std::string& name, Vocabulary vocabulary) {
    list.push_back({name, Tokenizer::create(std::move(vocabulary))});
  };
  for (const char* pre : {"gpt-2", "phi-2", "dbrx", "llama-bpe", "gpt-4o", "default"}) {
    Vocabulary vocabulary = test_data::byte_level(pre, {"t h", "th e", "Ġ the", "Ġ Ġ", "ĠĠ ĠĠ", "Ċ Ċ"});
    vocabulary.ignore_merges = std::string_view(pre) == "llama-bpe";
    add(pre, vocabulary);
  }
  Vocabulary foreign = test_data::byte_level("", {"t h"});
  foreign.expressions = {R"(\p{L}+|\s+)", R"(\d)"};
  add("foreign", foreign);
  add("tiny sentencepiece", test_data::sentencepiece({"\u2581", "t", "h", "th", "\u2581th", "\u2581\u2581"}));
  add("demo", load_huggingface(test::demo_model_dir(), 4096).value());
  if (const auto folder = test::find_golden("tokenizers")) {
    for (const char* name : {"phi-3", "llama-spm", "gpt-2", "llama-bpe"}) {
      const auto path = *folder / (std::string("ggml-vocab-") + name + ".gguf");
      if (std::filesystem::exists(path))
        add(path.filename(), load_gguf(formats::GgufFile::open(path).metadata()).value());
    }
  }
  return list;
}

void expect_round_trip(const Named& named, const std::string& text) {
  const Ids ids = named.tokenizer->encode(text, {.add_special = false, .parse_special = false});
  ASSERT_EQ(named.tokenizer->decode(ids, true), text) << named.name;
  std::string joined;
  for (const TokenId id : ids) joined += named.tokenizer->token_bytes(id, true);
  const bool has_prefix = named.tokenizer->vocabulary().kind == TokenizerKind::kSentencePiece && !text.empty();
  ASSERT_EQ(joined, has_prefix ? " " + text : text) << named.name;
}

TEST(RoundTrip, TextsOfAllScriptsAndAnyBytes) {
  for (const Named& named : all_tokenizers()) {
    std::mt19937 random(2);
    for (int i = 0; i < 300; ++i) {
      expect_round_trip(named, test_data::random_text(random, random() % 80));
      expect_round_trip(named, test_data::random_bytes(random, random() % 80));
      expect_round_trip(named, test_data::random_text(random, 5) + test_data::random_bytes(random, 3) +
                                   test_data::random_text(random, 5));
    }
    std::string every_byte;
    for (int byte = 0; byte < 256; ++byte) every_byte.push_back(static_cast<char>(byte));
    expect_round_trip(named, every_byte);
    for (const char* text :
         {"", " ", "  ", "\n", "\xE2\x96", "\xF0\x9F\x98", "\x80 \x80", "a\xFF\xFE z",
          "e\u0301\u200D\U0001F469\u200D\U0001F467", "\xED\xA0\x80", "\xC0\x80", "\xF4\x90\x80\x80"}) {
      expect_round_trip(named, text);
    }
  }
}

TEST(RoundTrip, LongRunsOfOneKind) {
  for (const Named& named : all_tokenizers()) {
    if (named.name == "foreign") continue;  // one million matches of an interpreted expression
    for (const std::string unit :
         {"a", " ", "\n", "A", "1", "!", "\u4E2D", "\xFF", "\u0301", "aA ", " \u3000", "<", "t"}) {
      std::string text;
      const bool long_one = (unit == "a" || unit == " ") && (named.name == "demo" || named.name == "gpt-4o");
      const size_t size = long_one ? 1'000'000 : 50'000;
      while (text.size() < size) text += unit;
      expect_round_trip(named, text);
    }
  }
}

TEST(RoundTrip, SeveralThreadsAtOnce) {
  const auto tokenizer = Tokenizer::create(test_data::byte_level("gpt-4o", {"t h", "th e"}));
  std::mt19937 random(3);
  const std::string text = test_data::random_text(random, 20'000);
  const Ids expected = tokenizer->encode(text, {});
  std::vector<std::thread> threads;
  std::vector<Ids> results(4);
  for (Ids& result : results) threads.emplace_back([&] { result = tokenizer->encode(text, {}); });
  for (std::thread& thread : threads) thread.join();
  for (const Ids& result : results) EXPECT_EQ(result, expected);
}

TEST(Merging, LowestRankFirstAndLeftmostOfEqualRanks) {
  // "abab" with ab before ba; "aaa" merges its first two.
  const auto tokenizer = Tokenizer::create(test_data::byte_level("gpt-2", {"b a", "a b", "a a", "ab ab"}));
  const auto texts_of = [&](std::string_view text) {
    std::vector<std::string> texts;
    for (const TokenId id : tokenizer->encode(text, {})) texts.push_back(tokenizer->token_bytes(id));
    return texts;
  };
  using Texts = std::vector<std::string>;
  EXPECT_EQ(texts_of("abab"), (Texts{"a", "ba", "b"}));
  EXPECT_EQ(texts_of("aaa"), (Texts{"aa", "a"}));
  EXPECT_EQ(texts_of("aaaaa"), (Texts{"aa", "aa", "a"}));
}

TEST(Merging, SentencePieceByScoreOfTheResult) {
  Vocabulary vocabulary = test_data::sentencepiece({"\u2581", "a", "b", "ab", "ba", "aba", "\u2581ab"});
  const auto texts_of = [](const Vocabulary& data, std::string_view text) {
    const auto tokenizer = Tokenizer::create(data);
    std::vector<std::string> texts;
    for (const TokenId id : tokenizer->encode(text, {.add_special = false}))
      texts.push_back(tokenizer->token_bytes(id));
    return texts;
  };
  using Texts = std::vector<std::string>;
  EXPECT_EQ(texts_of(vocabulary, "ababa"), (Texts{" ab", "aba"}));  // ab twice, then aba, then \u2581ab
  vocabulary.add_space_prefix = false;
  EXPECT_EQ(texts_of(vocabulary, "abba"), (Texts{"ab", "ba"}));
  for (Token& token : vocabulary.tokens) token.score = 0;  // all equal: leftmost first
  EXPECT_EQ(texts_of(vocabulary, "ababa"), (Texts{"aba", "ba"}));
}

TEST(Merging, ATokenMayLackAPartAndTheWholeFragmentStillMerges) {
  // "xy" can be made although neither letter is a token; "a\u2581b" makes words inseparable.
  const auto tokenizer = Tokenizer::create(test_data::sentencepiece({"\u2581", "xy", "a", "b", "a\u2581", "a\u2581b"}));
  EXPECT_EQ(tokenizer->encode("xyx", {.add_special = false}), (Ids{259, 260, 3 + 'x'}));
  EXPECT_EQ(tokenizer->encode("a b", {.add_special = false}), (Ids{259, 264}));
  // Byte level: a merge whose result is no token is undone in bytes.
  Vocabulary vocabulary = test_data::byte_level("gpt-2", {"a b"});
  vocabulary.tokens.pop_back();
  EXPECT_EQ(Tokenizer::create(vocabulary)->encode("abc", {}), (Ids{'a', 'b', 'c'}));
}

TEST(Merging, IgnoreMergesTakesAWholePiece) {
  Vocabulary vocabulary = test_data::byte_level("llama-bpe", {"a b"});
  vocabulary.tokens.push_back({"abc", 0, TokenType::kNormal});  // no merge makes it
  EXPECT_EQ(Tokenizer::create(vocabulary)->encode("abc", {}), (Ids{256, 'c'}));
  vocabulary.ignore_merges = true;
  EXPECT_EQ(Tokenizer::create(vocabulary)->encode("abc", {}), (Ids{257}));
}

TEST(Merging, ByteLevelPrefixUnlessTheTextStartsWithASpace) {
  Vocabulary vocabulary = test_data::byte_level("gpt-2");
  vocabulary.add_space_prefix = true;
  const auto tokenizer = Tokenizer::create(vocabulary);
  EXPECT_EQ(tokenizer->encode("a", {}), (Ids{' ', 'a'}));
  EXPECT_EQ(tokenizer->encode(" a", {}), (Ids{' ', 'a'}));
}

TEST(Decoding, StripsOneLeadingSpaceAndHidesControlTokens) {
  const auto tokenizer = Tokenizer::create(test_data::sentencepiece(
      {"\u2581", "a", "\u2581a"}, {test_data::control("<|t|>"), test_data::user_defined("<u>")}));
  const TokenId space = 259, a = 260, space_a = 261, tag = 262, user = 263;
  EXPECT_EQ(tokenizer->decode(Ids{space, space_a, a}), " aa");
  EXPECT_EQ(tokenizer->decode(Ids{tag, space_a, tag, user, space_a}), "a<u> a");
  EXPECT_EQ(tokenizer->decode(Ids{tag, space_a}, true), "<|t|> a");
  EXPECT_EQ(tokenizer->decode(Ids{3 + 0xE2, 3 + 0x82, 3 + 0xAC}), "\u20AC");
  EXPECT_EQ(tokenizer->token_bytes(space_a), " a");
  EXPECT_EQ(tokenizer->token_bytes(tag), "");
  EXPECT_EQ(tokenizer->token_bytes(0), "");
  EXPECT_EQ(tokenizer->token_bytes(0, true), "<unk>");
  EXPECT_THROW((void)tokenizer->token_bytes(-1), Error);
  EXPECT_THROW((void)tokenizer->token_bytes(264), Error);
  EXPECT_TRUE(tokenizer->ends_generation(2));
  EXPECT_FALSE(tokenizer->ends_generation(tag));
}

TEST(Creation, RefusesVocabulariesThatCannotSpellEveryByte) {
  Vocabulary no_byte = test_data::sentencepiece({"a"});
  no_byte.tokens[3 + 0x41].type = TokenType::kUnused;
  EXPECT_THROW((void)Tokenizer::create(no_byte), Error);
  Vocabulary no_letter = test_data::byte_level("gpt-2");
  no_letter.tokens['q'].text = "qq";
  EXPECT_THROW((void)Tokenizer::create(no_letter), Error);
  const std::string piece(300, 'a');
  EXPECT_THROW((void)Tokenizer::create(test_data::sentencepiece({piece.c_str()})), Error);
}

}  // namespace
}  // namespace aurea::tokenizers
