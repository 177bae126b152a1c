// IQ4_XS: super-blocks of 256, eight groups of 32 with signed 6-bit scales (stored + 32), 4-bit indices into the levels
// of iq4_values.h. value = (d * (s_j - 32)) * level. Source of layout and search: llama.cpp v0.5.0, ggml-quants.c.
#include <algorithm>

#include "codecs/coarse_scales.h"
#include "codecs/iq4_values.h"
#include "codecs/simple_blocks.h"
#include "codecs/weights.h"

namespace aurea::codecs {
namespace {

constexpr int kGroup = 32, kGroups = 8;
constexpr int kScaleLevels = 32;
constexpr int kChunk = kChunkBlocks * kBlock256;

void decode_block(const BlockIQ4_XS& block, float* dst) {
  const float d = f16_to_f32(block.d);
  for (int j = 0; j < kGroups; ++j) {
    const int s = (block.scales_l[j / 2] >> 4 * (j % 2) & 15) | (block.scales_h >> 2 * j & 3) << 4;
    const float step = d * static_cast<float>(s - kScaleLevels);
    int codes[kGroup];
    unpack_codes(block.qs + 16 * j, codes);
    for (int i = 0; i < kGroup; ++i) dst[kGroup * j + i] = step * static_cast<float>(kIq4Values[codes[i]]);
  }
}

/// The block for a given d; the codes belong to the integer scales times the d before it is rounded to f16, as in the
/// reference. coarse: no scale but 0 becomes 0.
BlockIQ4_XS finish_with(const float* x, const float* scales, float d, bool coarse) {
  const float inverse = inverse_of(1, d);
  BlockIQ4_XS block{};
  block.d = scale_bits(QuantType::kIQ4_XS, d);
  for (int j = 0; j < kGroups; ++j) {
    const float s =
        coarse ? coarse_code(scales[j], d, -32.0f, 31.0f) : clamp_code(nearest(inverse * scales[j]), -32.0f, 31.0f);
    uint8_t codes[kGroup];
    search_set().iq4_codes(x + j * kGroup, kGroup, inverse_of(1, d * s), codes);
    pack_nibbles(codes, block.qs + 16 * j);
    const int stored = static_cast<int>(s) + kScaleLevels;
    block.scales_l[j / 2] |= static_cast<uint8_t>((stored & 15) << 4 * (j % 2));
    block.scales_h |= static_cast<uint16_t>((stored >> 4) << 2 * j);
  }
  return block;
}

/// One super-block from the searched scales of its groups: the largest becomes -32.
BlockIQ4_XS finish(const float* x, const float* scales, const bool* unused) {
  const float d = -signed_peak_of_used(scales, unused, kGroups) / static_cast<float>(kScaleLevels);
  const BlockIQ4_XS block = finish_with(x, scales, d, false);
  if (!is_coarse(block.d)) return block;
  return keep_values<kBlock256>(x, block, d, kLostShare, decode_block,
                                [&](float step) { return finish_with(x, scales, step, true); });
}

void encode(const float* src, std::byte* dst, size_t n, const float* importance) {
  check_row(QuantType::kIQ4_XS, src, n, importance);
  float w[kChunk], scales[kChunk / kGroup];
  bool unused[kChunk / kGroup] = {};
  for (size_t begin = 0; begin < n; begin += kChunk) {
    const int n_blocks = static_cast<int>(std::min<size_t>(kChunk, n - begin) / kBlock256);
    const float* x = src + begin;
    if (importance != nullptr) {
      importance_weights_by_block(x, importance + begin, 2, n_blocks, w);
      weigh_unused_groups(x, importance + begin, n_blocks * kGroups, kGroup, w, unused);
    }
    search_set().iq4(x, importance == nullptr ? nullptr : w, n_blocks * kGroups, scales);
    for (int b = 0; b < n_blocks; ++b, dst += sizeof(BlockIQ4_XS)) {
      const BlockIQ4_XS block = finish(x + b * kBlock256, scales + b * kGroups, unused + b * kGroups);
      std::memcpy(dst, &block, sizeof block);
    }
  }
}

}  // namespace

extern const Codec kCodecIQ4_XS = {QuantType::kIQ4_XS, decode_blocks<BlockIQ4_XS, kBlock256, decode_block>, encode,
                                   scales_are_finite<BlockIQ4_XS, kBlock256, &BlockIQ4_XS::d>, true};

}  // namespace aurea::codecs
