// TQ1_0: 256 values, one f16 scale, ternary codes, five in a byte. value = (t - 1) * d.
// A byte b stands for the fraction b / 256 in base 3: digit n is what multiplying by 3 for the (n + 1)-th time carries
// over the point. The encoder rounds the fraction of five digits up, so that the digits come back.
// Source of the layout: llama.cpp v0.5.0, ggml-common.h and ggml-quants.c. Encoder: few_levels.h.
#include "codecs/few_levels.h"

namespace aurea::codecs {
namespace {

/// Elements first, first + stride, .. are digits 0 .. n_digits - 1 of one byte; `stride` such bytes lie side by side.
struct Run {
  int first, stride, n_digits;
};
constexpr Run kRuns[] = {{0, 32, 5}, {160, 16, 5}, {240, 4, 4}};

/// kDigits digits of kStride bytes that lie side by side.
template <int kStride, int kDigits>
void pack_digits(const uint8_t* __restrict codes, uint8_t* __restrict bytes) {
  for (int m = 0; m < kStride; ++m) {
    uint16_t value = 0;
    for (int n = 0; n < 5; ++n) value = static_cast<uint16_t>(3 * value + (n < kDigits ? codes[n * kStride + m] : 0));
    bytes[m] = static_cast<uint8_t>((value * 256 + 242) / 243);
  }
}

void unpack_digits(uint8_t byte, int stride, int n_digits, float d, float* dst) {
  for (int n = 0; n < n_digits; ++n) {
    const int tripled = byte * 3;
    dst[n * stride] = static_cast<float>((tripled >> 8) - 1) * d;
    byte = static_cast<uint8_t>(tripled);
  }
}

void decode_block(const BlockTQ1_0& block, float* dst) {
  const float d = f16_to_f32(block.d);
  const uint8_t* bytes[] = {block.qs, block.qs + 32, block.qh};
  for (int r = 0; r < 3; ++r) {
    for (int m = 0; m < kRuns[r].stride; ++m) {
      unpack_digits(bytes[r][m], kRuns[r].stride, kRuns[r].n_digits, d, dst + kRuns[r].first + m);
    }
  }
}

void pack(const uint8_t* codes, BlockTQ1_0& block) {
  pack_digits<kRuns[0].stride, kRuns[0].n_digits>(codes + kRuns[0].first, block.qs);
  pack_digits<kRuns[1].stride, kRuns[1].n_digits>(codes + kRuns[1].first, block.qs + 32);
  pack_digits<kRuns[2].stride, kRuns[2].n_digits>(codes + kRuns[2].first, block.qh);
}

void encode(const float* src, std::byte* dst, size_t n, const float* importance) {
  encode_few_levels<BlockTQ1_0, kBlock256, 1, &SearchSet::ternary, pack>(QuantType::kTQ1_0, src, dst, n, importance);
}

}  // namespace

extern const Codec kCodecTQ1_0 = {QuantType::kTQ1_0, decode_blocks<BlockTQ1_0, kBlock256, decode_block>, encode,
                                  scales_are_finite<BlockTQ1_0, kBlock256, &BlockTQ1_0::d>, true};

}  // namespace aurea::codecs
