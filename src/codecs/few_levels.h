// What TQ1_0, TQ2_0 and Q2_0 share: one f16 scale and codes -1 .. highest, stored from 0. The scale comes from one of
// the searches of search.h, which weigh by the importance alone; the codes are those of the rounded scale.
// (The reference encoders scale by the largest magnitude, which suits only weights that have these levels already.)
#pragma once

#include <algorithm>

#include "codecs/block_io.h"
#include "codecs/weights.h"

namespace aurea::codecs {

using FewLevelsSearch = void (*SearchSet::*)(const float* x, const float* w, int n_groups, float* scales);

/// A row of blocks of kElements: kPack(codes) fills the block but for its d.
template <class Block, int kElements, int kHighest, FewLevelsSearch kSearch, void (*kPack)(const uint8_t*, Block&)>
void encode_few_levels(QuantType type, const float* src, std::byte* dst, size_t n, const float* importance) {
  check_row(type, src, n, importance);
  constexpr int kChunk = kChunkBlocks * kBlock256;
  const SearchSet& set = search_set();
  float buffer[kChunk], scales[kChunk / kElements];
  for (size_t begin = 0; begin < n; begin += kChunk) {
    const int n_blocks = static_cast<int>(std::min<size_t>(kChunk, n - begin) / kElements);
    const float* x = src + begin;
    const float* w = group_weights(x, importance == nullptr ? nullptr : importance + begin, n_blocks, kElements,
                                   Weighting::kEqual, buffer);
    (set.*kSearch)(x, w, n_blocks, scales);
    for (int b = 0; b < n_blocks; ++b, x += kElements, dst += sizeof(Block)) {
      Block block{};
      block.d = scale_bits(type, scales[b]);
      if ((block.d & 0x7FFF) == 0 && scales[b] != 0) block.d |= 1;  // the smallest scale may still hold some values
      uint8_t codes[kElements];
      set.codes_by_inverse(x, kElements, inverse_of(1, f16_to_f32(block.d)), 0, -1, kHighest, codes);
      // With d = 0 every code means 0; those of zeros are as good as any.
      if (f16_to_f32(block.d) == 0) std::memset(codes, 1, sizeof codes);
      kPack(codes, block);
      std::memcpy(dst, &block, sizeof block);
    }
  }
}

}  // namespace aurea::codecs
