// What the searches of our own must do beyond a small error: TQ1_0, TQ2_0, Q2_0, Q1_0, MXFP4, NVFP4.
#include "codecs/few_levels.h"

#include <gtest/gtest.h>

#include <random>

#include "codecs/fp4_values.h"

namespace aurea::codecs {
namespace {

std::vector<float> round_trip(QuantType type, const std::vector<float>& row, const float* importance = nullptr) {
  std::vector<std::byte> blocks(row_bytes(type, row.size()));
  codec(type).encode(row.data(), blocks.data(), row.size(), importance);
  std::vector<float> decoded(row.size());
  codec(type).decode(blocks.data(), decoded.data(), row.size());
  return decoded;
}

double squared_error(const std::vector<float>& x, const std::vector<float>& y) {
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) sum += std::pow(double{x[i]} - y[i], 2);
  return sum;
}

TEST(FewLevels, TernaryWeightsAreStoredExactly) {
  std::mt19937_64 random(1);
  for (const QuantType type : {QuantType::kTQ1_0, QuantType::kTQ2_0, QuantType::kQ2_0}) {
    for (const float size : {1.0f, 0.75f, 0x1.234p-7f, 0x1p-20f, 1000.0f}) {  // binary16 numbers
      for (const unsigned zeros : {1u, 3u, 60u}) {                            // per non-zero value
        std::vector<float> row(1024);
        for (float& v : row) v = random() % (zeros + 1) != 0 ? 0 : random() % 2 == 0 ? size : -size;
        EXPECT_EQ(round_trip(type, row), row) << name(type) << " " << size << " " << zeros;
      }
    }
  }
}

TEST(FewLevels, TheFourthCodeOfQ2_0IsUsedOnEitherSide) {
  std::vector<float> row(64);
  for (size_t i = 0; i < row.size(); ++i) row[i] = 0.5f * static_cast<float>(static_cast<int>(i % 4) - 1);
  EXPECT_EQ(round_trip(QuantType::kQ2_0, row), row);
  for (float& v : row) v = -v;
  EXPECT_EQ(round_trip(QuantType::kQ2_0, row), row);
}

/// The best ternary scale of 256 values: for codes by magnitude every split in the sorted order is tried.
double least_ternary_error(std::vector<float> x) {
  std::sort(x.begin(), x.end(), [](float a, float b) { return std::fabs(a) > std::fabs(b); });
  double power = 0, sum = 0, best = 0;
  for (size_t n = 1; n <= x.size(); ++n) {
    power += double{x[n - 1]} * x[n - 1];
    sum += std::fabs(x[n - 1]);
    best = std::max(best, sum * sum / static_cast<double>(n));
  }
  return power - best;
}

TEST(FewLevels, TernaryScalesAreNearlyTheBest) {
  std::mt19937_64 random(2);
  std::normal_distribution<float> normal;
  std::student_t_distribution<float> heavy(3);
  for (const bool tails : {false, true}) {
    double ours = 0, best = 0;
    for (int round = 0; round < 200; ++round) {
      std::vector<float> row(256);
      for (float& v : row) v = 0.02f * (tails ? heavy(random) : normal(random));
      ours += squared_error(row, round_trip(QuantType::kTQ2_0, row));
      best += least_ternary_error(row);
    }
    EXPECT_LT(ours, 1.002 * best);
    EXPECT_GT(ours, 0.999 * best);  // the scale is rounded, nothing is better
  }
}

TEST(FewLevels, TheScaleOfQ1_0IsTheWeightedMeanMagnitude) {
  std::vector<float> row(128), importance(128);
  for (size_t i = 0; i < row.size(); ++i) {
    row[i] = i % 2 == 0 ? 3.0f : -1.0f;
    importance[i] = i % 2 == 0 ? 1.0f : 3.0f;
  }
  EXPECT_EQ(round_trip(QuantType::kQ1_0, row)[1], -2.0f);
  EXPECT_EQ(round_trip(QuantType::kQ1_0, row, importance.data())[0], 1.5f);
}

TEST(Fp4, ValuesOfTheFormatAreStoredExactly) {
  for (const QuantType type : {QuantType::kMXFP4, QuantType::kNVFP4}) {
    for (const float scale : {1.0f, 0.25f, 8.0f}) {
      std::vector<float> row(64);
      for (size_t i = 0; i < row.size(); ++i) row[i] = scale * kFp4Values[i % 16];
      EXPECT_EQ(round_trip(type, row), row) << name(type) << " " << scale;
    }
  }
}

TEST(Fp4, MxfpHoldsTheSmallestAndTheLargestFloats) {
  std::vector<float> row(32, 0x1p-127f);
  row[1] = -0x1p-128f;
  EXPECT_EQ(round_trip(QuantType::kMXFP4, row), row);
  for (float& v : row) v *= 0x1p127f;  // 1 and less
  for (float& v : row) v *= 0x1p30f;   // the largest that is taken
  EXPECT_EQ(round_trip(QuantType::kMXFP4, row), row);
}

TEST(Fp4, MxfpExponents) {
  BlockMXFP4 block{};
  const auto valid = [&](uint8_t e, uint8_t codes) {
    block.e = e;
    std::memset(block.qs, codes, sizeof block.qs);
    return codec(QuantType::kMXFP4).validate(reinterpret_cast<const std::byte*>(&block), 32);
  };
  EXPECT_TRUE(valid(252, 0x77));   // 12 * 2^124
  EXPECT_FALSE(valid(253, 0x77));  // 12 * 2^125 is no float
  EXPECT_TRUE(valid(254, 0x11));
  EXPECT_FALSE(valid(255, 0x00));  // not a number
}

TEST(Fp4, NvfpRefusesWhatIsBeyondItsLargestScale) {
  std::vector<float> row(64);
  row[9] = -2688;
  EXPECT_EQ(round_trip(QuantType::kNVFP4, row), row);
  row[9] = 2689;
  try {
    round_trip(QuantType::kNVFP4, row);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
    EXPECT_NE(std::string(error.what()).find("2689"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace aurea::codecs
