// Rounding under a curvature against the ordinary search, judged by the loss written out in float64.
#include "quantization/feedback/round_matrix.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "codecs/codec.h"
#include "codecs/recoder.h"
#include "kernels/registry.h"
#include "quantization/linear_algebra.h"

namespace aurea::quantization {
namespace {

/// A matrix with inputs and gradients that depend on each other, as those of a model do.
struct Problem {
  size_t rows = 0, cols = 0;
  std::vector<float> weights;
  Curvature curvature;

  [[nodiscard]] TensorView view() const { return {QuantType::kF32, {rows, cols}, std::as_bytes(std::span(weights))}; }
};

/// n_rows correlated rows: each is a sum of a few common directions and its own noise.
std::vector<float> correlated(size_t n_rows, size_t n, std::mt19937& random) {
  std::normal_distribution<float> normal;
  const size_t n_common = n / 8 + 1;
  std::vector<float> directions(n_common * n), rows(n_rows * n);
  for (float& value : directions) value = normal(random);
  for (size_t r = 0; r < n_rows; ++r) {
    for (size_t c = 0; c < n; ++c) rows[r * n + c] = 0.5f * normal(random);
    for (size_t k = 0; k < n_common; ++k) {
      const float amount = normal(random) / std::sqrt(static_cast<float>(n_common));
      for (size_t c = 0; c < n; ++c) rows[r * n + c] += amount * directions[k * n + c];
    }
  }
  return rows;
}

Problem make_problem(size_t rows, size_t cols, ThreadPool& pool) {
  const auto& kernels = kernels::select_kernel_set(std::nullopt);
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  Problem problem{rows, cols, std::vector<float>(rows * cols), {}};
  for (float& value : problem.weights) value = 0.02f * normal(random);
  Curvature& c = problem.curvature;
  constexpr size_t kTokens = 1500;
  c.n_in = cols, c.n_out = rows, c.n_rows = c.n_output_rows = kTokens, c.group = std::min(kOutputGroup, rows);
  c.input.assign(gram_floats(cols), 0.0f);
  add_gram(kernels, pool, correlated(kTokens, cols, random).data(), cols, kTokens, cols, c.input.data());
  for (size_t first = 0; first < rows; first += c.group) {
    const size_t n = std::min(c.group, rows - first);
    add_gram(kernels, pool, correlated(kTokens, n, random).data(), n, kTokens, n, c.output.emplace_back(gram_floats(n), 0.0f).data());
  }
  return problem;
}

/// tr(G D H D^T) / 2 of the decoded result, group by group.
double loss_of(const Problem& problem, QuantType type, std::span<const std::byte> encoded) {
  const Curvature& c = problem.curvature;
  const auto n_rows = static_cast<double>(c.n_rows);
  std::vector<float> decoded(problem.weights.size());
  codecs::codec(type).decode(encoded.data(), decoded.data(), decoded.size());
  const auto upper = [](const std::vector<float>& m, size_t n, size_t i, size_t j) { return static_cast<double>(i < j ? m[i * n + j] : m[j * n + i]); };
  double sum = 0;
  for (size_t g = 0; g < c.output.size(); ++g) {
    const size_t first = g * c.group, n = std::min(c.group, c.n_out - first);
    std::vector<double> product(n * c.n_in);  // D H
    for (size_t r = 0; r < n; ++r) {
      for (size_t k = 0; k < c.n_in; ++k) {
        const size_t at = (first + r) * c.n_in + k;
        const double error = static_cast<double>(problem.weights[at]) - decoded[at];
        for (size_t j = 0; j < c.n_in; ++j) product[r * c.n_in + j] += error * upper(c.input, c.n_in, k, j) / n_rows;
      }
    }
    for (size_t a = 0; a < n; ++a) {
      for (size_t b = 0; b < n; ++b) {
        double dot = 0;
        for (size_t j = 0; j < c.n_in; ++j) {
          const size_t at = (first + b) * c.n_in + j;
          dot += product[a * c.n_in + j] * (static_cast<double>(problem.weights[at]) - decoded[at]);
        }
        sum += dot * upper(c.output[g], n, a, b) / n_rows;
      }
    }
  }
  return sum / 2;
}

std::vector<std::byte> plain(const Problem& problem, QuantType type) {
  std::vector<float> importance(problem.cols);
  for (size_t j = 0; j < problem.cols; ++j) importance[j] = problem.curvature.input[j * problem.cols + j] / static_cast<float>(problem.curvature.n_rows);
  const size_t bytes = row_bytes(type, problem.cols);
  std::vector<std::byte> out(problem.rows * bytes);
  for (size_t r = 0; r < problem.rows; ++r) {
    codecs::codec(type).encode(problem.weights.data() + r * problem.cols, out.data() + r * bytes, problem.cols, importance.data());
  }
  return out;
}

std::vector<std::byte> rounded(const Problem& problem, QuantType type, ThreadPool& pool, double* loss = nullptr) {
  std::vector<std::byte> out(problem.rows * row_bytes(type, problem.cols));
  const RoundResult result = round_matrix(problem.view(), problem.curvature, type, {}, kernels::select_kernel_set(std::nullopt), pool, out);
  if (loss != nullptr) *loss = result.loss;
  return out;
}

TEST(RoundMatrix, LosesFarLessThanTheOrdinarySearchInEveryType) {
  ThreadPool pool(2);
  const Problem problem = make_problem(48, 512, pool);
  size_t n_types = 0;
  for (const QuantTypeInfo& row : kQuantTypes) {
    if (codecs::recoder(row.type) == nullptr) continue;
    ++n_types;
    const double before = loss_of(problem, row.type, plain(problem, row.type));
    double told = 0;
    const std::vector<std::byte> out = rounded(problem, row.type, pool, &told);
    const double after = loss_of(problem, row.type, out);
    EXPECT_LT(after, 0.7 * before) << row.name;
    EXPECT_TRUE(codecs::codec(row.type).validate(out.data(), problem.weights.size())) << row.name;
    // What it tells counts the damping as well, and leaves out what rows of a strip share: near, not equal.
    EXPECT_GT(told, 0.5 * after) << row.name;
    EXPECT_LT(told, 2 * after) << row.name;
  }
  EXPECT_GE(n_types, 17u);
}

TEST(RoundMatrix, BytesDoNotDependOnTheThreads) {
  ThreadPool one(1), three(3);
  const Problem problem = make_problem(600, 256, one);  // three groups of rows, the last one smaller
  for (const QuantType type : {QuantType::kQ4_K, QuantType::kQ2_K, QuantType::kIQ3_XXS}) {
    EXPECT_EQ(rounded(problem, type, one), rounded(problem, type, three)) << name(type);
  }
}

TEST(RoundMatrix, RowsThatDoNotFillAStripAndWindowsThatAreShort) {
  ThreadPool pool(2);
  const Problem problem = make_problem(21, 352, pool);
  for (const QuantType type : {QuantType::kQ4_0, QuantType::kQ5_1, QuantType::kIQ4_NL}) {
    EXPECT_LT(loss_of(problem, type, rounded(problem, type, pool)), 0.8 * loss_of(problem, type, plain(problem, type))) << name(type);
  }
}

TEST(RoundMatrix, ColumnsThatAreNeverDrivenKeepTheirValues) {
  ThreadPool pool(1);
  Problem problem = make_problem(16, 256, pool);
  for (size_t j = 64; j < 96; ++j) {
    for (size_t k = 0; k < 256; ++k) problem.curvature.input[std::min(j, k) * 256 + std::max(j, k)] = 0;
  }
  const std::vector<std::byte> out = rounded(problem, QuantType::kQ4_K, pool);
  std::vector<float> decoded(problem.weights.size());
  codecs::codec(QuantType::kQ4_K).decode(out.data(), decoded.data(), decoded.size());
  for (size_t r = 0; r < 16; ++r) {
    for (size_t j = 64; j < 96; ++j) EXPECT_NEAR(decoded[r * 256 + j], problem.weights[r * 256 + j], 0.01) << r << " " << j;
  }
}

}  // namespace
}  // namespace aurea::quantization
