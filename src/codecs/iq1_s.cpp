// IQ1_S: super-blocks of 256, eight groups of 32 with a 3-bit scale and one shift each; 8 values are one of 2048 grid
// entries. value = (d * (2 s + 1)) * (grid + shift). Encoder: iq1_blocks.h. Source of layout and search: llama.cpp
// v0.5.0, ggml-quants.c, which has no search without importance; there the weights are ours.
#include <algorithm>

#include "codecs/iq1_blocks.h"

namespace aurea::codecs {
namespace {

constexpr int kGroup = 32, kGroups = 8;
constexpr int kChunk = kChunkBlocks * kBlock256;

void decode_block(const BlockIQ1_S& block, float* dst) {
  const float d = f16_to_f32(block.d);
  for (int g = 0; g < kGroups; ++g) {
    const unsigned bits = block.qh[g];
    const float step = d * static_cast<float>(2 * (bits >> 12 & 7) + 1);
    for (int run = 0; run < 4; ++run, dst += 8) {
      const int index = static_cast<int>(block.qs[4 * g + run] | (bits >> 3 * run & 7) << 8);
      decode_iq1_run(index, (bits >> 15) != 0, step, dst);
    }
  }
}

/// Super-block b with the scales d (2 s + 1); `stored`: d as it is stored.
BlockIQ1_S finish_with(const Iq1Chunk& chunk, int b, float d, float stored) {
  BlockIQ1_S block{};
  const int first = b * kGroups;
  block.d = scale_bits(QuantType::kIQ1_S, stored);
  for (int g = 0; g < kGroups; ++g) {
    const float group_d = chunk.unused[first + g] ? stored : d;
    int bits = iq1_scale_code(chunk.fits.scale[first + g], group_d) << 12 | chunk.fits.signs[first + g] << 15;
    for (int run = 0; run < 4; ++run) {
      const int index = chunk.fits.indices[(first + g) * 4 + run];
      block.qs[4 * g + run] = static_cast<uint8_t>(index);
      bits |= (index >> 8) << 3 * run;
    }
    block.qh[g] = static_cast<uint16_t>(bits);
  }
  return block;
}

BlockIQ1_S finish(const float* x, const float* importance, Iq1Chunk& chunk, int b) {
  const float d = choose_iq1_d(x, b, kGroup, chunk);
  if (d == 0) return {};
  BlockIQ1_S block = finish_with(chunk, b, d, d * 1.125f);  // the reference's factor
  if (is_coarse(block.d)) {
    block = keep_values<kBlock256>(x, block, d, kIq1LostShare, decode_block,
                                   [&](float step) { return finish_with(chunk, b, step, step); });
  }
  float values[kBlock256];
  decode_block(block, values);
  const float factor = factor_against_zeros(x, importance, values, kBlock256);
  if (factor != 1) block.d = f32_to_f16(f16_to_f32(block.d) * factor);
  return block;
}

void encode(const float* src, std::byte* dst, size_t n, const float* importance) {
  check_row(QuantType::kIQ1_S, src, n, importance);
  Iq1Chunk chunk;
  for (size_t begin = 0; begin < n; begin += kChunk) {
    const int n_blocks = static_cast<int>(std::min<size_t>(kChunk, n - begin) / kBlock256);
    const float* chunk_importance = importance == nullptr ? nullptr : importance + begin;
    search_iq1(src + begin, chunk_importance, n_blocks, kGroup, Iq1Weights::kRoot, 1e-12f, chunk);
    for (int b = 0; b < n_blocks; ++b, dst += sizeof(BlockIQ1_S)) {
      const int at = b * kBlock256;
      const float* block_importance = importance == nullptr ? nullptr : chunk_importance + at;
      const BlockIQ1_S block = finish(src + begin + at, block_importance, chunk, b);
      std::memcpy(dst, &block, sizeof block);
    }
  }
}

}  // namespace

extern const Codec kCodecIQ1_S = {QuantType::kIQ1_S,
                                  decode_blocks<BlockIQ1_S, kBlock256, decode_block>,
                                  encode,
                                  scales_are_finite<BlockIQ1_S, kBlock256, &BlockIQ1_S::d>,
                                  /*uses_importance=*/true,
                                  /*needs_importance=*/true};

}  // namespace aurea::codecs
