#include "engine/speculation/prompt_lookup.h"

#include <gtest/gtest.h>

#include <random>

#include "core/error.h"

namespace aurea::engine {
namespace {

using Tokens = std::vector<int32_t>;

Tokens lookup(const Tokens& text, size_t max_tokens, size_t ngram = 2) {
  PromptLookup drafter(ngram);
  drafter.begin(text, nullptr);
  return drafter.draft(text, max_tokens, nullptr);
}

TEST(PromptLookupTest, ProposesWhatFollowedTheLastTokens) {
  EXPECT_EQ(lookup({5, 1, 2, 3, 4, 9, 1, 2}, 3), (Tokens{3, 4, 9}));
  EXPECT_EQ(lookup({1, 2, 3, 1, 2}, 1), (Tokens{3}));  // from the very beginning
  EXPECT_EQ(lookup({1, 2, 3, 4, 2}, 3), Tokens{});     // one token is too few
  EXPECT_EQ(lookup({1, 2, 3, 4, 2}, 3, 1), (Tokens{3, 4, 2}));
  EXPECT_EQ(lookup({1}, 3), Tokens{});
  EXPECT_EQ(lookup({1, 2}, 3), Tokens{});
}

TEST(PromptLookupTest, TheLongestMatchWinsThenTheLast) {
  EXPECT_EQ(lookup({7, 1, 2, 3, 8, 1, 2, 4, 7, 1, 2}, 1), (Tokens{3}));  // "7 1 2" before "1 2"
  EXPECT_EQ(lookup({1, 2, 3, 8, 1, 2, 4, 9, 1, 2}, 1), (Tokens{4}));
}

TEST(PromptLookupTest, ARepetitionGoesOnBeyondTheEndOfTheText) {
  EXPECT_EQ(lookup({9, 1, 2, 1, 2}, 5), (Tokens{1, 2, 1, 2, 1}));
  EXPECT_EQ(lookup({4, 4, 4}, 4), (Tokens{4, 4, 4, 4}));
}

TEST(PromptLookupTest, ACopyIsFollowedThroughTokensThatOccurEverywhere) {
  // The text says "1 2 1 2 ..." a hundred times behind the passage that is being copied, so that the chain of "1 2"
  // does not lead back to it any more; only the copy begun outside of it does.
  Tokens text = {50, 51, 52, 1, 2, 60, 61};
  for (int i = 0; i < 100; ++i) text.insert(text.end(), {1, 2, 70 + i});
  text.insert(text.end(), {50, 51});
  PromptLookup drafter;
  drafter.begin(text, nullptr);
  EXPECT_EQ(drafter.draft(text, 1, nullptr), (Tokens{52}));
  text.insert(text.end(), {52, 1, 2});
  EXPECT_EQ(drafter.draft(text, 2, nullptr), (Tokens{60, 61}));
}

/// Tokens before `position` that equal the text's last.
size_t common_length(const Tokens& text, size_t position) {
  size_t length = 0;
  while (length < position && text[position - 1 - length] == text[text.size() - 1 - length]) ++length;
  return length;
}

TEST(PromptLookupTest, AgreesWithASearchThroughTheWholeText) {
  for (unsigned seed = 0; seed < 30; ++seed) {
    std::mt19937 random(seed);
    const size_t ngram = 1 + seed % 4, n_tokens = 100 + 60 * seed;
    const int32_t alphabet = seed % 3 == 0 ? 2000 : 40;
    Tokens text = {0};
    PromptLookup drafter(ngram);
    drafter.begin(text, nullptr);
    while (text.size() < n_tokens) {
      const Tokens draft = drafter.draft(text, 8, nullptr);
      size_t longest = 0;
      bool found = false;
      for (size_t position = 1; position < text.size(); ++position) {
        const size_t length = common_length(text, position);
        longest = std::max(longest, length);
        if (length < ngram || draft.empty()) continue;
        Tokens expected;
        for (size_t i = 0; i < draft.size(); ++i) {
          expected.push_back(position + i < text.size() ? text[position + i] : expected[position + i - text.size()]);
        }
        found = found || draft == expected;
      }
      ASSERT_EQ(draft.size(), longest >= ngram ? 8u : 0u) << "seed " << seed << ", " << text.size() << " tokens";
      ASSERT_EQ(found, longest >= ngram);
      // Several tokens at once, as when a draft was right; now and then a passage again.
      const size_t from = random() % text.size(), length = random() % 4 == 0 ? random() % 12 : 1;
      for (size_t i = 0; i < length; ++i)
        text.push_back(length > 1 ? text[from + i] : static_cast<int32_t>(random()) % alphabet);
    }
  }
}

TEST(PromptLookupTest, ANewTextForgetsTheOld) {
  PromptLookup drafter;
  drafter.begin(Tokens{1, 2, 3, 1, 2}, nullptr);
  const Tokens other = {8, 1, 2};
  drafter.begin(other, nullptr);
  EXPECT_EQ(drafter.draft(other, 3, nullptr), Tokens{});
}

TEST(PromptLookupTest, SizesThatMeanNothingAreRefused) {
  EXPECT_THROW(PromptLookup(0), Error);
  EXPECT_THROW(PromptLookup(PromptLookup::kLongestNgram + 1), Error);
}

}  // namespace
}  // namespace aurea::engine
