// Q8_0: 32 values, one f16 scale, signed 8-bit codes. value = q * d, d = max|x| / 127, q = round(x / d), halves away
// from zero. Importance is ignored. Source: llama.cpp v0.5.0, ggml-quants.c.
#include <algorithm>

#include "codecs/coarse_scales.h"

namespace aurea::codecs {
namespace {

constexpr int kTop = 127;

void decode_block(const BlockQ8_0& block, float* dst) {
  const float d = f16_to_f32(block.d);
  for (int i = 0; i < kBlock32; ++i) dst[i] = static_cast<float>(block.qs[i]) * d;
}

/// The block at dst, whose scale is coarse: see coarse_scales.h.
void keep_small_values(const float* x, float d, std::byte* dst) {
  BlockQ8_0 block;
  std::memcpy(&block, dst, sizeof block);
  block = keep_values<kBlock32>(x, block, d, kLostShare, decode_block, [&](float step) {
    BlockQ8_0 candidate{f32_to_f16(step), {}};
    for (int i = 0; i < kBlock32; ++i) {
      candidate.qs[i] = static_cast<int8_t>(clamp_code(nearest(x[i] / step), -kTop, kTop));
    }
    return candidate;
  });
  std::memcpy(dst, &block, sizeof block);
}

void encode(const float* src, std::byte* dst, size_t n, const float*) {
  check_row(QuantType::kQ8_0, src, n, nullptr);
  constexpr size_t kChunk = size_t{kMaxSimpleBlocks} * kBlock32;
  ExtremesFits fits;
  for (size_t begin = 0; begin < n; begin += kChunk) {
    const float* x = src + begin;
    const int n_blocks = static_cast<int>(std::min(kChunk, n - begin) / kBlock32);
    search_set().extremes(ExtremesRule::kMagnitude, -kTop, kTop, x, n_blocks, &fits);
    for (int b = 0; b < n_blocks; ++b, dst += sizeof(BlockQ8_0)) {
      const uint16_t d = scale_bits(QuantType::kQ8_0, fits.d[b], fits.scale[b]);
      std::memcpy(dst + offsetof(BlockQ8_0, d), &d, sizeof d);
      std::memcpy(dst + offsetof(BlockQ8_0, qs), fits.codes + b * kBlock32, kBlock32);
      if (is_coarse(d)) keep_small_values(x + b * kBlock32, fits.scale[b], dst);
    }
  }
}

}  // namespace

extern const Codec kCodecQ8_0 = {QuantType::kQ8_0, decode_blocks<BlockQ8_0, kBlock32, decode_block>, encode,
                                 scales_are_finite<BlockQ8_0, kBlock32, &BlockQ8_0::d>};

}  // namespace aurea::codecs
