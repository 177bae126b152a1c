// Properties that every type of the table must have; a new type is tested here without an edit.
#include "codecs/codec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "core/error.h"
#include "core/half.h"

namespace aurea::codecs {
namespace {

constexpr size_t kCols = 20 * 256;  // more super-blocks than the encoders search together

using Values = std::vector<float>;
using Bytes = std::vector<std::byte>;

Values gaussian_row(size_t n, float sigma, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  Values row(n);
  for (float& v : row) v = sigma * normal(random);
  return row;
}

Values importance_row(size_t n) {
  Values row = gaussian_row(n, 1, 99);
  for (float& v : row) v = std::exp(v);
  return row;
}

Bytes encode(QuantType type, const Values& row, const Values& importance = {}) {
  Bytes blocks(row_bytes(type, row.size()));
  codec(type).encode(row.data(), blocks.data(), row.size(), importance.empty() ? nullptr : importance.data());
  return blocks;
}

Values decode(QuantType type, const Bytes& blocks, size_t n) {
  Values row(n);
  codec(type).decode(blocks.data(), row.data(), n);
  return row;
}

bool all_finite(const Values& values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

double relative_error(const Values& x, const Values& y, const Values& importance = {}) {
  double error = 0, power = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double w = importance.empty() ? 1 : importance[i];
    error += w * std::pow(double{x[i]} - y[i], 2);
    power += w * std::pow(double{x[i]}, 2);
  }
  return std::sqrt(error / power);
}

/// The error of b bits falls as 2^-b; ideal coding of a gaussian reaches 2^-b, every useful block type stays within
/// four times that. A float type loses at most half a unit of the last of BF16's eight significant bits.
double error_bound(QuantType type) { return is_float(type) ? 0x1p-8 : 4 * std::exp2(-bits_per_element(type)); }

/// A type may refuse larger values than this. NVFP4 has no larger scale than 448 and no larger level than 6.
float largest_value(QuantType type) { return type == QuantType::kNVFP4 ? 448 * 6 : 6e4f; }

/// Weights of this size are stored well. NVFP4 has no smaller scale than 2^-9.
float smallest_good_size(QuantType type) { return type == QuantType::kNVFP4 ? 1e-2f : 1e-3f; }

/// All bits of its blocks mean numbers.
bool is_always_finite(QuantType type) { return type == QuantType::kNVFP4; }

class CodecTest : public testing::TestWithParam<QuantType> {};

TEST_P(CodecTest, TableNamesTheRightCodec) { EXPECT_EQ(codec(GetParam()).type, GetParam()); }

TEST_P(CodecTest, RoundTripErrorIsWithinTheBitsOfTheType) {
  const Values row = gaussian_row(kCols, 0.02f, 1), importance = importance_row(kCols);
  const Values plain = decode(GetParam(), encode(GetParam(), row), kCols);
  const Values weighted = decode(GetParam(), encode(GetParam(), row, importance), kCols);
  EXPECT_LT(relative_error(row, plain), error_bound(GetParam()));
  EXPECT_LT(relative_error(row, weighted), error_bound(GetParam()));
  if (codec(GetParam()).uses_importance) {
    EXPECT_LT(relative_error(row, weighted, importance), relative_error(row, plain, importance));
  } else {
    EXPECT_EQ(plain, weighted);
  }
}

TEST_P(CodecTest, DecodedValuesEncodeAboutAsWell) {
  const Values row = gaussian_row(kCols, 0.02f, 2);
  const Values once = decode(GetParam(), encode(GetParam(), row), kCols);
  const Values twice = decode(GetParam(), encode(GetParam(), once), kCols);
  EXPECT_LT(relative_error(once, twice), error_bound(GetParam()));
}

TEST_P(CodecTest, EncodingIsDeterministic) {
  const Values row = gaussian_row(kCols, 0.02f, 3), importance = importance_row(kCols);
  EXPECT_EQ(encode(GetParam(), row), encode(GetParam(), row));
  EXPECT_EQ(encode(GetParam(), row, importance), encode(GetParam(), row, importance));
}

TEST_P(CodecTest, ABlockDoesNotDependOnItsNeighbours) {
  const size_t n = info(GetParam()).block_elements, bytes = info(GetParam()).block_bytes;
  const Values row = gaussian_row(37 * n, 0.02f, 4);
  const Bytes blocks = encode(GetParam(), row);
  for (size_t b = 0; b < 37; ++b) {
    const Values alone(row.begin() + static_cast<ptrdiff_t>(b * n), row.begin() + static_cast<ptrdiff_t>((b + 1) * n));
    ASSERT_EQ(std::memcmp(encode(GetParam(), alone).data(), blocks.data() + b * bytes, bytes), 0) << "block " << b;
  }
}

TEST_P(CodecTest, RowsMayStartAtAnyAddress) {
  const Values row = gaussian_row(256, 0.02f, 5);
  const Bytes blocks = encode(GetParam(), row);
  Bytes shifted(blocks.size() + 1);
  codec(GetParam()).encode(row.data(), shifted.data() + 1, row.size(), nullptr);
  EXPECT_EQ(std::memcmp(shifted.data() + 1, blocks.data(), blocks.size()), 0);
  Values values(row.size());
  codec(GetParam()).decode(shifted.data() + 1, values.data(), values.size());
  EXPECT_EQ(values, decode(GetParam(), blocks, row.size()));
  EXPECT_TRUE(codec(GetParam()).validate(shifted.data() + 1, row.size()));
}

TEST_P(CodecTest, ValidateMeansThatDecodedValuesAreFinite) {
  const size_t n = std::max<size_t>(info(GetParam()).block_elements, 8);
  std::mt19937_64 random(6);
  int valid = 0, invalid = 0;
  for (int round = 0; round < 4000; ++round) {
    Bytes blocks(row_bytes(GetParam(), n));
    for (std::byte& b : blocks) b = static_cast<std::byte>(random());
    const bool accepted = codec(GetParam()).validate(blocks.data(), n);
    ASSERT_EQ(accepted, all_finite(decode(GetParam(), blocks, n)));
    (accepted ? valid : invalid) += 1;
  }
  EXPECT_GT(valid, 0);
  EXPECT_EQ(invalid == 0, is_always_finite(GetParam()));
}

TEST_P(CodecTest, ValidateAcceptsEncoderOutputAndRejectsItWithAnInfiniteScale) {
  const size_t n = 8 * 256;
  Bytes blocks = encode(GetParam(), gaussian_row(n, 0.02f, 7));
  EXPECT_TRUE(codec(GetParam()).validate(blocks.data(), n));
  // Some field of the last block is a scale (or the value itself): with all its bits set and all behind it, it must be
  // seen.
  const size_t last = blocks.size() - info(GetParam()).block_bytes;
  bool rejected = false;
  for (size_t at = last; at < blocks.size(); ++at) {
    Bytes broken = blocks;
    std::fill(broken.begin() + static_cast<ptrdiff_t>(at), broken.end(), std::byte{0xFF});
    rejected = rejected || !codec(GetParam()).validate(broken.data(), n);
  }
  EXPECT_EQ(rejected, !is_always_finite(GetParam()));
}

TEST_P(CodecTest, ZerosStayZero) {
  const Values zeros(512);
  for (const Values& importance : {Values{}, importance_row(512)}) {
    const Values decoded = decode(GetParam(), encode(GetParam(), zeros, importance), zeros.size());
    EXPECT_EQ(decoded, zeros);
  }
}

/// Types that code several elements together, as one entry of a grid.
bool is_coded_in_runs(QuantType type) {
  const std::string_view prefix = name(type).substr(0, 3);
  return prefix == "IQ1" || prefix == "IQ2" || prefix == "IQ3";
}

TEST_P(CodecTest, ConstantsAreCloseOnBothSides) {
  for (const float value : {0.037f, -0.037f}) {
    const Values row(512, value);
    for (const Values& importance : {Values{}, importance_row(512)}) {
      const Values decoded = decode(GetParam(), encode(GetParam(), row, importance), row.size());
      if (is_coded_in_runs(GetParam())) {  // a grid need not have a constant entry: single elements may be further off
        EXPECT_LT(relative_error(row, decoded, importance), error_bound(GetParam()));
        continue;
      }
      // Every level grid holds one extreme of a group nearly exactly: only the f16 scales are rounded.
      for (const float v : decoded) ASSERT_NEAR(v, value, std::fabs(value) * error_bound(GetParam()));
    }
  }
}

TEST_P(CodecTest, GroupsWithoutImportanceAreKept) {
  const Values row = gaussian_row(512, 0.02f, 8);
  const auto expect_kept = [&](const Values& importance, size_t first, size_t end) {
    const Values decoded = decode(GetParam(), encode(GetParam(), row, importance), row.size());
    ASSERT_TRUE(all_finite(decoded));
    Values only(row.size());  // the columns of interest
    std::fill(only.begin() + static_cast<ptrdiff_t>(first), only.begin() + static_cast<ptrdiff_t>(end), 1.0f);
    EXPECT_LT(relative_error(row, decoded, only), 2 * error_bound(GetParam())) << first;
  };
  for (const size_t from : {0, 16, 32, 480}) {
    Values importance = importance_row(512);
    std::fill(importance.begin() + static_cast<ptrdiff_t>(from), importance.begin() + static_cast<ptrdiff_t>(from + 32),
              0.0f);
    expect_kept(importance, from, from + 32);
  }
  expect_kept(Values(512, 0.0f), 0, 512);
  expect_kept(Values(512, 1e-40f), 0, 512);
}

/// From subnormal to huge: a clear refusal or blocks that decode to finite values, and to good ones at
/// ordinary sizes: nothing large is clipped, lost or infinite in silence.
TEST_P(CodecTest, EveryMagnitudeIsRefusedOrGood) {
  int encoded = 0;
  for (int exponent = -45; exponent <= 38; ++exponent) {
    const float sigma = std::pow(10.0f, static_cast<float>(exponent));
    Values row = gaussian_row(512, 1, 9);
    for (float& v : row) v = std::clamp(v, -3.0f, 3.0f) * sigma;
    for (const Values& importance : {Values{}, importance_row(512)}) {
      try {
        const Bytes blocks = encode(GetParam(), row, importance);
        const Values decoded = decode(GetParam(), blocks, row.size());
        EXPECT_TRUE(codec(GetParam()).validate(blocks.data(), row.size())) << sigma;
        EXPECT_TRUE(all_finite(decoded)) << sigma;
        if (sigma > 0.99f * smallest_good_size(GetParam())) {
          EXPECT_LT(relative_error(row, decoded), error_bound(GetParam())) << sigma;
        }
        ++encoded;
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kUnsupported) << error.what();
        EXPECT_GT(3 * sigma, largest_value(GetParam())) << "weights of ordinary size were refused: " << error.what();
      }
    }
  }
  EXPECT_GE(encoded, 2 * 48);
}

TEST_P(CodecTest, OneOutlierAmongZeros) {
  for (const float outlier : {1.0f, -1.0f, 1e-20f, -largest_value(GetParam())}) {
    Values row(512);
    row[300] = outlier;
    const Values decoded = decode(GetParam(), encode(GetParam(), row), row.size());
    EXPECT_TRUE(all_finite(decoded));
    if (std::fabs(outlier) >= 1) {
      EXPECT_NEAR(decoded[300], outlier, std::fabs(outlier) * error_bound(GetParam()));
    }
  }
}

TEST_P(CodecTest, RefusesValuesThatAreNotFinite) {
  for (const float bad : {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                          std::numeric_limits<float>::quiet_NaN()}) {
    for (const size_t at : {0, 255, 300, 511}) {
      Values row = gaussian_row(512, 0.02f, 10);
      row[at] = bad;
      try {
        encode(GetParam(), row);
        ADD_FAILURE() << bad << " was encoded";
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kBadFile);
        EXPECT_NE(std::string(error.what()).find(std::to_string(at)), std::string::npos) << error.what();
      }
    }
  }
}

