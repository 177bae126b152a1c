// Q5_1: 32 values, f16 scale and f16 minimum, 5-bit codes. value = (n + 16 h) * d + m, h the fifth bit.
// Search: simple_blocks.h, codes 0 .. 31.
#include "codecs/simple_blocks.h"

namespace aurea::codecs {
namespace {

constexpr SimpleGrid kGrid = {0, 31, true};

void decode_block(const BlockQ5_1& block, float* dst) {
  const float d = f16_to_f32(block.d), m = f16_to_f32(block.m);
  int codes[kBlock32];
  unpack_codes(block.qs, block.qh, codes);
  for (int i = 0; i < kBlock32; ++i) dst[i] = static_cast<float>(codes[i]) * d + m;
}

void write_block(uint16_t d, uint16_t m, const uint8_t* codes, std::byte* dst) {
  std::memcpy(dst + offsetof(BlockQ5_1, d), &d, sizeof d);
  std::memcpy(dst + offsetof(BlockQ5_1, m), &m, sizeof m);
  pack_nibbles(codes, dst + offsetof(BlockQ5_1, qs));
  pack_fifth_bits(codes, dst + offsetof(BlockQ5_1, qh));
}

void encode(const float* src, std::byte* dst, size_t n, const float* importance) {
  encode_simple<BlockQ5_1, write_block>(QuantType::kQ5_1, kGrid, src, dst, n, importance);
}

}  // namespace

extern const Codec kCodecQ5_1 = {QuantType::kQ5_1, decode_blocks<BlockQ5_1, kBlock32, decode_block>, encode,
                                 scales_are_finite<BlockQ5_1, kBlock32, &BlockQ5_1::d, &BlockQ5_1::m>, true};

}  // namespace aurea::codecs
