// Q4_K: super-blocks of 256, eight groups of 32 with 6-bit scales and minima, 4-bit codes.
// value = (d * s_j) * q - (dmin * t_j). Encoder: affine_super_blocks.h.
#include "codecs/affine_super_blocks.h"

namespace aurea::codecs {
namespace {

constexpr AffineSettings kSettings = {.type = QuantType::kQ4_K,
                                      .group = 32,
                                      .scale_levels = 63,
                                      .plain = {15, -1.0f, 0.1f, 20, Weighting::kRms},
                                      .weighted = {15, -0.9f, 0.05f, 36},
                                      .variance_factor = 2};

void decode_block(const BlockQ4_K& block, float* dst) {
  const float d = f16_to_f32(block.d), dmin = f16_to_f32(block.dmin);
  uint8_t scales[8], mins[8];
  unpack_six_bits(block.scales, scales, mins);
  for (int j = 0; j < 8; ++j) {
    const float step = d * static_cast<float>(scales[j]), shift = dmin * static_cast<float>(mins[j]);
    const uint8_t* qs = block.qs + 32 * (j / 2);
    for (int i = 0; i < 32; ++i) dst[32 * j + i] = step * static_cast<float>(qs[i] >> 4 * (j % 2) & 15) - shift;
  }
}

BlockQ4_K pack(const AffineSuperBlock& fit) {
  BlockQ4_K block;
  block.d = fit.d;
  block.dmin = fit.dmin;
  pack_six_bits(fit.scales, fit.mins, block.scales);
  for (int pair = 0; pair < 4; ++pair) {
    const uint8_t* codes = fit.codes + 64 * pair;
    for (int i = 0; i < 32; ++i) block.qs[32 * pair + i] = static_cast<uint8_t>(codes[i] | codes[i + 32] << 4);
  }
  return block;
}

void encode(const float* src, std::byte* dst, size_t n, const float* importance) {
  encode_affine_row<BlockQ4_K, pack>(kSettings, src, dst, n, importance);
}

}  // namespace

extern const Codec kCodecQ4_K = {QuantType::kQ4_K, decode_blocks<BlockQ4_K, kBlock256, decode_block>, encode,
                                 scales_are_finite<BlockQ4_K, kBlock256, &BlockQ4_K::d, &BlockQ4_K::dmin>, true};

}  // namespace aurea::codecs
