#include "quantization/plan/loss_measure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "codecs/codec.h"
#include "kernels/registry.h"
#include "quantization/linear_algebra.h"

namespace aurea::quantization {
namespace {

struct Case {
  std::vector<float> weights;
  TensorView matrix;
  Curvature curvature;
  std::vector<float> importance;
};

/// Sums over `n_rows` random rows, as a calibration leaves them.
std::vector<float> random_gram(size_t n, size_t n_rows, std::mt19937& random, ThreadPool& pool) {
  std::normal_distribution<float> normal;
  std::vector<float> rows(n_rows * n), gram(gram_floats(n), 0.0f);
  for (float& value : rows) value = normal(random);
  for (size_t i = 0; i < rows.size(); ++i) rows[i] += i % n > 0 ? 0.5f * rows[i - 1] : 0;
  add_gram(kernels::select_kernel_set(std::nullopt), pool, rows.data(), n, n_rows, n, gram.data());
  return gram;
}

Case make_case(size_t n_out, size_t n_in, bool with_output, ThreadPool& pool) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal(0, 0.02f);
  Case made;
  made.weights.resize(n_out * n_in);
  for (float& value : made.weights) value = normal(random);
  made.matrix = {QuantType::kF32, {n_out, n_in}, std::as_bytes(std::span(made.weights))};
  made.curvature = {.n_in = n_in,
                    .n_out = n_out,
                    .n_rows = 40,
                    .n_output_rows = 40,
                    .input = random_gram(n_in, 40, random, pool),
                    .group = std::min(kOutputGroup, n_out),
                    .output = {},
                    .output_mean = 1 / static_cast<double>(n_out)};
  for (size_t first = 0; with_output && first < n_out; first += made.curvature.group) {
    made.curvature.output.push_back(random_gram(std::min(made.curvature.group, n_out - first), 40, random, pool));
  }
  for (size_t j = 0; j < n_in; ++j) made.importance.push_back(made.curvature.input[j * n_in + j]);
  return made;
}

/// The formula, term by term, in float64; rows weighted by G or by `weight`.
double direct_loss(const Case& made, QuantType type, const std::vector<double>& weight) {
  const size_t n_out = made.curvature.n_out, n_in = made.curvature.n_in;
  std::vector<std::vector<double>> lost(n_out, std::vector<double>(n_in));
  std::vector<std::byte> blocks(row_bytes(type, n_in));
  std::vector<float> decoded(n_in);
  for (size_t i = 0; i < n_out; ++i) {
    codecs::codec(type).encode(made.weights.data() + i * n_in, blocks.data(), n_in, made.importance.data());
    codecs::codec(type).decode(blocks.data(), decoded.data(), n_in);
    for (size_t j = 0; j < n_in; ++j) lost[i][j] = static_cast<double>(made.weights[i * n_in + j]) - decoded[j];
  }
  const auto symmetric = [](const std::vector<float>& matrix, size_t n, size_t i, size_t j) {
    return matrix[std::min(i, j) * n + std::max(i, j)] / 40.0;
  };
  double sum = 0;
  for (size_t i = 0; i < n_out; ++i) {
    for (size_t k = 0; k < n_out; ++k) {
      const size_t group = i / made.curvature.group, first = group * made.curvature.group;
      double g = 0;
      if (weight.empty()) {
        if (k / made.curvature.group != group) continue;
        g = symmetric(made.curvature.output[group], std::min(made.curvature.group, n_out - first), i - first,
                      k - first);
      } else {
        g = i == k ? weight[i] : 0;
      }
      if (g == 0) continue;
      for (size_t a = 0; a < n_in; ++a) {
        double h = 0;
        for (size_t b = 0; b < n_in; ++b) h += symmetric(made.curvature.input, n_in, a, b) * lost[k][b];
        sum += g * lost[i][a] * h;
      }
    }
  }
  return sum / 2;
}

TEST(LossMeasure, IsTheFormula) {
  ThreadPool pool(2);
  const auto& kernels = kernels::select_kernel_set(std::nullopt);
  const Case made = make_case(270, 32, true, pool);  // a group of 256 and one of 14
  LossMeasure measure(made.matrix, made.curvature, sample_groups(made.curvature, 1000), kernels, pool);
  double last = 0;
  for (const QuantType type : {QuantType::kQ8_0, QuantType::kQ5_0, QuantType::kQ4_0}) {
    const double expected = direct_loss(made, type, {});
    EXPECT_NEAR(measure.loss(type, made.importance.data(), nullptr), expected, 1e-4 * expected);
    EXPECT_GT(expected, last);
    last = expected;
  }
}

TEST(LossMeasure, RowsCountByTheirTokens) {
  ThreadPool pool(1);
  const auto& kernels = kernels::select_kernel_set(std::nullopt);
  const Case made = make_case(6, 32, false, pool);
  const std::vector<double> frequency = {0.5, 0.1, 0, 0.2, 0.15, 0.05};
  LossMeasure measure(made.matrix, made.curvature, sample_tokens(frequency, 100), kernels, pool);
  const double expected = direct_loss(made, QuantType::kQ4_0, frequency);
  EXPECT_NEAR(measure.loss(QuantType::kQ4_0, made.importance.data(), nullptr), expected, 1e-4 * expected);
}

TEST(LossMeasure, ASampleStandsForAllRows) {
  ThreadPool pool(2);
  const auto& kernels = kernels::select_kernel_set(std::nullopt);
  const Case made = make_case(2048, 32, true, pool);
  LossMeasure all(made.matrix, made.curvature, sample_groups(made.curvature, 2048), kernels, pool);
  const RowSample sample = sample_groups(made.curvature, 600);
  EXPECT_EQ(sample.rows.size(), 512u);
  EXPECT_THAT(sample.groups, testing::ElementsAre(2, 6));
  LossMeasure some(made.matrix, made.curvature, sample, kernels, pool);
  const double whole = all.loss(QuantType::kQ4_0, nullptr, nullptr);
  EXPECT_NEAR(some.loss(QuantType::kQ4_0, nullptr, nullptr), whole, 0.1 * whole);
}

TEST(RowSample, OfTokensAddsUpToOne) {
  std::vector<double> frequency(1000);
  for (size_t i = 0; i < frequency.size(); ++i) frequency[i] = 1.0 / static_cast<double>(1 + (i * 7) % 1000);
  const double sum = std::accumulate(frequency.begin(), frequency.end(), 0.0);
  for (double& value : frequency) value /= sum;
  const RowSample sample = sample_tokens(frequency, 100);
  EXPECT_EQ(sample.rows.size(), 100u);
  EXPECT_TRUE(std::ranges::is_sorted(sample.rows));
  EXPECT_NEAR(std::accumulate(sample.weight.begin(), sample.weight.end(), 0.0), 1.0, 1e-5);
  EXPECT_EQ(sample.rows.front(), 0u);  // the most frequent
  EXPECT_FLOAT_EQ(sample.weight.front(), static_cast<float>(frequency[0]));
}

TEST(TokenFrequencies, UnseenOnesShareWhatTheRareOnesLeave) {
  const std::vector<int32_t> tokens = {0, 0, 0, 0, 0, 1, 1, 1, 2, 3};
  const std::vector<double> frequency = token_frequencies(tokens, 6);
  EXPECT_NEAR(std::accumulate(frequency.begin(), frequency.end(), 0.0), 1.0, 1e-12);
  EXPECT_NEAR(frequency[0], 0.5 * 0.8, 1e-12);
  EXPECT_NEAR(frequency[4], 0.1, 1e-12);  // two of ten tokens were seen once: 0.2 for two unseen
  EXPECT_NEAR(token_frequencies(tokens, 4)[0], 0.5, 1e-12);
}

}  // namespace
}  // namespace aurea::quantization