TEST_P(CodecTest, RefusesImportanceThatIsNoWeightUnlessItIgnoresIt) {
  const Values row = gaussian_row(512, 0.02f, 11);
  for (const float bad :
       {-1.0f, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN(), 1e30f}) {
    Values importance = importance_row(512);
    importance[401] = bad;
    if (codec(GetParam()).uses_importance) {
      EXPECT_THROW(encode(GetParam(), row, importance), Error) << bad;
    } else {
      EXPECT_EQ(encode(GetParam(), row, importance), encode(GetParam(), row));
    }
  }
  EXPECT_NO_THROW(encode(GetParam(), row, Values(512, 1e19f)));
  EXPECT_NO_THROW(encode(GetParam(), row, Values(512, -0.0f)));
}

/// Rows that no model should have, by name.
struct HostileRow {
  std::string name;
  Values values, importance;
};

std::vector<HostileRow> hostile_rows() {
  constexpr size_t kN = 512;
  std::mt19937_64 random(13);
  std::normal_distribution<float> normal;
  const auto filled = [&](auto value) {
    Values row(kN);
    for (size_t i = 0; i < kN; ++i) row[i] = value(i);
    return row;
  };
  const std::vector<std::pair<std::string, Values>> values = {
      {"one large among small", filled([&](size_t i) { return i == 77 ? 100.0f : 1e-3f * normal(random); })},
      {"one in a hundred", filled([&](size_t i) { return i % 100 == 3 ? normal(random) : 0; })},
      {"groups of every size",
       filled([&](size_t i) { return std::exp2(static_cast<float>(i / 16 % 32) - 24) * normal(random); })},
      {"sizes within groups", filled([&](size_t) {
         return std::min(2000.0f, std::exp(4 * normal(random))) * (random() % 2 == 0 ? 1.0f : -1.0f);
       })},
      {"constant", filled([](size_t) { return 0.3f; })},
      {"two constants", filled([](size_t i) { return i % 256 < 100 ? -0.7f : 0.02f; })},
      {"alternating", filled([](size_t i) { return i % 2 == 0 ? 1.0f : -1.0f; })},
      {"positive ramp", filled([](size_t i) { return static_cast<float>(i); })},
      {"offset", filled([&](size_t) { return 5 + 0.01f * normal(random); })},
      {"tiny", filled([&](size_t) { return 3e-7f * normal(random); })},
      {"tiny with one ordinary", filled([&](size_t i) { return i == 300 ? 0.5f : 3e-7f * normal(random); })},
      {"around the smallest half", filled([&](size_t) { return 0x1p-24f * normal(random); })},
      {"subnormal", filled([&](size_t) { return 1e-40f * normal(random); })},
      {"subnormal with one ordinary", filled([&](size_t i) { return i == 5 ? -0.01f : 1e-42f; })},
      {"negative zeros", filled([](size_t i) { return i == 9 ? 1.0f : -0.0f; })},
      {"large", filled([&](size_t) { return std::clamp(700 * normal(random), -2600.0f, 2600.0f); })},
  };
  const std::vector<std::pair<std::string, Values>> importances = {
      {"", {}},
      {", ordinary importance", importance_row(kN)},
      {", importance in few columns", filled([](size_t i) { return i % 41 == 0 ? 1.0f : 0.0f; })},
      {", importance in one group", filled([](size_t i) { return i / 32 == 3 ? 1.0f : 0.0f; })},
      {", importance of every size", filled([&](size_t) { return std::exp(10 * normal(random)); })},
      {", subnormal importance", filled([](size_t) { return 1e-42f; })},
      {", no importance", Values(kN)},
  };
  std::vector<HostileRow> rows;
  for (const auto& row : values) {
    for (const auto& importance : importances) {
      rows.push_back({row.first + importance.first, row.second, importance.second});
    }
  }
  return rows;
}

