// Q3_K: super-blocks of 256, sixteen groups of 16 with signed 6-bit scales (stored + 32), 3-bit codes -4 .. 3.
// value = (d * (u_j - 32)) * q. Source of layout and search: llama.cpp v0.5.0, ggml-quants.c.
#include <algorithm>

#include "codecs/coarse_scales.h"
#include "codecs/two_bit_planes.h"
#include "codecs/weights.h"

namespace aurea::codecs {
namespace {

constexpr int kGroup = 16, kGroups = 16;
constexpr int kLevels = 4, kScaleLevels = 32;
constexpr int kChunk = kChunkBlocks * kBlock256;

/// Sixteen 6-bit numbers: low nibbles of u_0..7 and u_8..15 in bytes 0-7, then two top bits of each in bytes 8-11.
void pack_scales(const uint8_t* __restrict u, uint8_t* __restrict packed) {
  for (int j = 0; j < 8; ++j) packed[j] = static_cast<uint8_t>((u[j] & 15) | (u[j + 8] & 15) << 4);
  for (int j = 0; j < 4; ++j) {
    packed[8 + j] =
        static_cast<uint8_t>(u[j] >> 4 | (u[j + 4] >> 4) << 2 | (u[j + 8] >> 4) << 4 | (u[j + 12] >> 4) << 6);
  }
}

void unpack_scales(const uint8_t* packed, uint8_t* u) {
  for (int j = 0; j < 16; ++j) {
    const int low = packed[j % 8] >> 4 * (j / 8) & 15, high = packed[8 + j % 4] >> 2 * (j / 4) & 3;
    u[j] = static_cast<uint8_t>(low | high << 4);
  }
}

void decode_block(const BlockQ3_K& block, float* dst) {
  const float d = f16_to_f32(block.d);
  uint8_t codes[kBlock256], u[16];
  unpack_two_bits(block.qs, codes);
  unpack_scales(block.scales, u);
  for (int j = 0; j < kGroups; ++j) {
    const float step = d * static_cast<float>(u[j] - kScaleLevels);
    for (int i = kGroup * j; i < kGroup * j + kGroup; ++i) {
      const int high = block.hmask[i % 32] >> (i / 32) & 1;
      dst[i] = step * static_cast<float>(codes[i] + 4 * high - kLevels);
    }
  }
}

/// The group scales of a chunk of super-blocks, and the codes that go with them unrounded.
struct ChunkFit {
  uint8_t codes[kChunk];  // code + 4
  float group_scales[kMaxGroups];
  uint8_t scales[kMaxGroups];  // u: signed scale + 32; 0 in an empty block
  float d[kChunkBlocks];
};

/// The first element of largest magnitude.
float signed_peak(const float* x) {
  float peak = 0;
  for (int j = 0; j < kGroups; ++j) peak = std::max(peak, std::fabs(x[j]));
  return *std::find_if(x, x + kGroups - 1, [peak](float v) { return std::fabs(v) == peak; });
}

/// Scales by the largest, which becomes -32.
float quantize_scales(const float* scales, uint8_t* u) {
  const float inverse = inverse_of(-static_cast<float>(kScaleLevels), signed_peak(scales));
  search_set().codes_by_inverse(scales, kGroups, inverse, 0, -kScaleLevels, kScaleLevels - 1, u);
  return inverse == 0 ? 0 : 1.0f / inverse;
}

void fit_plain(const float* x, int n_blocks, ChunkFit& fit) {
  search_set().coordinate(x, n_blocks * kGroups, kLevels, fit.codes, fit.group_scales);
  for (int b = 0; b < n_blocks; ++b) {
    fit.d[b] = quantize_scales(fit.group_scales + b * kGroups, fit.scales + b * kGroups);
  }
}

/// The scales of unused groups have no say in the scale of the block.
void fit_weighted(const float* x, const float* importance, int n_blocks, ChunkFit& fit) {
  const SearchSet& set = search_set();
  const int n_groups = n_blocks * kGroups;
  float w[kChunk], sums[kMaxGroups], used_scales[kMaxGroups];
  bool unused[kMaxGroups];
  importance_weights_by_block(x, importance, 2, n_blocks, w);
  weigh_unused_groups(x, importance, n_groups, kGroup, w, unused);
  GroupFits groups, blocks;
  set.symmetric(x, w, n_groups, kGroup, kLevels, &groups);
  for (int g = 0; g < n_groups; ++g) {
    set.codes_by_inverse(x + g * kGroup, kGroup, groups.inverse[g], 0, -kLevels, kLevels - 1, fit.codes + g * kGroup);
  }
  std::copy(groups.scale, groups.scale + n_groups, fit.group_scales);
  sum_groups(w, n_groups, kGroup, sums);
  for (int g = 0; g < n_groups; ++g) {
    const bool* of_block = unused + g / kGroups * kGroups;
    const bool counts = !unused[g] || std::all_of(of_block, of_block + kGroups, [](bool v) { return v; });
    used_scales[g] = counts ? fit.group_scales[g] : 0;
    sums[g] = counts ? sums[g] : 0;
  }
  set.symmetric(used_scales, sums, n_blocks, kGroups, kScaleLevels,
                &blocks);  // a scale weighs as its elements together
  for (int b = 0; b < n_blocks; ++b) {
    fit.d[b] = blocks.scale[b];
    set.codes_by_inverse(fit.group_scales + b * kGroups, kGroups, blocks.inverse[b], 0, -kScaleLevels, kScaleLevels - 1,
                         fit.scales + b * kGroups);
  }
}

/// Chooses the codes anew for the rounded scales (those of the search stay where the scale is 0) and packs.
BlockQ3_K finish_with(const float* x, float d_exact, const uint8_t* u, uint8_t* codes) {
  BlockQ3_K block;
  block.d = scale_bits(QuantType::kQ3_K, d_exact);
  pack_scales(u, block.scales);
  const float d = f16_to_f32(block.d);
  float steps[kGroups];
  for (int j = 0; j < kGroups; ++j) steps[j] = d * static_cast<float>(u[j] - kScaleLevels);
  search_set().codes_by_division(x, kGroups, kGroup, steps, nullptr, -kLevels, kLevels - 1, codes);
  pack_two_bits(codes, block.qs);
  std::memset(block.hmask, 0, sizeof block.hmask);
  for (int plane = 0; plane < 8; ++plane) {
    for (int i = 0; i < 32; ++i) block.hmask[i] |= static_cast<uint8_t>((codes[32 * plane + i] >> 2) << plane);
  }
  return block;
}

BlockQ3_K finish(const float* x, float d, const float* group_scales, const uint8_t* u, uint8_t* codes) {
  const BlockQ3_K block = finish_with(x, d, u, codes);
  if (!is_coarse(block.d)) return block;
  return keep_values<kBlock256>(x, block, d, kLostShare, decode_block, [&](float step) {
    uint8_t coarse_u[kGroups];
    for (int j = 0; j < kGroups; ++j) {
      coarse_u[j] = static_cast<uint8_t>(coarse_code(group_scales[j], step, -32.0f, 31.0f) + 32.0f);
    }
    return finish_with(x, step, coarse_u, codes);
  });
}

void encode(const float* src, std::byte* dst, size_t n, const float* importance) {
  check_row(QuantType::kQ3_K, src, n, importance);
  ChunkFit fit;
  for (size_t begin = 0; begin < n; begin += kChunk) {
    const int n_blocks = static_cast<int>(std::min<size_t>(kChunk, n - begin) / kBlock256);
    const float* x = src + begin;
    if (importance == nullptr) {
      fit_plain(x, n_blocks, fit);
    } else {
      fit_weighted(x, importance + begin, n_blocks, fit);
    }
    for (int b = 0; b < n_blocks; ++b, dst += sizeof(BlockQ3_K)) {
      const int at = b * kBlock256;
      const BlockQ3_K block =
          finish(x + at, fit.d[b], fit.group_scales + b * kGroups, fit.scales + b * kGroups, fit.codes + at);
      std::memcpy(dst, &block, sizeof block);
    }
  }
}

}  // namespace

extern const Codec kCodecQ3_K = {QuantType::kQ3_K, decode_blocks<BlockQ3_K, kBlock256, decode_block>, encode,
                                 scales_are_finite<BlockQ3_K, kBlock256, &BlockQ3_K::d>, true};

}  // namespace aurea::codecs
