// The error of each type on the first rows of two reference matrices against the figures of llama.cpp v0.5.0 on the
// whole matrices (tools/type_errors). Where AUREA's encoders give the same bytes, the figures may differ only by the
// sampling of rows; its size is estimated from the spread between the rows. Elsewhere ours may only be smaller.
#include <gtest/gtest.h>

#include <cmath>

#include "codecs/codec.h"
#include "tools/type_errors/llama_cpp_table.h"
#include "tools/type_errors/matrices.h"

namespace aurea::codecs {
namespace {

constexpr size_t kCols = tools::kMatrixCols, kSampleRows = 64;

const tools::Matrices& matrices() {
  static const tools::Matrices made = tools::make_matrices(kSampleRows);
  return made;
}

struct Measured {
  double rmse = 0, standard_error = 0;
};

/// Root mean square error over the rows, each column weighted, and the standard error of that figure.
Measured measure(const Codec& type, const std::vector<float>& matrix, bool with_importance, bool weighted) {
  std::vector<std::byte> blocks(row_bytes(type.type, kCols));
  std::vector<float> decoded(kCols);
  const std::vector<float>& importance = matrices().weights;
  const size_t rows = matrix.size() / kCols;
  double sum = 0, sum_squares = 0;
  for (size_t row = 0; row < rows; ++row) {
    const float* x = matrix.data() + row * kCols;
    type.encode(x, blocks.data(), kCols, with_importance ? importance.data() : nullptr);
    type.decode(blocks.data(), decoded.data(), kCols);
    double error = 0, total = 0;
    for (size_t i = 0; i < kCols; ++i) {
      const double w = weighted ? importance[i] : 1;
      error += w * std::pow(double{x[i]} - decoded[i], 2);
      total += w;
    }
    sum += error / total;
    sum_squares += std::pow(error / total, 2);
  }
  const auto n = static_cast<double>(rows);
  const double mean = sum / n, spread = std::sqrt(std::max(0.0, sum_squares / n - mean * mean) / (n - 1));
  return {std::sqrt(mean), mean > 0 ? spread / (2 * std::sqrt(mean)) : 0};
}

bool has_own_search(QuantType type) {
  for (const QuantType own :
       {QuantType::kTQ1_0, QuantType::kTQ2_0, QuantType::kMXFP4, QuantType::kNVFP4, QuantType::kQ2_0}) {
    if (type == own) return true;
  }
  return false;
}

class ErrorFiguresTest : public testing::TestWithParam<tools::PublishedErrors> {};

TEST_P(ErrorFiguresTest, AgreesWithThePublishedFigures) {
  const tools::PublishedErrors& figures = GetParam();
  const auto type = find_quant_type(figures.type);
  ASSERT_TRUE(type) << figures.type;
  const auto check = [&](const std::vector<float>& matrix, bool weighted, double published, const char* what) {
    const Measured measured = measure(codec(*type), matrix, figures.with_importance, weighted);
    if (has_own_search(*type)) {
      EXPECT_LT(measured.rmse, published) << what;
    } else {
      // Four standard errors of the sample, and half a unit of the published fifth digit.
      EXPECT_NEAR(measured.rmse, published, 4 * measured.standard_error + 5e-5 * published) << what;
    }
  };
  check(matrices().gauss, false, figures.gauss_rmse, "gaussian, plain");
  check(matrices().gauss, true, figures.gauss_weighted_rmse, "gaussian, weighted");
  check(matrices().student, false, figures.student_rmse, "student, plain");
  check(matrices().student, true, figures.student_weighted_rmse, "student, weighted");
}

INSTANTIATE_TEST_SUITE_P(Types, ErrorFiguresTest, testing::ValuesIn(tools::kLlamaCpp), [](const auto& test) {
  return std::string(test.param.type) + (test.param.with_importance ? "WithImportance" : "");
});

}  // namespace
}  // namespace aurea::codecs