/// Sum over the row of w (x - y)^2.
double squared_error(const Values& x, const Values& y, const Values& w) {
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) sum += (w.empty() ? 1.0 : double{w[i]}) * std::pow(double{x[i]} - y[i], 2);
  return sum;
}

TEST_P(CodecTest, HostileRowsBecomeFiniteAndNoWorseThanZeros) {
  for (const HostileRow& row : hostile_rows()) {
    const Bytes blocks = encode(GetParam(), row.values, row.importance);
    EXPECT_TRUE(codec(GetParam()).validate(blocks.data(), row.values.size())) << row.name;
    const Values decoded = decode(GetParam(), blocks, row.values.size());
    ASSERT_TRUE(all_finite(decoded)) << row.name;
    const Values zeros(decoded.size());
    const bool plain = squared_error(row.values, decoded, {}) <= squared_error(row.values, zeros, {});
    // With importance the columns that have it may cost the others, or (in a group that both share) the other way
    // round.
    const bool weighted =
        codec(GetParam()).uses_importance && !row.importance.empty() &&
        squared_error(row.values, decoded, row.importance) <= squared_error(row.values, zeros, row.importance);
    EXPECT_TRUE(plain || weighted) << row.name;
  }
}

std::vector<QuantType> all_types() {
  std::vector<QuantType> types;
  for (const QuantTypeInfo& type : kQuantTypes) types.push_back(type.type);
  return types;
}

