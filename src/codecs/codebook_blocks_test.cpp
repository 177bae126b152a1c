// What the codebook types add to the reference's search: no group is given up because of its importance.
#include "codecs/codebook_blocks.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace aurea::codecs {
namespace {

constexpr size_t kCols = 17 * 256;  // more super-blocks than are searched together

struct Row {
  std::vector<float> x, importance;
};

Row make_row(uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  Row row;
  for (size_t i = 0; i < kCols; ++i) {
    row.x.push_back(0.02f * normal(random));
    row.importance.push_back(std::exp(normal(random)));
  }
  return row;
}

std::vector<std::byte> encode(QuantType type, const Row& row) {
  std::vector<std::byte> blocks(row_bytes(type, kCols));
  codec(type).encode(row.x.data(), blocks.data(), kCols, row.importance.data());
  return blocks;
}

std::vector<float> decode(QuantType type, const std::vector<std::byte>& blocks) {
  std::vector<float> values(kCols);
  codec(type).decode(blocks.data(), values.data(), kCols);
  return values;
}

class CodebookBlocksTest : public testing::TestWithParam<QuantType> {};

TEST_P(CodebookBlocksTest, OnlyTheRelationsOfImportanceMatter) {
  const Row row = make_row(1);
  const auto expected = encode(GetParam(), row);
  for (const int exponent : {-100, -60, -31, 40, 60}) {
    Row scaled = row;
    for (float& w : scaled.importance) w = std::ldexp(w, exponent);
    EXPECT_EQ(encode(GetParam(), scaled), expected) << exponent;
  }
  Row mixed = row;  // one group far below the others
  for (size_t i = 64; i < 96; ++i) mixed.importance[i] = std::ldexp(mixed.importance[i], -90);
  EXPECT_EQ(encode(GetParam(), mixed), expected);
}

TEST_P(CodebookBlocksTest, AGroupWithoutImportanceIsKeptAndTheOthersStay) {
  Row row = make_row(2);
  const auto before = decode(GetParam(), encode(GetParam(), row));
  for (size_t i = 96; i < 128; ++i) row.importance[i] = 0;
  const auto after = decode(GetParam(), encode(GetParam(), row));
  double error = 0, power = 0;
  for (size_t i = 0; i < kCols; ++i) {
    if (i >= 96 && i < 128) {
      error += std::pow(after[i] - row.x[i], 2);
      power += std::pow(row.x[i], 2);
    } else if (i >= 256) {
      ASSERT_EQ(after[i], before[i]) << "another block";
    }
  }
  EXPECT_LT(error, 0.3 * power);
}

TEST_P(CodebookBlocksTest, RowsWithoutAnyImportanceAreCodedAsIfAllColumnsHadTheSame) {
  Row row = make_row(3);
  std::fill(row.importance.begin(), row.importance.end(), 0.0f);
  const auto none = encode(GetParam(), row);
  std::fill(row.importance.begin(), row.importance.end(), 1.0f);
  EXPECT_EQ(none, encode(GetParam(), row));
}

TEST_P(CodebookBlocksTest, LargeElementsWithoutImportanceDoNoHarm) {
  Row row = make_row(4);
  for (size_t i = 0; i < kCols; i += 3) {
    row.importance[i] = 0;
    row.x[i] *= i % 2 == 0 ? 1e4f : 1e-30f;
  }
  for (const float v : decode(GetParam(), encode(GetParam(), row))) ASSERT_TRUE(std::isfinite(v));
}

/// In the reference's IQ3_S everything behind an empty group is stored one group too early.
TEST_P(CodebookBlocksTest, AnEmptyGroupDoesNotMoveTheOthers) {
  Row row = make_row(5);
  for (size_t i = 0; i < kCols; ++i) {
    if (i % 256 >= 32 && i % 256 < 64) row.x[i] = 0;
  }
  const auto values = decode(GetParam(), encode(GetParam(), row));
  double error = 0, power = 0;
  for (size_t i = 0; i < kCols; ++i) {
    error += std::pow(values[i] - row.x[i], 2);
    power += std::pow(row.x[i], 2);
  }
  EXPECT_LT(error, 0.2 * power);
}

/// Then the scale of the group is 0, but its smallest integer stands for a little more.
TEST(CodebookBlocks, ElementsAmongImportantZerosKeepTheirSigns) {
  for (const QuantType type : {QuantType::kIQ2_S, QuantType::kIQ3_S}) {
    Row row = make_row(6);
    for (size_t i = 32; i < 64; ++i) (i % 2 == 0 ? row.x : row.importance)[i] = 0;
    const auto values = decode(type, encode(type, row));
    for (size_t i = 33; i < 64; i += 2) ASSERT_GT(values[i] * row.x[i], 0) << name(type) << ", column " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Types, CodebookBlocksTest,
                         testing::Values(QuantType::kIQ2_XXS, QuantType::kIQ2_XS, QuantType::kIQ2_S,
                                         QuantType::kIQ3_XXS, QuantType::kIQ3_S),
                         [](const auto& test) { return std::string(name(test.param)); });

}  // namespace
}  // namespace aurea::codecs
