// Q4_0: 32 values, one f16 scale, 4-bit codes. value = (n - 8) * d.
// Search: simple_blocks.h, codes -8 .. 7.
#include "codecs/simple_blocks.h"

namespace aurea::codecs {
namespace {

constexpr SimpleGrid kGrid = {-8, 7, false};

void decode_block(const BlockQ4_0& block, float* dst) {
  const float d = f16_to_f32(block.d);
  int codes[kBlock32];
  unpack_codes(block.qs, codes);
  for (int i = 0; i < kBlock32; ++i) dst[i] = static_cast<float>(codes[i] + kGrid.lowest) * d;
}

void write_block(uint16_t d, uint16_t, const uint8_t* codes, std::byte* dst) {
  std::memcpy(dst + offsetof(BlockQ4_0, d), &d, sizeof d);
  pack_nibbles(codes, dst + offsetof(BlockQ4_0, qs));
}

void encode(const float* src, std::byte* dst, size_t n, const float* importance) {
  encode_simple<BlockQ4_0, write_block>(QuantType::kQ4_0, kGrid, src, dst, n, importance);
}

}  // namespace

extern const Codec kCodecQ4_0 = {QuantType::kQ4_0, decode_blocks<BlockQ4_0, kBlock32, decode_block>, encode,
                                 scales_are_finite<BlockQ4_0, kBlock32, &BlockQ4_0::d>, true};

}  // namespace aurea::codecs
