// IQ4_NL: 32 values, one f16 scale, 4-bit indices into the levels of iq4_values.h. value = d * level.
// Source of layout and search: llama.cpp v0.5.0, ggml-quants.c.
#include <algorithm>

#include "codecs/coarse_scales.h"
#include "codecs/iq4_values.h"
#include "codecs/simple_blocks.h"
#include "codecs/weights.h"

namespace aurea::codecs {
namespace {

constexpr int kChunk = kChunkBlocks * kBlock256;

void decode_block(const BlockIQ4_NL& block, float* dst) {
  const float d = f16_to_f32(block.d);
  int codes[kBlock32];
  unpack_codes(block.qs, codes);
  for (int i = 0; i < kBlock32; ++i) dst[i] = d * static_cast<float>(kIq4Values[codes[i]]);
}

BlockIQ4_NL make_block(const float* x, float scale) {
  uint8_t codes[kBlock32];
  search_set().iq4_codes(x, kBlock32, inverse_of(1, scale), codes);
  BlockIQ4_NL block;
  block.d = scale_bits(QuantType::kIQ4_NL, scale);
  pack_nibbles(codes, block.qs);
  return block;
}

/// The codes belong to the scale before it is rounded to f16, as in the reference.
void write_block(const float* x, float scale, std::byte* dst) {
  BlockIQ4_NL block = make_block(x, scale);
  if (is_coarse(block.d)) {
    block = keep_values<kBlock32>(x, block, scale, kLostShare, decode_block,
                                  [&](float step) { return make_block(x, step); });
  }
  std::memcpy(dst, &block, sizeof block);
}

void encode(const float* src, std::byte* dst, size_t n, const float* importance) {
  check_row(QuantType::kIQ4_NL, src, n, importance);
  float w[kChunk], scales[kChunk / kBlock32];
  for (size_t begin = 0; begin < n; begin += kChunk) {
    const int n_groups = static_cast<int>(std::min<size_t>(kChunk, n - begin) / kBlock32);
    const float* x = src + begin;
    if (importance != nullptr) {
      importance_weights_by_block(x, importance + begin, 2, n_groups, w, kBlock32);
      weigh_unused_groups(x, importance + begin, n_groups, kBlock32, w);
    }
    search_set().iq4(x, importance == nullptr ? nullptr : w, n_groups, scales);
    for (int g = 0; g < n_groups; ++g, dst += sizeof(BlockIQ4_NL)) write_block(x + g * kBlock32, scales[g], dst);
  }
}

}  // namespace

extern const Codec kCodecIQ4_NL = {QuantType::kIQ4_NL, decode_blocks<BlockIQ4_NL, kBlock32, decode_block>, encode,
                                   scales_are_finite<BlockIQ4_NL, kBlock32, &BlockIQ4_NL::d>, true};

}  // namespace aurea::codecs
