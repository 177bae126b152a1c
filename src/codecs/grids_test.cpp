// The grids against the tables of llama.cpp v0.5.0 (golden folder quant/).
#include "codecs/grids.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "codecs/iq1_grid.h"
#include "tests/support/test_support.h"

namespace aurea::codecs {
namespace {

/// The numbers of a golden CSV file, or nothing if it is absent.
std::vector<int> read_table(const std::string& name) {
  std::vector<int> numbers;
  const auto folder = test::find_golden("quant");
  if (!folder) return numbers;
  std::ifstream file(*folder / (name + ".csv"));
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream fields(line);
    for (std::string field; std::getline(fields, field, ',');) numbers.push_back(std::stoi(field));
  }
  return numbers;
}

struct Case {
  const char* name;
  const Grid& grid;
};

class GridTest : public testing::TestWithParam<Case> {};

TEST_P(GridTest, HoldsTheStoredMagnitudes) {
  const std::vector<int> expected = read_table(GetParam().name);
  if (expected.empty()) GTEST_SKIP() << "no golden table quant/" << GetParam().name << ".csv";
  const Grid& grid = GetParam().grid;
  EXPECT_EQ(std::vector<int>(grid.values, grid.values + grid.count * grid.length), expected);
}

TEST_P(GridTest, LevelsAndPackedEntriesNameTheSameValues) {
  const Grid& grid = GetParam().grid;
  const int bits = grid_bits(grid.length);
  constexpr int kUnknown = -1000;
  std::vector<int> value_of_level(static_cast<size_t>(grid.n_levels), kUnknown);
  for (int e = 0; e < grid.count; ++e) {
    if (e > 0) {
      ASSERT_LT(grid.packed[e - 1], grid.packed[e]);
    }
    for (int j = 0; j < grid.length; ++j) {
      const int level = grid.levels[e * grid.length + j], value = grid.values[e * grid.length + j];
      ASSERT_EQ(grid.packed[e] >> bits * j & ((1 << bits) - 1), level);
      ASSERT_LT(level, grid.n_levels);
      int& known = value_of_level[static_cast<size_t>(level)];
      if (known == kUnknown) known = value;
      ASSERT_EQ(value, known) << "one level, two values";
    }
  }
  for (size_t level = 0; level < value_of_level.size(); ++level) {
    EXPECT_GT(value_of_level[level], level == 0 ? kUnknown : value_of_level[level - 1]);
  }
}

INSTANTIATE_TEST_SUITE_P(Grids, GridTest,
                         testing::Values(Case{"iq2xxs_grid", kGridIq2Xxs}, Case{"iq2xs_grid", kGridIq2Xs},
                                         Case{"iq2s_grid", kGridIq2S}, Case{"iq3xxs_grid", kGridIq3Xxs},
                                         Case{"iq3s_grid", kGridIq3S}, Case{"iq1s_grid", kGridIq1}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Grids, SignBytesAreTheStoredOnes) {
  const std::vector<int> expected = read_table("ksigns_iq2xs");
  for (unsigned index = 0; index < 128; ++index) {
    EXPECT_EQ(std::popcount(ksigns(index)) % 2, 0);
    EXPECT_EQ(ksigns(index) & 127u, index);
    EXPECT_EQ(ksigns(index + 128), ksigns(index));
    if (!expected.empty()) {
      EXPECT_EQ(ksigns(index), expected[index]);
    }
  }
}

}  // namespace
}  // namespace aurea::codecs
