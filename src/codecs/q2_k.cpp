// Q2_K: super-blocks of 256, sixteen groups of 16 with 4-bit scales and minima, 2-bit codes.
// value = (d * s_j) * q - (dmin * t_j). Encoder: affine_super_blocks.h; without importance it minimises the weighted
// absolute error.
#include "codecs/affine_super_blocks.h"
#include "codecs/two_bit_planes.h"

namespace aurea::codecs {
namespace {

constexpr AffineSettings kSettings = {.type = QuantType::kQ2_K,
                                      .group = 16,
                                      .scale_levels = 15,
                                      .plain = {3, -0.5f, 0.1f, 15, Weighting::kMagnitude, true},
                                      .weighted = {3, -0.9f, 0.05f, 36},
                                      .variance_factor = 1};

void decode_block(const BlockQ2_K& block, float* dst) {
  const float d = f16_to_f32(block.d), dmin = f16_to_f32(block.dmin);
  uint8_t codes[kBlock256];
  unpack_two_bits(block.qs, codes);
  for (int j = 0; j < 16; ++j) {
    const float step = d * static_cast<float>(block.scales[j] & 15),
                shift = dmin * static_cast<float>(block.scales[j] >> 4);
    for (int i = 16 * j; i < 16 * j + 16; ++i) dst[i] = step * static_cast<float>(codes[i]) - shift;
  }
}

BlockQ2_K pack(const AffineSuperBlock& fit) {
  BlockQ2_K block;
  block.d = fit.d;
  block.dmin = fit.dmin;
  for (int j = 0; j < 16; ++j) block.scales[j] = static_cast<uint8_t>(fit.scales[j] | fit.mins[j] << 4);
  pack_two_bits(fit.codes, block.qs);
  return block;
}

void encode(const float* src, std::byte* dst, size_t n, const float* importance) {
  encode_affine_row<BlockQ2_K, pack>(kSettings, src, dst, n, importance);
}

}  // namespace

extern const Codec kCodecQ2_K = {QuantType::kQ2_K, decode_blocks<BlockQ2_K, kBlock256, decode_block>, encode,
                                 scales_are_finite<BlockQ2_K, kBlock256, &BlockQ2_K::d, &BlockQ2_K::dmin>, true};

}  // namespace aurea::codecs
