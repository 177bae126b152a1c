// Q1_0: 128 values, one f16 scale, one bit per value. value = bit ? d : -d.
// Source of the layout: llama.cpp v0.5.0, ggml-common.h. The best bits are the signs and the best d is the weighted
// mean of |x|, so no search is needed.
#include "codecs/block_io.h"
#include "codecs/weights.h"

namespace aurea::codecs {
namespace {

constexpr int kBlock = 128;

void decode_block(const BlockQ1_0& block, float* dst) {
  const float d = f16_to_f32(block.d);
  for (int i = 0; i < kBlock; ++i) dst[i] = (block.qs[i / 8] >> (i % 8) & 1) != 0 ? d : -d;
}

float mean_magnitude(const float* x, const float* importance) {
  float sum = 0, sum_w = 0;
  if (importance != nullptr) {
    for (int i = 0; i < kBlock; ++i) {
      sum += importance[i] * std::fabs(x[i]);
      sum_w += importance[i];
    }
    return sum / sum_w;
  }
  for (int i = 0; i < kBlock; ++i) sum += std::fabs(x[i]);
  return sum / static_cast<float>(kBlock);
}

void encode(const float* src, std::byte* dst, size_t n, const float* importance) {
  check_row(QuantType::kQ1_0, src, n, importance);
  for (size_t begin = 0; begin < n; begin += kBlock, dst += sizeof(BlockQ1_0)) {
    const float* x = src + begin;
    float buffer[kBlock];
    const float* w =
        group_weights(x, importance == nullptr ? nullptr : importance + begin, 1, kBlock, Weighting::kEqual, buffer);
    BlockQ1_0 block{};
    block.d = scale_bits(QuantType::kQ1_0, mean_magnitude(x, w));
    for (int i = 0; i < kBlock; ++i) block.qs[i / 8] |= static_cast<uint8_t>((x[i] >= 0 ? 1 : 0) << (i % 8));
    std::memcpy(dst, &block, sizeof block);
  }
}

}  // namespace

extern const Codec kCodecQ1_0 = {QuantType::kQ1_0, decode_blocks<BlockQ1_0, kBlock, decode_block>, encode,
                                 scales_are_finite<BlockQ1_0, kBlock, &BlockQ1_0::d>, true};

}  // namespace aurea::codecs
