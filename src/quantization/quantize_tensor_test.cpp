#include "quantization/quantize_tensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "codecs/codec.h"
#include "core/error.h"

namespace aurea::quantization {
namespace {

std::vector<float> wave(size_t n) {
  std::vector<float> values(n);
  for (size_t i = 0; i < n; ++i) values[i] = std::sin(0.37f * static_cast<float>(i)) * (1 + static_cast<float>(i % 7));
  return values;
}

TensorView view_of(const std::vector<float>& values, uint64_t rows, uint64_t cols) {
  return {QuantType::kF32, {rows, cols}, std::as_bytes(std::span(values))};
}

std::vector<std::byte> quantized(const TensorView& view, QuantType type, unsigned threads, const QuantizeTensorOptions& options = {}) {
  ThreadPool pool(threads);
  std::vector<std::byte> bytes;
  quantize_tensor(view, type, options, pool, [&](std::span<const std::byte> piece) { bytes.insert(bytes.end(), piece.begin(), piece.end()); });
  return bytes;
}

TEST(QuantizeTensor, BytesDoNotDependOnTheNumberOfThreads) {
  const auto values = wave(37 * 512);
  for (const QuantTypeInfo& row : kQuantTypes) {
    const auto one = quantized(view_of(values, 37, 512), row.type, 1);
    EXPECT_EQ(one.size(), 37 * row_bytes(row.type, 512)) << row.name;
    EXPECT_EQ(one, quantized(view_of(values, 37, 512), row.type, 3)) << row.name;
  }
}

TEST(QuantizeTensor, PiecesOfALargeTensorJoinToWhatRowsGive) {
  constexpr uint64_t kCols = 1 << 20, kRows = 9;  // several pieces
  const auto values = wave(kRows * kCols);
  const auto bytes = quantized(view_of(values, kRows, kCols), QuantType::kQ8_0, 2);
  std::vector<std::byte> row(row_bytes(QuantType::kQ8_0, kCols));
  for (uint64_t r = 0; r < kRows; ++r) {
    codecs::codec(QuantType::kQ8_0).encode(values.data() + r * kCols, row.data(), kCols, nullptr);
    ASSERT_TRUE(std::equal(row.begin(), row.end(), bytes.begin() + static_cast<ptrdiff_t>(r * row.size()))) << r;
  }
}

TEST(QuantizeTensor, ValuesThatAreNotFiniteAreNamed) {
  for (const float bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    auto values = wave(8 * 256);
    values[5 * 256 + 17] = bad;
    try {
      quantized(view_of(values, 8, 256), QuantType::kQ4_K, 2);
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadFile);
      EXPECT_NE(std::string(error.what()).find("row 5, column 17"), std::string::npos) << error.what();
    }
  }
}

TEST(QuantizeTensor, WhatHasTheTypeAlreadyIsCopied) {
  constexpr uint64_t kRows = 40, kCols = 512;
  const auto values = wave(kRows * kCols);
  for (const QuantTypeInfo& row : kQuantTypes) {
    auto bytes = quantized(view_of(values, kRows, kCols), row.type, 2);
    EXPECT_EQ(bytes, quantized({row.type, {kRows, kCols}, bytes}, row.type, 2)) << row.name;
    std::fill(bytes.begin() + static_cast<ptrdiff_t>(bytes.size() / kRows * 30), bytes.end(), std::byte{0x7F});  // NaN in every float type
    std::fill(bytes.end() - static_cast<ptrdiff_t>(bytes.size() / kRows), bytes.end(), std::byte{0xFF});
    if (row.type == QuantType::kNVFP4) continue;  // all its bits mean numbers
    EXPECT_THROW(quantized({row.type, {kRows, kCols}, bytes}, row.type, 2), Error) << row.name;
  }
}

TEST(QuantizeTensor, BytesDoNotDependOnTheMemory) {
  constexpr uint64_t kRows = 33, kCols = 512;
  const auto values = wave(kRows * kCols);
  const TensorView view = view_of(values, kRows, kCols);
  for (const QuantType type : {QuantType::kF16, QuantType::kQ4_K, QuantType::kF32}) {
    const auto ample = quantized(view, type, 3);
    const uint64_t least = least_working_bytes(view, type);
    for (const uint64_t bytes : {least, 2 * least, 5 * least + 1}) {
      EXPECT_EQ(ample, quantized(view, type, 3, {.working_bytes = bytes})) << name(type);
    }
    EXPECT_THROW(quantized(view, type, 3, {.working_bytes = least - 1}), Error) << name(type);
  }
}

TEST(QuantizeTensor, PiecesKeepToTheMemory) {
  constexpr uint64_t kRows = 64, kCols = 512;
  const auto values = wave(kRows * kCols);
  const TensorView view = view_of(values, kRows, kCols);
  ThreadPool pool(2);
  constexpr uint64_t kBytes = 40'000;  // two lanes of 4096 bytes each; a row in work takes 2048 + 288
  size_t pieces = 0;
  quantize_tensor(view, QuantType::kQ4_K, {.working_bytes = kBytes}, pool, [&](std::span<const std::byte> piece) {
    ++pieces;
    EXPECT_LE(piece.size() / 288 * (2048 + 288) + 2 * 4096, kBytes);
  });
  EXPECT_EQ(pieces, 5u);
}

TEST(QuantizeTensor, TheRestOfATensorIsWhatTheWholeEndsIn) {
  constexpr uint64_t kRows = 21, kCols = 256;
  const auto values = wave(kRows * kCols);
  const TensorView view = view_of(values, kRows, kCols);
  const auto whole = quantized(view, QuantType::kQ6_K, 2);
  for (const uint64_t first : {0, 1, 20, 21}) {
    const auto rest = quantized(view, QuantType::kQ6_K, 2, {.first_row = first});
    ASSERT_EQ(rest.size(), (kRows - first) * row_bytes(QuantType::kQ6_K, kCols));
    EXPECT_TRUE(std::equal(rest.begin(), rest.end(), whole.end() - static_cast<ptrdiff_t>(rest.size()))) << first;
  }
}

TEST(QuantizeTensor, ErrorsAreThoseOfTheStoredValues) {
  constexpr uint64_t kRows = 9, kCols = 256;
  const auto values = wave(kRows * kCols);
  const TensorView view = view_of(values, kRows, kCols);
  std::vector<float> importance(kCols);
  for (size_t i = 0; i < kCols; ++i) importance[i] = 1 + static_cast<float>(i % 3);
  ErrorSums sums, other;
  const auto bytes = quantized(view, QuantType::kQ4_K, 1, {.importance = importance.data(), .errors = &sums});
  std::vector<float> stored(kCols);
  ErrorSums expected;
  for (uint64_t r = 0; r < kRows; ++r) {
    codecs::codec(QuantType::kQ4_K).decode(bytes.data() + r * row_bytes(QuantType::kQ4_K, kCols), stored.data(), kCols);
    for (size_t i = 0; i < kCols; ++i) {
      const double value = values[r * kCols + i], error = stored[i] - value;
      expected.error += error * error, expected.signal += value * value;
      expected.weighted_error += importance[i] * error * error, expected.weighted_signal += importance[i] * value * value;
    }
  }
  EXPECT_NEAR(sums.relative(), std::sqrt(expected.error / expected.signal), 1e-9);
  EXPECT_NEAR(sums.weighted_relative(), std::sqrt(expected.weighted_error / expected.weighted_signal), 1e-9);
  EXPECT_GT(sums.relative(), 0.01);
  EXPECT_NE(sums.relative(), sums.weighted_relative());
  quantized(view, QuantType::kQ4_K, 3, {.importance = importance.data(), .working_bytes = 20'000, .errors = &other});
  EXPECT_EQ(sums.error, other.error);  // to the last bit, however the work was cut
  EXPECT_EQ(sums.weighted_signal, other.weighted_signal);
  ErrorSums copy;
  quantized(view, QuantType::kF32, 2, {.errors = &copy});
  EXPECT_EQ(copy.error, 0);
  EXPECT_EQ(copy.signal, sums.signal);
}

TEST(QuantizeTensor, ACancelStopsTheWork) {
  const auto values = wave(256);
  ThreadPool pool(1);
  CancelToken cancel;
  cancel.request();
  EXPECT_THROW(quantize_tensor(view_of(values, 1, 256), QuantType::kQ4_K, {.cancel = &cancel}, pool, [](std::span<const std::byte>) { FAIL(); }), Error);
}

}  // namespace
}  // namespace aurea::quantization
