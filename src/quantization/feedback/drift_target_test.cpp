// The target of a matrix behind replaced ones, against cases whose answer is known.
#include "quantization/feedback/drift_target.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "kernels/registry.h"
#include "quantization/linear_algebra.h"

namespace aurea::quantization {
namespace {

constexpr size_t kOut = 6, kIn = 32, kRows = 20000;

std::vector<float> normal_rows(size_t n, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(n);
  for (float& value : values) value = normal(random);
  return values;
}

/// The sums for x and x' [kRows, kIn]; `lost` [kRows, kOut]: r - r'.
MatrixInputs sums_of(const std::vector<float>& x, const std::vector<float>& replaced, const std::vector<float>* lost, ThreadPool& pool) {
  MatrixInputs inputs{kIn, kRows, std::vector<float>(gram_floats(kIn), 0.0f), std::vector<float>(kIn * kIn, 0.0f), {}};
  add_gram(kernels::select_kernel_set(), pool, replaced.data(), kIn, kRows, kIn, inputs.gram.data());
  if (lost != nullptr) inputs.residual_drift.assign(kOut * kIn, 0.0f);
  for (size_t r = 0; r < kRows; ++r) {
    for (size_t j = 0; j < kIn; ++j) {
      for (size_t i = 0; i < kIn; ++i) inputs.drift[i * kIn + j] += (x[r * kIn + i] - replaced[r * kIn + i]) * replaced[r * kIn + j];
      for (size_t o = 0; lost != nullptr && o < kOut; ++o) inputs.residual_drift[o * kIn + j] += (*lost)[r * kOut + o] * replaced[r * kIn + j];
    }
  }
  return inputs;
}

double distance(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0, norm = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    sum += std::pow(a[i] - b[i], 2);
    norm += std::pow(b[i], 2);
  }
  return std::sqrt(sum / norm);
}

TEST(DriftTarget, IsTheMatrixWhereNothingDrifted) {
  ThreadPool pool(2);
  const std::vector<float> weights = normal_rows(kOut * kIn, 1), x = normal_rows(kRows * kIn, 2);
  const TensorView matrix{QuantType::kF32, {kOut, kIn}, std::as_bytes(std::span(weights))};
  EXPECT_EQ(drift_target(matrix, sums_of(x, x, nullptr, pool), kernels::select_kernel_set(), pool), weights);
}

/// Where x = B x' exactly, W x = (W B) x'.
TEST(DriftTarget, UndoesALinearChangeOfTheInputs) {
  ThreadPool pool(2);
  const std::vector<float> weights = normal_rows(kOut * kIn, 1), replaced = normal_rows(kRows * kIn, 2);
  std::vector<float> change = normal_rows(kIn * kIn, 3), x(replaced.size()), want(weights.size());
  for (size_t i = 0; i < change.size(); ++i) change[i] = 0.1f * change[i] + (i % (kIn + 1) == 0 ? 1.0f : 0.0f);
  const auto multiply_rows = [](const std::vector<float>& a, size_t n, const std::vector<float>& b, bool transposed, std::vector<float>& c) {
    for (size_t r = 0; r < n; ++r) {
      for (size_t i = 0; i < kIn; ++i) {
        double sum = 0;
        for (size_t k = 0; k < kIn; ++k) sum += static_cast<double>(a[r * kIn + k]) * (transposed ? b[i * kIn + k] : b[k * kIn + i]);
        c[r * kIn + i] = static_cast<float>(sum);
      }
    }
  };
  multiply_rows(replaced, kRows, change, true, x);
  multiply_rows(weights, kOut, change, false, want);
  const TensorView matrix{QuantType::kF32, {kOut, kIn}, std::as_bytes(std::span(weights))};
  const std::vector<float> target = drift_target(matrix, sums_of(x, replaced, nullptr, pool), kernels::select_kernel_set(), pool);
  EXPECT_GT(distance(weights, want), 0.4);
  EXPECT_LT(distance(target, want), 0.02);  // the ridge holds back one and a half percent of the change
}

/// What the stream lost in the direction of the inputs comes back by half.
TEST(DriftTarget, MakesUpForHalfOfWhatTheResidualStreamLost) {
  ThreadPool pool(2);
  const std::vector<float> weights = normal_rows(kOut * kIn, 1), x = normal_rows(kRows * kIn, 2), missing = normal_rows(kOut * kIn, 4);
  std::vector<float> lost(kRows * kOut), replaced = x;
  for (size_t r = 0; r < kRows; ++r) {
    for (size_t o = 0; o < kOut; ++o) {
      for (size_t k = 0; k < kIn; ++k) lost[r * kOut + o] += missing[o * kIn + k] * x[r * kIn + k];
    }
  }
  replaced[0] += 1e-3f;  // drift of its own, next to nothing
  const TensorView matrix{QuantType::kF32, {kOut, kIn}, std::as_bytes(std::span(weights))};
  const std::vector<float> target = drift_target(matrix, sums_of(x, replaced, &lost, pool), kernels::select_kernel_set(), pool);
  std::vector<float> want(weights);
  for (size_t i = 0; i < want.size(); ++i) want[i] += 0.5f * missing[i];
  EXPECT_LT(distance(target, want), 0.02);
}

}  // namespace
}  // namespace aurea::quantization
