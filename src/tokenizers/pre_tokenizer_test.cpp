// The pre-tokenizers' expressions: what they cut, names, and what a foreign expression may cost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "tokenizers/pre_tokenizer.h"
#include "tokenizers/test_vocabularies.h"

namespace aurea::tokenizers {
namespace {

using testing::ElementsAre;
using Pieces = std::vector<std::string_view>;

constexpr const char* kCl100k =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kCl100kOfLlamaCpp =
    R"((?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kO200k =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kGpt2 = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

Pieces split(const std::string& pre, std::string_view text) {
  return PreTokenizer(test_data::byte_level(pre)).split(text);
}

Pieces split_with(const char* expression, bool linear, std::string_view text) {
  return SplitExpression(expression, linear).split(Pieces{text});
}

TEST(PreTokenizer, CutsAsEachNameSays) {
  const std::string_view text = "I'll DON'T  see 1234567 x\u0301Y\u0416\u0436 !?\r\n/\n \n  end ";
  EXPECT_THAT(split("gpt-2", text), ElementsAre("I", "'ll", " DON", "'", "T", " ", " see", " 1234567", " x", "\u0301",
                                                "Y\u0416\u0436", " !?", "\r", "\n", "/", "\n \n ", " end", " "));
  EXPECT_THAT(split("dbrx", text), ElementsAre("I", "'ll", " DON", "'T", " ", " see", " ", "123", "456", "7", " x",
                                               "\u0301Y\u0416\u0436", " !?\r\n", "/\n", " \n", " ", " end", " "));
  EXPECT_THAT(split("gpt-4o", text), ElementsAre("I'll", " DON'T", " ", " see", " ", "123", "456", "7", " x\u0301",
                                                 "Y\u0416\u0436", " !?\r\n/\n", " \n", " ", " end", " "));
  EXPECT_THAT(split("default", "a+b, 12345 c  d"), ElementsAre("a", "+", "b", ",", " ", "123", "45", " c", " ", " d"));
}

TEST(PreTokenizer, NamesFollowFromTheExpressions) {
  const auto name_of = [](std::vector<std::string> expressions, bool ignore_merges, bool runs) {
    return name_pre_tokenizer(expressions, ignore_merges, runs).value_or("none");
  };
  EXPECT_EQ(name_of({kGpt2}, false, false), "gpt-2");
  EXPECT_EQ(name_of({kGpt2}, false, true), "phi-2");
  EXPECT_EQ(name_of({kO200k}, false, false), "gpt-4o");
  for (const char* spelling : {kCl100k, kCl100kOfLlamaCpp}) {
    EXPECT_EQ(name_of({spelling}, false, false), "dbrx");
    EXPECT_EQ(name_of({spelling}, true, false), "llama-bpe");
  }
  EXPECT_EQ(name_of({kO200k}, true, false), "none");
  EXPECT_EQ(name_of({R"(\p{N}{1,3})"}, false, false), "none");
  EXPECT_EQ(name_of({kGpt2, kGpt2}, false, false), "none");
  EXPECT_EQ(name_of({}, false, false), "none");
}

TEST(PreTokenizer, SpellingsOfOneNameCutAlikeAndJoinToTheText) {
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    const std::string text = test_data::random_text(random, 1 + random() % 60);
    const Pieces expected = split_with(kCl100k, true, text);
    ASSERT_EQ(split_with(kCl100kOfLlamaCpp, true, text), expected) << text;
    // Limits and interpretation change nothing.
    ASSERT_EQ(split_with(kCl100k, false, text), expected) << text;
    ASSERT_EQ(split_with(kO200k, false, text), split("gpt-4o", text)) << text;
    for (const char* name : {"gpt-2", "dbrx", "gpt-4o", "default"}) {
      std::string joined;
      for (const std::string_view piece : split(name, text)) joined += piece;
      ASSERT_EQ(joined, text) << name;
    }
  }
}

TEST(PreTokenizer, WhiteSpaceIsUnicodes) {
  // U+0085 is white space; U+180E and U+FEFF are not.
  EXPECT_THAT(split_with(R"(\s+)", true, "a\xC2\x85 b\u180Ec\uFEFF"), ElementsAre("a", "\xC2\x85 ", "b\u180Ec\uFEFF"));
  EXPECT_THAT(split_with(R"([^\S]+|\\s)", false, "a \\s"), ElementsAre("a", " ", "\\s"));
}

TEST(PreTokenizer, AForeignExpressionSeesAsFarAsItNeeds) {
  // Each of these has to know what comes thousands of bytes on.
  for (const size_t run : {1020u, 1023u, 1024u, 1025u, 4095u, 4096u, 5000u}) {
    const std::string spaces(run, ' '), letters(run, 'x'), wide = spaces + "\u4E2D" + letters;
    EXPECT_THAT(split_with(R"(\s+(?!\S)|x+)", false, spaces + "b" + letters).size(), testing::Eq(3u)) << run;
    EXPECT_EQ(split_with(R"(\s+\p{L}|x+\z)", false, wide), split_with(R"(\s+\p{L}|x+\z)", true, wide)) << run;
    EXPECT_THAT(split_with("(?=b)", false, letters + "b" + letters).size(), testing::Eq(2u)) << run;
    EXPECT_THAT(split_with("q*", false, letters + "qq" + letters).size(), testing::Eq(2 * run + 1)) << run;
    EXPECT_THAT(split_with("b", false, letters + letters).size(), testing::Eq(1u)) << run;
  }
}

TEST(PreTokenizer, EmptyMatchesCut) {
  EXPECT_THAT(split_with(R"((?=\d))", false, "a12"), ElementsAre("a", "1", "2"));
  EXPECT_THAT(split_with("x*", false, "axxb"), ElementsAre("a", "xx", "b"));
}

TEST(PreTokenizer, RefusesWhatItCannotUse) {
  EXPECT_THROW((void)split("no-such-name", "a"), Error);
  EXPECT_THROW(SplitExpression("(", false), Error);
  EXPECT_THROW(SplitExpression(R"(\p{NoSuchProperty})", false), Error);
  EXPECT_THROW(SplitExpression(R"(\C)", false), Error);  // would cut characters
}

TEST(PreTokenizer, RefusesWhatMeansSomethingElseToOniguruma) {
  for (const char* expression : {R"(^a)", R"(a$)", R"(\h+)", R"([\h]+)", R"(\w+)", R"(a\b)", R"([a[b]])",
                                 R"([a-z&&[b]])", R"([]^]^)", R"([^]$]$)"}) {
    try {
      const SplitExpression made(expression, false);
      ADD_FAILURE() << expression;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
      EXPECT_THAT(error.what(), testing::HasSubstr("something else")) << expression;
    }
  }
  EXPECT_THAT(split_with(R"([$^]+|\^x|\$y|[^a$])", false, "a$^b^xa$y"),
              ElementsAre("a", "$^", "b", "^", "x", "a", "$", "y"));
  EXPECT_THAT(split_with(R"([]^$]+|[^]$]|\[^|\\)", true, "a]^$"), ElementsAre("a", "]^$"));
}

TEST(PreTokenizer, AForeignExpressionHasABudget) {
  const std::string text(30'000, 'a');
  EXPECT_THROW((void)split_with("(?:a|a)*[^a]", false, text), Error);
  EXPECT_THROW((void)split_with("(?:(?:a+)+)+[^a]|a", false, text), Error);
  EXPECT_THROW((void)split_with("a*[^a]|a", false, text), Error);  // quadratic
  EXPECT_THROW((void)split_with("(?:a(?R)?)?[^a]|a", false, text), Error);
  // Sane ones get along on long runs.
  constexpr const char* kQwen =
      R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
  EXPECT_THAT(split_with(kQwen, false, text).size(), testing::Eq(1u));
  EXPECT_THAT(split_with(kQwen, false, std::string(100'000, ' ') + "a").size(), testing::Eq(2u));
  EXPECT_THAT(split_with(kQwen, false, std::string(100'000, '1')).size(), testing::Eq(100'000u));
}

TEST(PreTokenizer, KnownExpressionsTakeLongRunsWhole) {
  for (const char* name : {"gpt-2", "dbrx", "gpt-4o"}) {
    for (const char* unit : {" ", "a", "A", "\u4E2D", "!", "\n", "\u01C5", "\u0301"}) {
      std::string text;
      while (text.size() < 500'000) text += unit;
      EXPECT_LE(split(name, text).size(), 2u) << name << unit;
    }
  }
}

}  // namespace
}  // namespace aurea::tokenizers
