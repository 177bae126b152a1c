// Q6_K: super-blocks of 256, sixteen groups of 16 with signed 8-bit scales, 6-bit codes -32 .. 31.
// value = (d * s_j) * q. Source of layout and search: llama.cpp v0.5.0, ggml-quants.c.
#include <algorithm>

#include "codecs/coarse_scales.h"
#include "codecs/weights.h"

namespace aurea::codecs {
namespace {

constexpr int kGroup = 16, kGroups = 16;
constexpr int kLevels = 32;
constexpr int kChunk = kChunkBlocks * kBlock256;
constexpr float kTinyScale = 1e-15f;  // a block whose largest scale is below this is stored as zero

void decode_block(const BlockQ6_K& block, float* dst) {
  const float d = f16_to_f32(block.d);
  float steps[kGroups];
  for (int j = 0; j < kGroups; ++j) steps[j] = d * static_cast<float>(block.scales[j]);
  for (int half = 0; half < 2; ++half) {
    for (int k = 0; k < 4; ++k) {  // 32 elements that share a nibble position and a bit pair
      const uint8_t* ql = block.ql + 64 * half + 32 * (k % 2);
      const uint8_t* qh = block.qh + 32 * half;
      const int at = 128 * half + 32 * k;
      for (int i = 0; i < 32; ++i) {
        const int code = (ql[i] >> 4 * (k / 2) & 15) + (qh[i] >> 2 * k & 3) * 16 - kLevels;
        dst[at + i] = steps[at / 16 + i / 16] * static_cast<float>(code);
      }
    }
  }
}

void pack_codes(const uint8_t* codes, BlockQ6_K& block) {
  for (int half = 0; half < 2; ++half) {
    const uint8_t* q = codes + 128 * half;
    for (int i = 0; i < 64; ++i) {
      block.ql[64 * half + i] = static_cast<uint8_t>((q[i] & 15) | (q[i + 64] & 15) << 4);
    }
    for (int i = 0; i < 32; ++i) {
      block.qh[32 * half + i] =
          static_cast<uint8_t>(q[i] >> 4 | (q[i + 32] >> 4) << 2 | (q[i + 64] >> 4) << 4 | (q[i + 96] >> 4) << 6);
    }
  }
}

/// What the search found for the groups of one super-block.
struct BlockFit {
  const float *scales, *inverses;
  const bool* unused;  // by the importance
};

/// The block for d = 1 / inverse. Codes are chosen anew for the rounded scales; where a scale rounds to 0 the codes of
/// the search stay. coarse: no scale but 0 becomes 0.
BlockQ6_K finish_with(const float* x, const BlockFit& fit, float inverse, bool coarse) {
  BlockQ6_K block{};
  const SearchSet& set = search_set();
  block.d = scale_bits(QuantType::kQ6_K, 1.0f / inverse);
  const float d = f16_to_f32(block.d);
  uint8_t codes[kBlock256];
  float steps[kGroups];
  for (int j = 0; j < kGroups; ++j) {
    const float code = coarse ? coarse_code(fit.scales[j], 1.0f / inverse, -128.0f, 127.0f)
                              : clamp_code(nearest(inverse * fit.scales[j]), -128.0f, 127.0f);
    block.scales[j] = static_cast<int8_t>(code);
    steps[j] = d * code;
    const int at = j * kGroup;
    if (steps[j] == 0) {
      set.codes_by_inverse(x + at, kGroup, fit.inverses[j], 0, -kLevels, kLevels - 1, codes + at);
    }
  }
  set.codes_by_division(x, kGroups, kGroup, steps, nullptr, -kLevels, kLevels - 1, codes);
  pack_codes(codes, block);
  return block;
}

/// One super-block: the largest scale becomes -128.
BlockQ6_K finish(const float* x, const BlockFit& fit) {
  const float signed_peak = signed_peak_of_used(fit.scales, fit.unused, kGroups);
  if (std::fabs(signed_peak) < kTinyScale) return {};
  const BlockQ6_K block = finish_with(x, fit, -128.0f / signed_peak, false);
  if (!is_coarse(block.d)) return block;
  return keep_values<kBlock256>(x, block, signed_peak / -128.0f, kLostShare, decode_block,
                                [&](float step) { return finish_with(x, fit, 1.0f / step, true); });
}

void encode(const float* src, std::byte* dst, size_t n, const float* importance) {
  check_row(QuantType::kQ6_K, src, n, importance);
  GroupFits fits;
  float buffer[kChunk];
  bool unused[kMaxGroups] = {};
  for (size_t begin = 0; begin < n; begin += kChunk) {
    const size_t size = std::min<size_t>(kChunk, n - begin);
    const int n_groups = static_cast<int>(size) / kGroup;
    const float* x = src + begin;
    const float* w = group_weights(x, importance == nullptr ? nullptr : importance + begin, n_groups, kGroup,
                                   Weighting::kSquare, buffer, unused);  // null: x^2
    search_set().symmetric(x, w, n_groups, kGroup, kLevels, &fits);
    for (size_t i = 0; i < size; i += kBlock256, dst += sizeof(BlockQ6_K)) {
      const size_t g = i / kGroup;
      const BlockQ6_K block = finish(x + i, {fits.scale + g, fits.inverse + g, unused + g});
      std::memcpy(dst, &block, sizeof block);
    }
  }
}

}  // namespace

extern const Codec kCodecQ6_K = {QuantType::kQ6_K, decode_blocks<BlockQ6_K, kBlock256, decode_block>, encode,
                                 scales_are_finite<BlockQ6_K, kBlock256, &BlockQ6_K::d>, true};

}  // namespace aurea::codecs
