#include "engine/sampling/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"

namespace aurea::engine {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInfinity = std::numeric_limits<float>::infinity();

/// Every filter off, temperature 1.
SamplingOptions plain() {
  SamplingOptions options;
  options.temperature = 1;
  options.top_k = 0;
  options.top_p = 1;
  options.min_p = 0;
  return options;
}

SamplingOptions greedy() {
  SamplingOptions options;
  options.temperature = 0;
  return options;
}

/// Logits whose probabilities at temperature 1 are these.
std::vector<float> logits_of(std::initializer_list<double> probabilities) {
  std::vector<float> logits;
  for (const double p : probabilities) logits.push_back(static_cast<float>(std::log(p)));
  return logits;
}

/// The tokens that a draw chooses from, in their order.
std::vector<int32_t> kept(const SamplingOptions& options, std::span<const float> logits) {
  Sampler sampler(options);
  sampler.sample(logits);
  std::vector<int32_t> ids;
  for (const Candidate& candidate : sampler.candidates()) ids.push_back(candidate.id);
  return ids;
}

using Ids = std::vector<int32_t>;

/// Holds draws against exact probabilities; the bound is the 99.9 % quantile of honest draws.
void check_distribution(const SamplingOptions& options, std::span<const float> logits,
                        const std::vector<double>& expected) {
  Sampler sampler(options);
  constexpr int kDraws = 40'000;
  std::vector<int> counts(expected.size());
  for (int i = 0; i < kDraws; ++i) ++counts.at(static_cast<size_t>(sampler.sample(logits)));
  double chi_square = 0;
  int freedom = -1;
  for (size_t i = 0; i < expected.size(); ++i) {
    if (expected[i] == 0) {
      EXPECT_EQ(counts[i], 0) << "token " << i << " was filtered out";
      continue;
    }
    chi_square += std::pow(counts[i] - kDraws * expected[i], 2) / (kDraws * expected[i]);
    ++freedom;
  }
  constexpr double kBounds[] = {0, 10.83, 13.82, 16.27, 18.47, 20.52};  // by degrees of freedom
  EXPECT_LT(chi_square, kBounds[freedom]);
}

TEST(Sampler, GreedyTakesTheLowestIdAmongEquals) {
  EXPECT_EQ(Sampler(greedy()).sample(std::vector<float>{1, 3, 2, 3}), 1);
  EXPECT_EQ(Sampler(greedy()).sample(std::vector<float>{-5}), 0);
  SamplingOptions negative = greedy();
  negative.temperature = -1;
  EXPECT_EQ(Sampler(negative).sample(std::vector<float>{1, 2}), 1);
  EXPECT_EQ(kept(greedy(), std::vector<float>{1, 3, 2, 3}), (Ids{1}));
}

TEST(Sampler, DrawsWithTheGivenProbabilities) {
  const auto logits = logits_of({0.5, 0.25, 0.15, 0.1});
  SamplingOptions options = plain();
  for (const uint64_t seed : {0, 7, 123456789}) {
    options.seed = seed;
    check_distribution(options, logits, {0.5, 0.25, 0.15, 0.1});
  }
  options.top_k = 3;
  check_distribution(options, logits, {0.5 / 0.9, 0.25 / 0.9, 0.15 / 0.9, 0});
}

TEST(Sampler, TemperatureComesAfterTheFilters) {
  const auto logits = logits_of({0.5, 0.3, 0.2});
  SamplingOptions options = plain();
  options.temperature = 0.5f;  // squares the probabilities: 25 : 9 : 4
  check_distribution(options, logits, {25 / 38.0, 9 / 38.0, 4 / 38.0});
  options.top_p = 0.79f;  // of the unchanged probabilities, of which 0.5 + 0.3 are needed
  check_distribution(options, logits, {25 / 34.0, 9 / 34.0, 0});
  options.temperature = 2;
  const double a = std::sqrt(0.5), b = std::sqrt(0.3);
  check_distribution(options, logits, {a / (a + b), b / (a + b), 0});
}

TEST(Sampler, FiltersKeepExactlyWhatTheySay) {
  const auto logits = logits_of({0.1, 0.4, 0.3, 0.15, 0.05});
  EXPECT_EQ(kept(plain(), logits), (Ids{0, 1, 2, 3, 4}));

  SamplingOptions options = plain();
  for (const auto& [k, ids] : std::initializer_list<std::pair<int, Ids>>{{-1, {0, 1, 2, 3, 4}},
                                                                         {1, {1}},
                                                                         {2, {1, 2}},
                                                                         {4, {1, 2, 3, 0}},
                                                                         {5, {1, 2, 3, 0, 4}},
                                                                         {100, {1, 2, 3, 0, 4}}}) {
    options.top_k = k;
    EXPECT_EQ(kept(options, logits), ids) << k;
  }
  options = plain();
  for (const auto& [p, ids] : std::initializer_list<std::pair<float, Ids>>{{0.01f, {1}},
                                                                           {0.39f, {1}},
                                                                           {0.41f, {1, 2}},
                                                                           {0.69f, {1, 2}},
                                                                           {0.71f, {1, 2, 3}},
                                                                           {0.94f, {1, 2, 3, 0}},
                                                                           {0.99f, {1, 2, 3, 0, 4}}}) {
    options.top_p = p;
    EXPECT_EQ(kept(options, logits), ids) << p;
  }
  options = plain();
  for (const auto& [p, ids] : std::initializer_list<std::pair<float, Ids>>{{1.0f, {1}},
                                                                           {0.76f, {1}},
                                                                           {0.74f, {1, 2}},
                                                                           {0.38f, {1, 2}},
                                                                           {0.37f, {1, 2, 3}},
                                                                           {0.2f, {1, 2, 3, 0}},
                                                                           {0.1f, {1, 2, 3, 0, 4}}}) {
    options.min_p = p;
    EXPECT_EQ(kept(options, logits), ids) << p;
  }
  // Top-p counts among what top-k left: 0.4 / 0.85 and 0.7 / 0.85.
  options = plain();
  options.top_k = 3;
  options.top_p = 0.8f;
  EXPECT_EQ(kept(options, logits), (Ids{1, 2}));
  options.min_p = 0.8f;
  EXPECT_EQ(kept(options, logits), (Ids{1}));
}

TEST(Sampler, EqualLogitsAreOrderedById) {
  SamplingOptions options = plain();
  options.top_k = 3;
  EXPECT_EQ(kept(options, std::vector<float>{1, 2, 2, 2, 2, 1}), (Ids{1, 2, 3}));
  options = plain();
  options.top_p = 0.5f;
  EXPECT_EQ(kept(options, std::vector<float>{5, 5, 5, 5}), (Ids{0, 1}));
}

TEST(Sampler, LargeVocabulariesAgreeWithSortingEverything) {
  std::vector<float> logits(50'000);
  Random random(5);
  for (float& logit : logits) logit = static_cast<float>(random.uniform() * 4);
  Ids order(logits.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int32_t>(i);
  std::ranges::stable_sort(
      order, [&](int32_t a, int32_t b) { return logits[static_cast<size_t>(a)] > logits[static_cast<size_t>(b)]; });
  const auto front = [&](size_t count) { return Ids(order.begin(), order.begin() + static_cast<ptrdiff_t>(count)); };
  SamplingOptions options = plain();
  options.top_k = 1000;
  EXPECT_EQ(kept(options, logits), front(1000));

  options = plain();
  options.top_p = 0.5f;
  double total = 0, sum = 0;
  for (const float logit : logits) total += std::exp(static_cast<double>(logit));
  size_t count = 0;
  while (sum < 0.5 * total) sum += std::exp(static_cast<double>(logits[static_cast<size_t>(order[count++])]));
  EXPECT_EQ(kept(options, logits), front(count));

  options = plain();
  options.min_p = 0.5f;
  const auto is_kept = [&](int32_t id) {
    return logits[static_cast<size_t>(id)] >= logits[static_cast<size_t>(order[0])] + std::log(0.5f);
  };
  EXPECT_EQ(kept(options, logits), front(static_cast<size_t>(std::ranges::count_if(order, is_kept))));
}

TEST(Sampler, PenaltiesFollowTheirFormulas) {
  SamplingOptions options = plain();
  options.repeat_penalty = 2;
  options.frequency_penalty = 0.5f;
  options.presence_penalty = 0.25f;
  Sampler sampler(options);
  for (const int32_t token : {0, 1, 1, 1, 2}) sampler.accept(token);
  for (int call = 0; call < 2; ++call) {  // the same every time
    sampler.sample(std::vector<float>{4, -3, 0, 1});
    const auto candidates = sampler.candidates();
    ASSERT_EQ(candidates.size(), 4u);
    EXPECT_EQ(candidates[0].logit, 4 / 2.0f - 0.5f - 0.25f);
    EXPECT_EQ(candidates[1].logit, -3 * 2.0f - 3 * 0.5f - 0.25f);
    EXPECT_EQ(candidates[2].logit, 0 * 2.0f - 0.5f - 0.25f);
    EXPECT_EQ(candidates[3].logit, 1.0f);
  }
}

TEST(Sampler, PenaltiesForgetWhatIsFartherBackThanTheWindow) {
  SamplingOptions options = greedy();
  options.presence_penalty = 10;
  options.repeat_last_n = 2;
  Sampler window(options);
  for (const int32_t token : {0, 0, 1, 2}) window.accept(token);
  EXPECT_EQ(window.sample(std::vector<float>{1, 2, 3}), 0);
  for (const int32_t token : {1, 0}) window.accept(token);
  EXPECT_EQ(window.sample(std::vector<float>{1, 2, 1}), 2);

  options.repeat_last_n = 0;
  Sampler none(options);
  none.accept(2);
  EXPECT_EQ(none.sample(std::vector<float>{1, 2, 3}), 2);

  options.repeat_last_n = -1;
  Sampler all(options);
  all.accept(2);
  for (int i = 0; i < 1000; ++i) all.accept(1);
  EXPECT_EQ(all.sample(std::vector<float>{0, 2, 3}), 0);
  all.accept(500);  // beyond this vocabulary: of no effect
  EXPECT_EQ(all.sample(std::vector<float>{0, 2, 3}), 0);
}

TEST(Sampler, BiasIsAddedBeforePenalties) {
  SamplingOptions options = plain();
  options.logit_bias = {{0, -kInfinity}, {2, 1.5f}, {99, 5.0f}};
  options.repeat_penalty = 2;
  Sampler sampler(options);
  sampler.accept(2);
  EXPECT_NE(sampler.sample(std::vector<float>{9, 2, 1}), 0) << "banned";
  ASSERT_EQ(sampler.candidates().size(), 2u);
  EXPECT_EQ(sampler.candidates()[1].logit, (1 + 1.5f) / 2);
}

TEST(Sampler, TheSameSeedGivesTheSameTokens) {
  std::vector<float> logits(1000);
  for (size_t i = 0; i < logits.size(); ++i) logits[i] = std::sin(static_cast<float>(i));
  SamplingOptions options;
  options.seed = 42;
  Sampler a(options), b(options);
  options.seed = 43;
  Sampler c(options);
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const int32_t id = a.sample(logits);
    EXPECT_EQ(id, b.sample(logits));
    differs |= id != c.sample(logits);
  }
  EXPECT_TRUE(differs);
}

TEST(Random, IsXoshiro256StarStarSeededBySplitmix64) {
  // The published reference programs, seed 0.
  Random random(0);
  EXPECT_EQ(random.next(), 0x99EC5F36CB75F2B4u);
  EXPECT_EQ(random.next(), 0xBF6E1F784956452Au);
  EXPECT_EQ(random.next(), 0x1A5F849D4933E6E0u);
  for (int i = 0; i < 1000; ++i) {
    const double u = random.uniform();
    EXPECT_TRUE(u >= 0 && u < 1);
  }
}

TEST(Sampler, OneTokenVocabularies) {
  for (const float logit : {0.0f, -1e30f, 3e38f}) {
    EXPECT_EQ(Sampler(SamplingOptions{}).sample(std::vector<float>{logit}), 0);
    EXPECT_EQ(Sampler(plain()).sample(std::vector<float>{logit}), 0);
    EXPECT_EQ(Sampler(greedy()).sample(std::vector<float>{logit}), 0);
  }
}

TEST(Sampler, ExtremeLogitsAndTemperatures) {
  SamplingOptions options = plain();
  for (const float temperature : {1e-30f, 1e30f}) {
    options.temperature = temperature;
    const int32_t id = Sampler(options).sample(std::vector<float>{-3e38f, 3e38f});
    EXPECT_TRUE(id == 0 || id == 1);
  }
  options.temperature = 1e-30f;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    options.seed = seed;
    EXPECT_EQ(Sampler(options).sample(std::vector<float>{1, 2, 1.5f}), 1);
  }
}

TEST(Sampler, BrokenLogitsAreLeftOutOrRefused) {
  for (const SamplingOptions& options : {greedy(), plain(), SamplingOptions{}}) {
    Sampler sampler(options);
    EXPECT_EQ(sampler.sample(std::vector<float>{kNan, 1, -kInfinity, kInfinity}), 1);
    for (const auto& logits : {std::vector<float>{kNan, kNan}, std::vector<float>{-kInfinity}, std::vector<float>{}}) {
      try {
        sampler.sample(logits);
        FAIL();
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kBadFile);
        EXPECT_NE(std::string(error.what()).find("finite"), std::string::npos);
      }
      EXPECT_TRUE(sampler.candidates().empty());
    }
    EXPECT_EQ(sampler.sample(std::vector<float>{kNan, 1}), 1) << "usable after an error";
  }
}

