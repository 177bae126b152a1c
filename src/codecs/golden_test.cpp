// Every type of the table against blocks made by llama.cpp v0.5.0 (golden folder quant/): decoding to the bit, encoding
// byte by byte where the reference is well defined and keeps the values, and never with a larger error.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "codecs/codec.h"
#include "core/error.h"
#include "core/mapped_file.h"
#include "tests/support/test_support.h"

namespace aurea::codecs {
namespace {

constexpr size_t kRows = 5, kCols = 1024;
// Row 4 holds float32 subnormals from here on: the reference's encoders convert infinities to integers there.
constexpr size_t kWellDefinedCols = 768;
// The importance is 0 from here on. The reference's symmetric types store such groups as zeros.
constexpr size_t kFirstUnusedCol = 992;

std::vector<float> read_floats(const std::filesystem::path& path, size_t offset, size_t count) {
  const MappedFile file(path);
  if (file.bytes().size() < offset + count * sizeof(float)) fail_file("{}: too short", path.string());
  std::vector<float> values(count);
  std::memcpy(values.data(), file.bytes().data() + offset, count * sizeof(float));
  return values;
}

struct GoldenBlocks {
  std::vector<std::byte> blocks;
  std::vector<float> values;  // [kRows, kCols]
};

/// Layout: golden/quant/README.md.
GoldenBlocks read_golden(const std::filesystem::path& path, QuantType type) {
  constexpr size_t kHeader = 32;
  const MappedFile file(path);
  uint32_t header[8];
  if (file.bytes().size() < kHeader) fail_file("{}: too short", path.string());
  std::memcpy(header, file.bytes().data(), kHeader);
  const uint64_t bytes = row_bytes(type, kCols);
  if (std::memcmp(header, "AQG1", 4) != 0 || header[1] != info(type).gguf_id || header[2] != kRows ||
      header[3] != kCols || header[6] != bytes || file.bytes().size() < kHeader + kRows * bytes) {
    fail_file("{}: not the golden blocks of {}", path.string(), name(type));
  }
  const auto blocks = file.bytes().subspan(kHeader, kRows * bytes);
  return {{blocks.begin(), blocks.end()}, read_floats(path, kHeader + kRows * bytes, kRows * kCols)};
}

/// Types whose reference encoder scales by the largest magnitude. Ours search, and use importance, too.
bool has_own_search(QuantType type) {
  for (const QuantType own : {QuantType::kTQ1_0, QuantType::kTQ2_0, QuantType::kMXFP4, QuantType::kNVFP4,
                              QuantType::kQ1_0, QuantType::kQ2_0}) {
    if (type == own) return true;
  }
  return false;
}

struct Case {
  QuantType type;
  bool with_importance;
};

class GoldenTest : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    const auto folder = test::find_golden("quant");
    if (!folder) GTEST_SKIP() << "no golden folder quant/";
    std::string stem;
    for (const char c : name(GetParam().type)) stem += static_cast<char>(std::tolower(c));
    auto file = *folder / (stem + ".bin");
    if (GetParam().with_importance) {
      const bool reference_uses_it = codec(GetParam().type).uses_importance && !has_own_search(GetParam().type);
      if (reference_uses_it) file = *folder / (stem + ".imat.bin");  // others: the same blocks
      importance_ = read_floats(*folder / "importance.f32", 0, kCols);
    }
    if (!std::filesystem::exists(file)) GTEST_SKIP() << "no golden file " << file;
    golden_ = read_golden(file, GetParam().type);
    input_ = read_floats(*folder / "input.f32", 0, kRows * kCols);
  }

  [[nodiscard]] const float* importance() const { return importance_.empty() ? nullptr : importance_.data(); }

  [[nodiscard]] std::vector<std::byte> encode() const {
    const QuantType type = GetParam().type;
    std::vector<std::byte> blocks(kRows * row_bytes(type, kCols));
    for (size_t row = 0; row < kRows; ++row) {
      codec(type).encode(input_.data() + row * kCols, blocks.data() + row * row_bytes(type, kCols), kCols,
                         importance());
    }
    return blocks;
  }

  struct BlockErrors {
    double ours = 0, stored = 0, power = 0;  // sums of squares
  };
  [[nodiscard]] BlockErrors errors_of(const std::vector<float>& values, size_t first, size_t end) const {
    BlockErrors errors;
    for (size_t i = first; i < end; ++i) {
      errors.ours += std::pow(double{values[i]} - input_[i], 2);
      errors.stored += std::pow(double{golden_.values[i]} - input_[i], 2);
      errors.power += std::pow(double{input_[i]}, 2);
    }
    return errors;
  }

