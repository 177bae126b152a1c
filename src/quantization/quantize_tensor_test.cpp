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

std::vector<std::byte> quantized(const TensorView& view, QuantType type, unsigned threads) {
  ThreadPool pool(threads);
  std::vector<std::byte> bytes;
  quantize_tensor(view, false, type, nullptr, pool, nullptr, [&](std::span<const std::byte> piece) { bytes.insert(bytes.end(), piece.begin(), piece.end()); });
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

TEST(QuantizeTensor, ACancelStopsTheWork) {
  const auto values = wave(256);
  ThreadPool pool(1);
  CancelToken cancel;
  cancel.request();
  EXPECT_THROW(quantize_tensor(view_of(values, 1, 256), false, QuantType::kQ4_K, nullptr, pool, &cancel, [](std::span<const std::byte>) { FAIL(); }), Error);
}

}  // namespace
}  // namespace aurea::quantization
