// Q4_1: 32 values, f16 scale and f16 minimum, 4-bit codes. value = n * d + m.
// Search: simple_blocks.h, codes 0 .. 15.
#include "codecs/simple_blocks.h"

namespace aurea::codecs {
namespace {

constexpr SimpleGrid kGrid = {0, 15, true};

void decode_block(const BlockQ4_1& block, float* dst) {
  const float d = f16_to_f32(block.d), m = f16_to_f32(block.m);
  int codes[kBlock32];
  unpack_codes(block.qs, codes);
  for (int i = 0; i < kBlock32; ++i) dst[i] = static_cast<float>(codes[i]) * d + m;
}

void write_block(uint16_t d, uint16_t m, const uint8_t* codes, std::byte* dst) {
  std::memcpy(dst + offsetof(BlockQ4_1, d), &d, sizeof d);
  std::memcpy(dst + offsetof(BlockQ4_1, m), &m, sizeof m);
  pack_nibbles(codes, dst + offsetof(BlockQ4_1, qs));
}

void encode(const float* src, std::byte* dst, size_t n, const float* importance) {
  encode_simple<BlockQ4_1, write_block>(QuantType::kQ4_1, kGrid, src, dst, n, importance);
}

}  // namespace

extern const Codec kCodecQ4_1 = {QuantType::kQ4_1, decode_blocks<BlockQ4_1, kBlock32, decode_block>, encode,
                                 scales_are_finite<BlockQ4_1, kBlock32, &BlockQ4_1::d, &BlockQ4_1::m>, true};

}  // namespace aurea::codecs
