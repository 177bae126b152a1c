// What IQ1_S and IQ1_M add to the reference's search: no group is lost or blown up.
#include "codecs/iq1_blocks.h"

#include <gtest/gtest.h>

#include <random>

namespace aurea::codecs {
namespace {

class Iq1Test : public testing::TestWithParam<QuantType> {
 protected:
  static std::vector<float> round_trip(const std::vector<float>& row, const float* importance) {
    std::vector<std::byte> blocks(row_bytes(GetParam(), row.size()));
    codec(GetParam()).encode(row.data(), blocks.data(), row.size(), importance);
    std::vector<float> decoded(row.size());
    codec(GetParam()).decode(blocks.data(), decoded.data(), row.size());
    return decoded;
  }

  static std::vector<float> gaussian_row() {
    std::mt19937_64 random(3);
    std::normal_distribution<float> normal;
    std::vector<float> row(256);
    for (float& v : row) v = 0.02f * normal(random);
    return row;
  }
};

TEST_P(Iq1Test, AnEmptyGroupIsNearlyZero) {
  std::vector<float> row = gaussian_row();
  std::fill(row.begin() + 64, row.begin() + 96, 0.0f);
  const std::vector<float> decoded = round_trip(row, nullptr);
  float largest = 0;
  for (const float v : decoded) largest = std::max(largest, std::fabs(v));
  for (size_t i = 64; i < 96; ++i) EXPECT_LT(std::fabs(decoded[i]), 0.02f * largest) << i;  // the shift alone
}

TEST_P(Iq1Test, LargeColumnsWithoutImportanceLeaveTheOthersAndKeepTheirSigns) {
  std::vector<float> row = gaussian_row(), importance(256, 1.0f);
  std::fill(importance.begin() + 128, importance.begin() + 160, 0.0f);
  for (size_t i = 128; i < 160; ++i) row[i] *= 1e4f;
  const std::vector<float> after = round_trip(row, importance.data());
  double error = 0, power = 0;
  for (size_t i = 0; i < 256; ++i) {
    if (importance[i] == 0) continue;
    error += std::pow(double{row[i]} - after[i], 2);
    power += std::pow(double{row[i]}, 2);
  }
  EXPECT_LT(error, 0.6 * power);
  int same_sign = 0;
  for (size_t i = 128; i < 160; ++i) same_sign += (row[i] < 0) == (after[i] < 0) ? 1 : 0;
  EXPECT_GE(same_sign, 24);
}

INSTANTIATE_TEST_SUITE_P(Types, Iq1Test, testing::Values(QuantType::kIQ1_S, QuantType::kIQ1_M),
                         [](const auto& test) { return std::string(name(test.param)); });

}  // namespace
}  // namespace aurea::codecs
