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

void write_block(const SimpleFit& fit, std::byte* dst) {
  BlockQ5_1 block;
  block.d = scale_bits(QuantType::kQ5_1, fit.scale);
  block.m = scale_bits(QuantType::kQ5_1, fit.min);
  pack_nibbles(fit.codes, block.qs);
  pack_fifth_bits(fit.codes, block.qh);
  std::memcpy(dst, &block, sizeof block);
}

void encode(const float* src, std::byte* dst, size_t n, const float* importance) {
  if (importance != nullptr) {
    encode_weighted(QuantType::kQ5_1, kGrid, src, dst, n, importance, sizeof(BlockQ5_1), write_block);
    return;
  }
  check_row(QuantType::kQ5_1, src, n, nullptr);
  for (size_t i = 0; i < n; i += kBlock32, dst += sizeof(BlockQ5_1)) write_block(fit_affine(kGrid, src + i), dst);
}

}  // namespace

extern const Codec kCodecQ5_1 = {QuantType::kQ5_1, decode_blocks<BlockQ5_1, kBlock32, decode_block>, encode,
                                 scales_are_finite<BlockQ5_1, kBlock32, &BlockQ5_1::d, &BlockQ5_1::m>, true};

}  // namespace aurea::codecs
