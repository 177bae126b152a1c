// The error of each type on the first rows of two reference matrices against the published figures of llama.cpp v0.5.0
// on the whole matrices (4096 x 4096 values of size 1/64; fact sheet of the ggml types, section 14). AUREA's encoders
// give the same bytes, so the figures may differ only by the sampling of rows; its size is estimated from the spread
// between the rows.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "codecs/codec.h"

namespace aurea::codecs {
namespace {

constexpr size_t kCols = 4096, kSampleRows = 64;

/// splitmix64 and the cosine branch of Box-Muller, in double.
class Generator {
 public:
  explicit Generator(uint64_t seed) : state_(seed) {}

  double normal() {
    const double u1 = uniform(), u2 = uniform();
    return std::sqrt(-2 * std::log(u1)) * std::cos(2 * std::numbers::pi * u2);
  }

  double student5() {
    const double value = normal();
    double squares = 0;
    for (int i = 0; i < 5; ++i) {
      const double other = normal();
      squares += other * other;
    }
    return value / std::sqrt(squares / 5);
  }

 private:
  double uniform() {
    state_ += 0x9E3779B97F4A7C15u;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    return (static_cast<double>(z >> 11) + 0.5) * 0x1p-53;
  }

  uint64_t state_;
};

struct Inputs {
  std::vector<float> gauss, student, importance;
};

const Inputs& inputs() {
  static const Inputs made = [] {
    Inputs in;
    Generator gauss(1), student(2), weights(3);
    for (size_t i = 0; i < kSampleRows * kCols; ++i) in.gauss.push_back(static_cast<float>(gauss.normal() / 64));
    for (size_t i = 0; i < kSampleRows * kCols; ++i) in.student.push_back(static_cast<float>(student.student5() / 64));
    for (size_t i = 0; i < kCols; ++i) in.importance.push_back(static_cast<float>(std::exp(weights.normal())));
    return in;
  }();
  return made;
}

TEST(ErrorFigures, TheGeneratorIsThePublishedOne) {
  const float gauss[] = {-4.41402284e-4f, -3.56124248e-3f, 1.61079608e-3f, -7.90943857e-3f};
  const float student[] = {-1.17050411e-4f, -9.47622675e-3f, -5.51817007e-4f, 3.70746218e-2f};
  const float weights[] = {0.526738226f, 2.429003f, 0.317626536f, 4.62393951f};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_FLOAT_EQ(inputs().gauss[i], gauss[i]);
    EXPECT_FLOAT_EQ(inputs().student[i], student[i]);
    EXPECT_FLOAT_EQ(inputs().importance[i], weights[i]);
  }
}

struct Figures {
  QuantType type;
  bool with_importance;
  double gauss_rmse, gauss_wrmse, student_rmse, student_wrmse;
};

constexpr Figures kPublished[] = {
    {QuantType::kF32, false, 0, 0, 0, 0},
    {QuantType::kBF16, false, 2.5966e-05, 2.5972e-05, 3.3453e-05, 3.3475e-05},
    {QuantType::kF16, false, 3.2462e-06, 3.2466e-06, 4.1820e-06, 4.1819e-06},
    {QuantType::kQ8_0, false, 8.3602e-05, 8.3585e-05, 1.3642e-04, 1.3634e-04},
    {QuantType::kQ6_K, false, 2.7778e-04, 2.7768e-04, 4.3322e-04, 4.3319e-04},
    {QuantType::kQ6_K, true, 2.8386e-04, 2.5380e-04, 4.4211e-04, 4.0251e-04},
    {QuantType::kQ5_1, false, 5.9123e-04, 5.9124e-04, 8.7717e-04, 8.7712e-04},
    {QuantType::kQ5_1, true, 5.5302e-04, 4.8312e-04, 8.2330e-04, 7.2485e-04},
    {QuantType::kQ5_0, false, 6.6680e-04, 6.6685e-04, 1.0847e-03, 1.0850e-03},
    {QuantType::kQ5_0, true, 6.4865e-04, 6.0051e-04, 1.0685e-03, 1.0093e-03},
    {QuantType::kQ5_K, false, 5.6422e-04, 5.6429e-04, 8.4682e-04, 8.4689e-04},
    {QuantType::kQ5_K, true, 5.7117e-04, 5.1486e-04, 8.5788e-04, 7.8555e-04},
    {QuantType::kQ4_1, false, 1.2220e-03, 1.2219e-03, 1.8130e-03, 1.8131e-03},
    {QuantType::kQ4_1, true, 1.1440e-03, 9.9762e-04, 1.7043e-03, 1.4974e-03},
    {QuantType::kIQ4_NL, false, 1.1898e-03, 1.1899e-03, 1.7860e-03, 1.7855e-03},
    {QuantType::kIQ4_NL, true, 1.2075e-03, 1.1015e-03, 1.7974e-03, 1.6632e-03},
    {QuantType::kQ4_0, false, 1.3423e-03, 1.3419e-03, 2.1728e-03, 2.1726e-03},
    {QuantType::kQ4_0, true, 1.3081e-03, 1.2107e-03, 2.1392e-03, 2.0176e-03},
    {QuantType::kQ4_K, false, 1.1146e-03, 1.1145e-03, 1.6727e-03, 1.6727e-03},
    {QuantType::kQ4_K, true, 1.1540e-03, 1.0129e-03, 1.7261e-03, 1.5316e-03},
    {QuantType::kIQ4_XS, false, 1.1991e-03, 1.1991e-03, 1.8032e-03, 1.8027e-03},
    {QuantType::kIQ4_XS, true, 1.2158e-03, 1.1135e-03, 1.8132e-03, 1.6878e-03},
    {QuantType::kQ3_K, false, 2.3574e-03, 2.3567e-03, 3.5565e-03, 3.5571e-03},
    {QuantType::kQ3_K, true, 2.3478e-03, 2.1028e-03, 3.5262e-03, 3.2215e-03},
    {QuantType::kQ2_K, false, 4.6317e-03, 4.6315e-03, 6.7201e-03, 6.7206e-03},
    {QuantType::kQ2_K, true, 4.4292e-03, 3.7097e-03, 6.2704e-03, 5.3183e-03},
    {QuantType::kIQ3_S, false, 2.5944e-03, 2.5954e-03, 3.8024e-03, 3.8007e-03},
    {QuantType::kIQ3_S, true, 2.2744e-03, 1.8833e-03, 3.2726e-03, 2.8158e-03},
    {QuantType::kIQ3_XXS, false, 3.3301e-03, 3.3292e-03, 4.8784e-03, 4.8767e-03},
    {QuantType::kIQ3_XXS, true, 3.0997e-03, 2.4088e-03, 4.2642e-03, 3.4324e-03},
    {QuantType::kIQ2_S, false, 4.1374e-03, 4.1359e-03, 6.3293e-03, 6.3246e-03},
    {QuantType::kIQ2_S, true, 4.1017e-03, 3.5281e-03, 6.0739e-03, 5.3317e-03},
    {QuantType::kIQ2_XS, true, 4.9961e-03, 4.0730e-03, 6.9269e-03, 5.8815e-03},
    {QuantType::kIQ2_XXS, true, 5.6619e-03, 4.6608e-03, 8.0573e-03, 6.8636e-03},
};

struct Measured {
  double rmse = 0, standard_error = 0;
};

/// Root mean square error over the rows, each column weighted, and the standard error of that figure.
Measured measure(const Figures& figures, const std::vector<float>& matrix, bool weighted) {
  const Codec& type = codec(figures.type);
  std::vector<std::byte> blocks(row_bytes(figures.type, kCols));
  std::vector<float> decoded(kCols);
  const std::vector<float>& importance = inputs().importance;
  const size_t rows = matrix.size() / kCols;
  double sum = 0, sum_squares = 0;
  for (size_t row = 0; row < rows; ++row) {
    const float* x = matrix.data() + row * kCols;
    type.encode(x, blocks.data(), kCols, figures.with_importance ? importance.data() : nullptr);
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

class ErrorFiguresTest : public testing::TestWithParam<Figures> {};

TEST_P(ErrorFiguresTest, AgreesWithThePublishedFigures) {
  const Figures& figures = GetParam();
  const auto check = [&](const std::vector<float>& matrix, bool weighted, double published, const char* what) {
    const Measured measured = measure(figures, matrix, weighted);
    // Four standard errors of the sample, and half a unit of the published fifth digit.
    EXPECT_NEAR(measured.rmse, published, 4 * measured.standard_error + 5e-5 * published) << what;
  };
  check(inputs().gauss, false, figures.gauss_rmse, "gaussian, plain");
  check(inputs().gauss, true, figures.gauss_wrmse, "gaussian, weighted");
  check(inputs().student, false, figures.student_rmse, "student, plain");
  check(inputs().student, true, figures.student_wrmse, "student, weighted");
}

INSTANTIATE_TEST_SUITE_P(Types, ErrorFiguresTest, testing::ValuesIn(kPublished), [](const auto& test) {
  return std::string(name(test.param.type)) + (test.param.with_importance ? "WithImportance" : "");
});

}  // namespace
}  // namespace aurea::codecs
