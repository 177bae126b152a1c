// Q8_0: 32 values, one f16 scale, signed 8-bit codes. value = q * d, d = max|x| / 127, q = round(x / d), halves away
// from zero. Importance is ignored. Source: llama.cpp v0.5.0, ggml-quants.c.
#include "codecs/coarse_scales.h"

namespace aurea::codecs {
namespace {

void decode_block(const BlockQ8_0& block, float* dst) {
  const float d = f16_to_f32(block.d);
  for (int i = 0; i < kBlock32; ++i) dst[i] = static_cast<float>(block.qs[i]) * d;
}

constexpr uint32_t kSign = 0x80000000u;

/// max |x|. Magnitudes order like their bits, and integer maxima may be taken in any order, so this becomes vectors.
float peak_of(const float* x) {
  int32_t peaks[8] = {};
  for (int i = 0; i < kBlock32; i += 8) {
    for (int j = 0; j < 8; ++j) {
      const auto bits = static_cast<int32_t>(bits_from_f32(x[i + j]) & ~kSign);
      peaks[j] = bits > peaks[j] ? bits : peaks[j];
    }
  }
  int32_t peak = 0;
  for (const int32_t bits : peaks) peak = bits > peak ? bits : peak;
  return f32_from_bits(static_cast<uint32_t>(peak));
}

/// Half away from zero for |v| < 2^22: the largest float below 1/2 carries k + 1/2 over the next integer and nothing
/// less.
void round_away(const float* __restrict x, float inverse, int8_t* __restrict codes) {
  const uint32_t half = bits_from_f32(0x1.fffffep-2f);
  int32_t rounded[kBlock32];
  for (int i = 0; i < kBlock32; ++i) {
    const float v = x[i] * inverse;
    rounded[i] = static_cast<int32_t>(v + f32_from_bits((bits_from_f32(v) & kSign) | half));
  }
  for (int i = 0; i < kBlock32; ++i) codes[i] = static_cast<int8_t>(rounded[i]);
}

/// A block whose scale is coarse: see coarse_scales.h.
BlockQ8_0 keep_small_values(const float* x, const BlockQ8_0& block) {
  const float d = peak_of(x) / 127.0f;
  return keep_values<kBlock32>(x, block, d, kLostShare, decode_block, [&](float step) {
    BlockQ8_0 candidate{f32_to_f16(step), {}};
    for (int i = 0; i < kBlock32; ++i) {
      candidate.qs[i] = static_cast<int8_t>(clamp_code(nearest(x[i] / step), -127.0f, 127.0f));
    }
    return candidate;
  });
}

constexpr int kStrip = 8;  // blocks; their steps do not wait for each other

void encode_strip(const float* x, int n_blocks, std::byte* dst) {
  float inverses[kStrip];
  for (int b = 0; b < n_blocks; ++b) {
    const float d = peak_of(x + b * kBlock32) / 127.0f;
    const uint16_t bits = scale_bits(QuantType::kQ8_0, d);
    std::memcpy(dst + b * sizeof(BlockQ8_0), &bits, sizeof bits);
    inverses[b] = inverse_of(1, d);
  }
  bool coarse = false;
  for (int b = 0; b < n_blocks; ++b) {
    round_away(x + b * kBlock32, inverses[b],
               reinterpret_cast<int8_t*>(dst + b * sizeof(BlockQ8_0) + offsetof(BlockQ8_0, qs)));
    coarse |= !(inverses[b] < 1 / (kCoarseUnits * kHalfUnit)) || inverses[b] == 0;
  }
  for (int b = 0; coarse && b < n_blocks; ++b) {
    BlockQ8_0 block;
    std::memcpy(&block, dst + b * sizeof block, sizeof block);
    if (!is_coarse(block.d)) continue;
    block = keep_small_values(x + b * kBlock32, block);
    std::memcpy(dst + b * sizeof block, &block, sizeof block);
  }
}

void encode(const float* src, std::byte* dst, size_t n, const float*) {
  check_row(QuantType::kQ8_0, src, n, nullptr);
  const size_t n_blocks = n / kBlock32;
  for (size_t b = 0; b < n_blocks; b += kStrip) {
    const int count = static_cast<int>(n_blocks - b < kStrip ? n_blocks - b : kStrip);
    encode_strip(src + b * kBlock32, count, dst + b * sizeof(BlockQ8_0));
  }
}

}  // namespace

extern const Codec kCodecQ8_0 = {QuantType::kQ8_0, decode_blocks<BlockQ8_0, kBlock32, decode_block>, encode,
                                 scales_are_finite<BlockQ8_0, kBlock32, &BlockQ8_0::d>};

}  // namespace aurea::codecs
