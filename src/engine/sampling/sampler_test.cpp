#include "engine/sampling/sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "core/error.h"

namespace aurea::engine {
namespace {

SamplingOptions plain() {
  SamplingOptions options;
  options.temperature = 1;
  options.top_k = 0;
  options.top_p = 1;
  options.min_p = 0;
  return options;
}

std::set<int32_t> drawn(const SamplingOptions& options, std::span<const float> logits, int n = 4000) {
  Sampler sampler(options);
  std::set<int32_t> ids;
  for (int i = 0; i < n; ++i) ids.insert(sampler.sample(logits));
  return ids;
}

/// Logits whose probabilities at temperature 1 are these.
std::vector<float> logits_of(std::initializer_list<double> probabilities) {
  std::vector<float> logits;
  for (const double p : probabilities) logits.push_back(static_cast<float>(std::log(p)));
  return logits;
}

TEST(Sampler, GreedyTakesTheLowestIdAmongEquals) {
  SamplingOptions options;
  options.temperature = 0;
  Sampler sampler(options);
  EXPECT_EQ(sampler.sample(std::vector<float>{1, 3, 2, 3}), 1);
  EXPECT_EQ(sampler.sample(std::vector<float>{7}), 0);
}

TEST(Sampler, DrawsWithTheGivenProbabilities) {
  const std::vector<double> p = {0.5, 0.25, 0.125, 0.125};
  const auto logits = logits_of({0.5, 0.25, 0.125, 0.125});
  SamplingOptions options = plain();
  options.seed = 7;
  Sampler sampler(options);
  constexpr int kDraws = 20000;
  std::vector<int> counts(p.size());
  for (int i = 0; i < kDraws; ++i) ++counts[static_cast<size_t>(sampler.sample(logits))];
  double chi_square = 0;
  for (size_t i = 0; i < p.size(); ++i) chi_square += std::pow(counts[i] - kDraws * p[i], 2) / (kDraws * p[i]);
  EXPECT_LT(chi_square, 16.3);  // 99.9 % of honest draws with three degrees of freedom
}

TEST(Sampler, TemperatureSharpensAndFlattens) {
  const std::vector<float> logits = {1, 0};
  for (const float temperature : {0.5f, 2.0f}) {
    SamplingOptions options = plain();
    options.temperature = temperature;
    Sampler sampler(options);
    int first = 0;
    for (int i = 0; i < 20000; ++i) first += sampler.sample(logits) == 0 ? 1 : 0;
    const double expected = 1 / (1 + std::exp(-1 / temperature));
    EXPECT_NEAR(first / 20000.0, expected, 4 * std::sqrt(expected * (1 - expected) / 20000)) << temperature;
  }
}

TEST(Sampler, FiltersKeepExactlyWhatTheySay) {
  const auto logits = logits_of({0.1, 0.4, 0.3, 0.15, 0.05});
  SamplingOptions options = plain();
  EXPECT_EQ(drawn(options, logits).size(), 5u);
  options.top_k = 2;
  EXPECT_EQ(drawn(options, logits), (std::set<int32_t>{1, 2}));
  options = plain();
  options.top_p = 0.65f;  // 0.4 + 0.3 reaches it
  EXPECT_EQ(drawn(options, logits), (std::set<int32_t>{1, 2}));
  options.top_p = 0.75f;
  EXPECT_EQ(drawn(options, logits), (std::set<int32_t>{1, 2, 3}));
  options = plain();
  options.min_p = 0.3f;  // of 0.4: 0.12
  EXPECT_EQ(drawn(options, logits), (std::set<int32_t>{1, 2, 3}));
  options.top_k = 1;
  EXPECT_EQ(drawn(options, logits), (std::set<int32_t>{1}));
}

TEST(Sampler, PenaltiesFollowTheirFormulas) {
  SamplingOptions options;
  options.temperature = 0;
  options.repeat_penalty = 2;
  Sampler repeat(options);
  repeat.accept(0);
  EXPECT_EQ(repeat.sample(std::vector<float>{3.0f, 1.6f}), 1);   // 3 / 2 < 1.6
  EXPECT_EQ(repeat.sample(std::vector<float>{3.3f, 1.6f}), 0);   // 3.3 / 2 > 1.6
  EXPECT_EQ(repeat.sample(std::vector<float>{-1.0f, -1.9f}), 1); // -1 * 2 < -1.9

  options = SamplingOptions{};
  options.temperature = 0;
  options.frequency_penalty = 0.5f;
  options.presence_penalty = 0.25f;
  Sampler counting(options);
  counting.accept(0);
  EXPECT_EQ(counting.sample(std::vector<float>{1.0f, 0.26f}), 1);  // 1 - 0.75 = 0.25
  EXPECT_EQ(counting.sample(std::vector<float>{1.0f, 0.24f}), 0);
  counting.accept(0);
  EXPECT_EQ(counting.sample(std::vector<float>{1.5f, 0.26f}), 1);  // 1.5 - 1.25 = 0.25
}

TEST(Sampler, PenaltiesForgetWhatIsFartherBackThanTheWindow) {
  SamplingOptions options;
  options.temperature = 0;
  options.presence_penalty = 10;
  options.repeat_last_n = 2;
  Sampler sampler(options);
  for (const int32_t id : {0, 0, 1, 2}) sampler.accept(id);
  EXPECT_EQ(sampler.sample(std::vector<float>{1, 2, 3}), 0);
  options.repeat_last_n = -1;
  Sampler all(options);
  for (const int32_t id : {0, 1, 2}) all.accept(id);
  EXPECT_EQ(all.sample(std::vector<float>{1, 2, 3}), 2);  // all alike: the order stays
}

TEST(Sampler, BiasBansAndForces) {
  SamplingOptions options;
  options.temperature = 0;
  options.logit_bias = {{0, -100.0f}, {2, 1.5f}};
  EXPECT_EQ(Sampler(options).sample(std::vector<float>{9, 2, 1}), 2);
}

TEST(Sampler, SameSeedSameTokens) {
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

TEST(Sampler, BrokenLogitsAreLeftOutOrRefused) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInfinity = std::numeric_limits<float>::infinity();
  SamplingOptions options;
  options.temperature = 0;
  EXPECT_EQ(Sampler(options).sample(std::vector<float>{kNan, 1, -kInfinity}), 1);
  EXPECT_THROW(Sampler(options).sample(std::vector<float>{kNan, kNan}), Error);
  options.top_p = 0;
  EXPECT_THROW(Sampler{options}, Error);
}

}  // namespace
}  // namespace aurea::engine
