// Q2_0: 64 values, one f16 scale, 2-bit codes. value = (q - 1) * d, so the levels are -1, 0, 1, 2; d may be negative.
// Source of the layout: llama.cpp v0.5.0, ggml-common.h. Encoder: few_levels.h.
#include "codecs/few_levels.h"

namespace aurea::codecs {
namespace {

constexpr int kBlock = 64;

void decode_block(const BlockQ2_0& block, float* dst) {
  const float d = f16_to_f32(block.d);
  for (int i = 0; i < kBlock; ++i) dst[i] = static_cast<float>((block.qs[i / 4] >> 2 * (i % 4) & 3) - 1) * d;
}

void pack(const uint8_t* codes, BlockQ2_0& block) {
  for (int i = 0; i < kBlock; ++i) block.qs[i / 4] |= static_cast<uint8_t>(codes[i] << 2 * (i % 4));
}

void encode(const float* src, std::byte* dst, size_t n, const float* importance) {
  encode_few_levels<BlockQ2_0, kBlock, 2, &SearchSet::two_bit, pack>(QuantType::kQ2_0, src, dst, n, importance);
}

}  // namespace

extern const Codec kCodecQ2_0 = {QuantType::kQ2_0, decode_blocks<BlockQ2_0, kBlock, decode_block>, encode,
                                 scales_are_finite<BlockQ2_0, kBlock, &BlockQ2_0::d>, true};

}  // namespace aurea::codecs