INSTANTIATE_TEST_SUITE_P(Types, CodecTest, testing::ValuesIn(all_types()),
                         [](const auto& test) { return std::string(name(test.param)); });

TEST(Q8_0, RoundsHalvesAwayFromZero) {
  Values row(32);
  const float just_below = std::nextafter(0.5f, 0.0f);
  const float x[] = {127, 0.5f, -0.5f, just_below, -just_below, 1.5f, -1.5f, 2.5f, -2.5f, 126.5f, -126.5f, 0.25f};
  const float expected[] = {127, 1, -1, 0, 0, 2, -2, 3, -3, 127, -127, 0};
  std::copy(std::begin(x), std::end(x), row.begin());
  const Values decoded = decode(QuantType::kQ8_0, encode(QuantType::kQ8_0, row), row.size());  // scale 127 / 127
  for (size_t i = 0; i < std::size(x); ++i) EXPECT_EQ(decoded[i], expected[i]) << x[i];
}

TEST(FloatCodecs, AgreeWithTheScalarConversions) {
  std::mt19937_64 random(12);
  Values row(64 * 257);  // also a part of a strip
  row.resize(row.size() + 5);
  for (float& v : row) {
    do {
      v = std::bit_cast<float>(static_cast<uint32_t>(random()));
    } while (!(std::fabs(v) < 65504));
  }
  const Bytes halves = encode(QuantType::kF16, row), brains = encode(QuantType::kBF16, row);
  for (size_t i = 0; i < row.size(); ++i) {
    uint16_t half, brain;
    std::memcpy(&half, halves.data() + 2 * i, 2);
    std::memcpy(&brain, brains.data() + 2 * i, 2);
    ASSERT_EQ(half, f32_to_f16(row[i])) << row[i];
    ASSERT_EQ(brain, f32_to_bf16(row[i])) << row[i];
  }
  Bytes all(2 * 65536);
  for (uint32_t bits = 0; bits < 65536; ++bits) std::memcpy(all.data() + 2 * bits, &bits, 2);
  const Values decoded = decode(QuantType::kF16, all, 65536);
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    ASSERT_EQ(std::bit_cast<uint32_t>(decoded[bits]), std::bit_cast<uint32_t>(f16_to_f32(static_cast<uint16_t>(bits))));
  }
}

}  // namespace
}  // namespace aurea::codecs
