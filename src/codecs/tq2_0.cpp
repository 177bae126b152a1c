// TQ2_0: 256 values, one f16 scale, ternary codes in two bits. value = (q - 1) * d.
// Source of the layout: llama.cpp v0.5.0, ggml-common.h. Encoder: few_levels.h.
#include "codecs/few_levels.h"
#include "codecs/two_bit_planes.h"

namespace aurea::codecs {
namespace {

void decode_block(const BlockTQ2_0& block, float* dst) {
  const float d = f16_to_f32(block.d);
  uint8_t codes[kBlock256];
  unpack_two_bits(block.qs, codes);
  for (int i = 0; i < kBlock256; ++i) dst[i] = static_cast<float>(codes[i] - 1) * d;
}

void pack(const uint8_t* codes, BlockTQ2_0& block) { pack_two_bits(codes, block.qs); }

void encode(const float* src, std::byte* dst, size_t n, const float* importance) {
  encode_few_levels<BlockTQ2_0, kBlock256, 1, &SearchSet::ternary, pack>(QuantType::kTQ2_0, src, dst, n, importance);
}

}  // namespace

extern const Codec kCodecTQ2_0 = {QuantType::kTQ2_0, decode_blocks<BlockTQ2_0, kBlock256, decode_block>, encode,
                                  scales_are_finite<BlockTQ2_0, kBlock256, &BlockTQ2_0::d>, true};

}  // namespace aurea::codecs