  /// The block at `first` ends in columns without importance. Only they may differ from the stored ones, and not for
  /// the worse.
  void expect_only_unused_columns_differ(const std::vector<float>& values, size_t first, const std::string& where) {
    const size_t end = first + info(GetParam().type).block_elements;
    const size_t unused = std::max(first, first / kCols * kCols + kFirstUnusedCol);
    for (size_t i = first; i < unused; ++i) ASSERT_EQ(values[i], golden_.values[i]) << where << ", element " << i;
    const BlockErrors errors = errors_of(values, unused, end);
    EXPECT_LE(errors.ours, errors.stored) << where;
  }

  std::vector<float> input_, importance_;
  GoldenBlocks golden_;
};

TEST_P(GoldenTest, DecodesToTheStoredValues) {
  std::vector<float> values(kRows * kCols);
  codec(GetParam().type).decode(golden_.blocks.data(), values.data(), values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    ASSERT_EQ(values[i], golden_.values[i]) << "row " << i / kCols << ", column " << i % kCols;
  }
  EXPECT_TRUE(codec(GetParam().type).validate(golden_.blocks.data(), values.size()));
}

TEST_P(GoldenTest, EncodesToTheStoredBytesUnlessTheseLoseValues) {
  const QuantTypeInfo& type = info(GetParam().type);
  if (has_own_search(type.type)) GTEST_SKIP() << "not the reference's search";
  const std::vector<std::byte> blocks = encode();
  std::vector<float> values(kRows * kCols);
  codec(type.type).decode(blocks.data(), values.data(), values.size());
  size_t kept = 0;
  for (size_t i = 0; i < blocks.size() / type.block_bytes; ++i) {
    const size_t first = i * type.block_elements, row = first / kCols, col = first % kCols;
    const size_t at = i * type.block_bytes;
    if (row == 4 && col >= kWellDefinedCols) continue;
    if (std::memcmp(blocks.data() + at, golden_.blocks.data() + at, type.block_bytes) == 0) continue;
    const std::string where = "block of row " + std::to_string(row) + ", column " + std::to_string(col);
    ++kept;
    if (importance() != nullptr && col + type.block_elements > kFirstUnusedCol) {
      expect_only_unused_columns_differ(values, first, where);
    } else {
      ASSERT_EQ(row, 4) << where;
      const BlockErrors errors = errors_of(values, first, first + type.block_elements);
      EXPECT_GT(errors.stored, 0.25 * errors.power) << where;
      EXPECT_LT(errors.ours, errors.stored) << where;
    }
  }
  RecordProperty("blocks_kept", static_cast<int>(kept));
}

TEST_P(GoldenTest, SubnormalInputDecodesToFiniteValues) {
  std::vector<float> values(kRows * kCols);
  codec(GetParam().type).decode(encode().data(), values.data(), values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    ASSERT_TRUE(std::isfinite(values[i])) << "row " << i / kCols << ", column " << i % kCols;
  }
}

TEST_P(GoldenTest, ErrorIsNotLargerThanTheStoredOne) {
  std::vector<float> values(kRows * kCols);
  codec(GetParam().type).decode(encode().data(), values.data(), values.size());
  for (size_t row = 0; row < 2; ++row) {
    double plain = 0, plain_golden = 0, weighted = 0, weighted_golden = 0;
    for (size_t col = 0; col < kCols; ++col) {
      const size_t i = row * kCols + col;
      const double w = importance() == nullptr ? 1 : importance()[col];
      const double error = std::pow(values[i] - input_[i], 2),
                   golden_error = std::pow(golden_.values[i] - input_[i], 2);
      plain += error;
      plain_golden += golden_error;
      weighted += w * error;
      weighted_golden += w * golden_error;
    }
    if (importance() == nullptr || !has_own_search(GetParam().type)) {
      EXPECT_LE(plain, plain_golden) << "row " << row;
    }
    EXPECT_LE(weighted, weighted_golden) << "row " << row;
  }
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const QuantTypeInfo& type : kQuantTypes) {
    cases.push_back({type.type, false});
    cases.push_back({type.type, true});
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Types, GoldenTest, testing::ValuesIn(all_cases()), [](const auto& test) {
  return std::string(name(test.param.type)) + (test.param.with_importance ? "WithImportance" : "");
});

}  // namespace
}  // namespace aurea::codecs
