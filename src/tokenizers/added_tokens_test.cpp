// Added tokens inside texts: longest first, control tokens only where allowed, strip flags.
#include <gtest/gtest.h>

#include "core/error.h"
#include "tokenizers/test_vocabularies.h"
#include "tokenizers/tokenizer.h"

namespace aurea::tokenizers {
namespace {

using Ids = std::vector<TokenId>;
using test_data::control;
using test_data::user_defined;

Ids bytes(std::string_view text) {
  Ids ids;
  for (const char byte : text) ids.push_back(static_cast<uint8_t>(byte));
  return ids;
}

/// Byte values, and the ids of added tokens, one after the other.
template <typename... Parts>
Ids join(const Parts&... parts) {
  Ids ids;
  const auto add = [&](const auto& part) {
    if constexpr (std::is_integral_v<std::decay_t<decltype(part)>>) {
      ids.push_back(part);
    } else {
      const Ids more = bytes(part);
      ids.insert(ids.end(), more.begin(), more.end());
    }
  };
  (add(parts), ...);
  return ids;
}

/// 256 <|a|>, 257 <|a|><|b|>, 258 <|b|> (all control), 259 "<tool>" (user-defined).
Vocabulary four_tokens() {
  return test_data::byte_level("gpt-2", {},
                               {control("<|a|>"), control("<|a|><|b|>"), control("<|b|>"), user_defined("<tool>")});
}

Ids encode(const Vocabulary& vocabulary, std::string_view text, bool parse_special) {
  return Tokenizer::create(vocabulary)->encode(text, {.add_special = false, .parse_special = parse_special});
}

TEST(AddedTokens, LongestFirstAndControlOnlyWhenAsked) {
  EXPECT_EQ(encode(four_tokens(), "x<|a|><|b|><|a|>y<|b|", true), join("x", 257, 256, "y<|b|"));
  EXPECT_EQ(encode(four_tokens(), "x<|a|><tool>y", false), join("x<|a|>", 259, "y"));
  EXPECT_EQ(encode(four_tokens(), "<<|a|>", true), join("<", 256));
}

TEST(AddedTokens, PiecesCannotInjectControlTokens) {
  const auto tokenizer = Tokenizer::create(four_tokens());
  const auto encode_pieces = [&](std::initializer_list<Tokenizer::Piece> pieces) {
    return tokenizer->encode_pieces(std::vector<Tokenizer::Piece>(pieces), false);
  };
  EXPECT_EQ(encode_pieces({{"<|a|>", true}, {"say <|b|>", false}, {"<|b|>", true}}), join(256, "say <|b|>", 258));
  // Not even in part: neither piece alone may make a token with what stands beside it.
  EXPECT_EQ(encode_pieces({{"<|a", true}, {"|>", false}}), join("<|a|>"));
  EXPECT_EQ(encode_pieces({{"<|a", false}, {"|>", true}}), join("<|a|>"));
  // The longer token reaches into the piece that allows none, the shorter does not.
  EXPECT_EQ(encode_pieces({{"<|a|>", true}, {"<|b|>", false}}), join(256, "<|b|>"));
  // Allowed pieces side by side are one text; empty pieces do not part them.
  EXPECT_EQ(encode_pieces({{"<|a|", true}, {"", false}, {"><|b|>", true}}), join(257));
  // User-defined tokens are found anywhere, across borders too.
  EXPECT_EQ(encode_pieces({{"<to", false}, {"ol>", true}}), join(259));
}

TEST(AddedTokens, PiecesGiveTheIdsOfTheJoinedText) {
  const auto folder_vocabulary =
      test_data::sentencepiece({"\u2581", "a", "\u2581a", "b", "\n"}, {control("<|t|>", true, true)});
  const auto tokenizer = Tokenizer::create(folder_vocabulary);
  const std::vector<Tokenizer::Piece> pieces = {
      {"a ", true}, {"b \n", false}, {"<|t|>", true}, {" ", true}, {"\n a", false}};
  const Ids joined = tokenizer->encode("a b \n<|t|> \n a", {.add_special = false, .parse_special = true});
  EXPECT_EQ(tokenizer->encode_pieces(pieces, false), joined);
  EXPECT_EQ(tokenizer->decode(joined, true), "a b<|t|> a");  // white space on both sides is gone; the prefix is back
}

TEST(AddedTokens, StripFlagsSwallowUnicodeWhiteSpace) {
  const Vocabulary vocabulary = test_data::byte_level(
      "gpt-2", {},
      {control("<L>", true, false), control("<R>", false, true), control("<N>"), user_defined("<B>", true, true)});
  const TokenId left = 256, right = 257, none = 258, both = 259;
  // A line separator, an ideographic space, a no-break space, U+0085; but not a zero-width space or U+180E.
  EXPECT_EQ(encode(vocabulary, "a\u2028\u3000 <L> b", true), join("a", left, " b"));
  EXPECT_EQ(encode(vocabulary, "a <R>\u00A0\xC2\x85\n\tb", true), join("a ", right, "b"));
  EXPECT_EQ(encode(vocabulary, "a \u200B<L>", true), join("a \u200B", left));
  EXPECT_EQ(encode(vocabulary, "<R>\u180E", true), join(right, "\u180E"));
  EXPECT_EQ(encode(vocabulary, "a <N> b", true), join("a ", none, " b"));
  EXPECT_EQ(encode(vocabulary, "a <B> \n<B> b", false), join("a", both, both, "b"));
  // Not beyond the token before, nor into a token's own text.
  EXPECT_EQ(encode(vocabulary, "<N>  <L>", true), join(none, left));
  // A cut character is not white space.
  EXPECT_EQ(encode(vocabulary, "\x80 <L>", true), join("\x80", left));
  EXPECT_EQ(encode(vocabulary, "a\xE3\x80<L>", true), join("a\xE3\x80", left));
  EXPECT_EQ(encode(vocabulary, "<R>\xE3\x80", true), join(right, "\xE3\x80"));
}

TEST(AddedTokens, RunsOfSpacesMatchLiterally) {
  const Vocabulary phi2 =
      test_data::byte_level("phi-2", {}, {user_defined("    "), user_defined("   "), user_defined("  ")});
  EXPECT_EQ(encode(phi2, "a     b", false), join("a", 256, " b"));
  EXPECT_EQ(encode(phi2, "      b", false), join(256, 258, "b"));
}

TEST(AddedTokens, PiecesBeyondTheLimitAreRefusedBeforeTheyAreJoined) {
  const std::string megabyte(1 << 20, 'x');
  const std::vector<Tokenizer::Piece> pieces(257, {megabyte, false});
  EXPECT_THROW((void)Tokenizer::create(four_tokens())->encode_pieces(pieces, false), Error);
}

TEST(AddedTokens, BosAndEosAsTheVocabularySaysAndNeverTwice) {
  Vocabulary vocabulary = test_data::sentencepiece({"\u2581", "a", "\u2581a"});
  vocabulary.add_bos = vocabulary.add_eos = true;
  const auto tokenizer = Tokenizer::create(vocabulary);
  EXPECT_EQ(tokenizer->encode("a", {}), (Ids{1, 261, 2}));
  EXPECT_EQ(tokenizer->encode("", {}), (Ids{1, 2}));
  EXPECT_EQ(tokenizer->encode("a", {.add_special = false}), (Ids{261}));
  EXPECT_EQ(tokenizer->encode("<s>a</s>", {.add_special = true, .parse_special = true}), (Ids{1, 261, 2}));
  vocabulary.add_bos = vocabulary.add_eos = false;
  EXPECT_EQ(Tokenizer::create(vocabulary)->encode("a", {}), (Ids{261}));
}

TEST(AddedTokens, RefusesAbsurdlyLongOnes) {
  const std::string text(2000, 'x');
  EXPECT_THROW((void)Tokenizer::create(test_data::byte_level("gpt-2", {}, {user_defined(text.c_str())})), Error);
}

TEST(AddedTokens, ManyTokensAndAlmostMatchesAreNoBurden) {
  Vocabulary vocabulary = test_data::byte_level("gpt-2");
  for (int i = 0; i < 50'000; ++i) vocabulary.tokens.push_back({fmt::format("<|{}|>", i), 0, TokenType::kControl});
  const auto tokenizer = Tokenizer::create(vocabulary);
  std::string text;
  while (text.size() < 1'000'000) text += "<|4999";
  text += "<|49999|>";
  const Ids ids = tokenizer->encode(text, {.add_special = false, .parse_special = true});
  EXPECT_EQ(ids.back(), 256 + 49999);
  EXPECT_EQ(tokenizer->decode(ids, true), text);
}

}  // namespace
}  // namespace aurea::tokenizers