TEST(Sampler, OptionsWithoutMeaningAreRefused) {
  const auto refuses = [](const auto& change) {
    SamplingOptions options;
    change(options);
    EXPECT_THROW(Sampler{options}, Error);
  };
  refuses([](SamplingOptions& o) { o.temperature = kNan; });
  refuses([](SamplingOptions& o) { o.top_p = 0; });
  refuses([](SamplingOptions& o) { o.top_p = kNan; });
  refuses([](SamplingOptions& o) { o.min_p = -0.1f; });
  refuses([](SamplingOptions& o) { o.min_p = 1.1f; });
  refuses([](SamplingOptions& o) { o.repeat_penalty = 0; });
  refuses([](SamplingOptions& o) { o.repeat_penalty = kInfinity; });
  refuses([](SamplingOptions& o) { o.repeat_last_n = -2; });
  refuses([](SamplingOptions& o) { o.frequency_penalty = kNan; });
  refuses([](SamplingOptions& o) { o.presence_penalty = kInfinity; });
  refuses([](SamplingOptions& o) { o.logit_bias = {{-1, 1.0f}}; });
  refuses([](SamplingOptions& o) { o.logit_bias = {{1, kInfinity}}; });
  refuses([](SamplingOptions& o) { o.logit_bias = {{1, kNan}}; });
  EXPECT_THROW(Sampler(SamplingOptions{}).accept(-1), Error);
}

}  // namespace
}  // namespace aurea::engine
