// Q5_0: 32 values, one f16 scale, 5-bit codes. value = (n + 16 h - 16) * d, h the fifth bit.
// Search: simple_blocks.h, codes -16 .. 15.
#include "codecs/simple_blocks.h"

namespace aurea::codecs {
namespace {

constexpr SimpleGrid kGrid = {-16, 15, false};

void decode_block(const BlockQ5_0& block, float* dst) {
  const float d = f16_to_f32(block.d);
  int codes[kBlock32];
  unpack_codes(block.qs, block.qh, codes);
  for (int i = 0; i < kBlock32; ++i) dst[i] = static_cast<float>(codes[i] + kGrid.lowest) * d;
}

void write_block(uint16_t d, uint16_t, const uint8_t* codes, std::byte* dst) {
  std::memcpy(dst + offsetof(BlockQ5_0, d), &d, sizeof d);
  pack_nibbles(codes, dst + offsetof(BlockQ5_0, qs));
  pack_fifth_bits(codes, dst + offsetof(BlockQ5_0, qh));
}

void encode(const float* src, std::byte* dst, size_t n, const float* importance) {
  encode_simple<BlockQ5_0, write_block>(QuantType::kQ5_0, kGrid, src, dst, n, importance);
}

}  // namespace

extern const Codec kCodecQ5_0 = {QuantType::kQ5_0, decode_blocks<BlockQ5_0, kBlock32, decode_block>, encode,
                                 scales_are_finite<BlockQ5_0, kBlock32, &BlockQ5_0::d>, true};

}  // namespace aurea::codecs
