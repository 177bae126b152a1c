// MXFP4: 32 values, a power of two (E8M0) as scale, 4-bit floats (E2M1). value = level * 2^(e - 128), levels doubled
// (fp4_values.h). Source: OCP Microscaling Formats 1.0; block layout of llama.cpp v0.5.0, ggml-common.h.
//
// The reference encoder takes the power of two that brings the largest magnitude into 4 .. 8 and cuts at 6. This one
// takes the best of that power and its neighbours.
#include <algorithm>

#include "codecs/block_io.h"
#include "codecs/fp4_values.h"
#include "codecs/simple_blocks.h"
#include "codecs/weights.h"

namespace aurea::codecs {
namespace {

constexpr int kChunk = kChunkBlocks * kBlock256, kMaxBlocks = kChunk / kBlock32;
constexpr int kExponentSteps[] = {0, 1, -1};  // beside that of the reference, which comes first
constexpr int kSteps = std::size(kExponentSteps);
constexpr int kLargestExponent = 252;  // the largest level is a finite float up to here
constexpr int kNotANumber = 255;

/// 2^(e - 128)
float step_of(int e) {
  if (e == kNotANumber) return f32_from_bits(0x7FC00000u);
  // 2^-128 and 2^-127 are subnormal.
  return e < 2 ? f32_from_bits(0x00200000u << e) : f32_from_bits(static_cast<uint32_t>(e - 1) << 23);
}

void decode_block(const BlockMXFP4& block, float* dst) {
  const float step = step_of(block.e);
  int codes[kBlock32];
  unpack_codes(block.qs, codes);
  for (int i = 0; i < kBlock32; ++i) dst[i] = static_cast<float>(kFp4Values[codes[i]]) * step;
}

/// e with floor(log2 max|x|) = e - 127 + 2, or 0.
int exponent_of_peak(const float* x) {
  float peak = 0;
  for (int i = 0; i < kBlock32; ++i) peak = std::max(peak, std::fabs(x[i]));
  return std::max(0, static_cast<int>(bits_from_f32(peak) >> 23) - 2);  // the exponent field has E8M0's bias
}

void encode(const float* src, std::byte* dst, size_t n, const float* importance) {
  check_row(QuantType::kMXFP4, src, n, importance);
  float buffer[kChunk], steps[kSteps * kMaxBlocks];
  uint8_t exponents[kSteps * kMaxBlocks], chosen[kMaxBlocks];
  for (size_t begin = 0; begin < n; begin += kChunk) {
    const int n_blocks = static_cast<int>(std::min<size_t>(kChunk, n - begin) / kBlock32);
    const float* x = src + begin;
    for (int b = 0; b < n_blocks; ++b) {
      const int first = exponent_of_peak(x + b * kBlock32);
      for (int s = 0; s < kSteps; ++s) {
        const int e = std::clamp(first + kExponentSteps[s], 0, kLargestExponent);
        exponents[s * n_blocks + b] = static_cast<uint8_t>(e);
        steps[s * n_blocks + b] = step_of(e);
      }
    }
    const float* w = group_weights(x, importance == nullptr ? nullptr : importance + begin, n_blocks, kBlock32,
                                   Weighting::kEqual, buffer);
    search_set().fp4(x, w, n_blocks, kBlock32, steps, kSteps, chosen);
    for (int b = 0; b < n_blocks; ++b, dst += sizeof(BlockMXFP4)) {
      BlockMXFP4 block;
      block.e = exponents[chosen[b] * n_blocks + b];
      uint8_t codes[kBlock32];
      search_set().fp4_codes(x + b * kBlock32, kBlock32, step_of(block.e), codes);
      pack_nibbles(codes, block.qs);
      std::memcpy(dst, &block, sizeof block);
    }
  }
}

/// Larger exponents than kLargestExponent are sound only with small levels.
bool validate(const std::byte* src, size_t n) {
  for (size_t i = 0; i < n; i += kBlock32, src += sizeof(BlockMXFP4)) {
    if (static_cast<int>(src[offsetof(BlockMXFP4, e)]) <= kLargestExponent) continue;
    BlockMXFP4 block;
    std::memcpy(&block, src, sizeof block);
    float values[kBlock32];
    decode_block(block, values);
    if (!std::all_of(values, values + kBlock32, [](float v) { return std::isfinite(v); })) return false;
  }
  return true;
}

}  // namespace

extern const Codec kCodecMXFP4 = {QuantType::kMXFP4, decode_blocks<BlockMXFP4, kBlock32, decode_block>, encode,
                                  validate, true};

}  // namespace aurea::codecs
