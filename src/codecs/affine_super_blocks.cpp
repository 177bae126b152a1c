// The three steps of the affine k-types: groups, scales of the groups, final codes.
#include "codecs/affine_super_blocks.h"

#include <algorithm>

#include "codecs/weights.h"

namespace aurea::codecs {
namespace {

/// Integers for the scales (or minima) of one super-block: the largest becomes `levels`. Returns the unit.
float quantize_by_largest(const float* values, int n, int levels, uint8_t* codes) {
  float peak = 0;
  for (int j = 0; j < n; ++j) peak = std::max(peak, values[j]);
  const float top = static_cast<float>(levels), inverse = inverse_of(top, peak);
  for (int j = 0; j < n; ++j) codes[j] = static_cast<uint8_t>(clamp_code(nearest(inverse * values[j]), 0.0f, top));
  return peak / static_cast<float>(levels);
}

struct BlockScales {
  float d[kChunkBlocks], dmin[kChunkBlocks];
  uint8_t scales[kMaxGroups], mins[kMaxGroups];  // [n_blocks, groups]
};

void quantize_scales(const AffineSettings& settings, const GroupFits& fits, int n_blocks, BlockScales& out) {
  const int groups = kBlock256 / settings.group;
  for (int b = 0; b < n_blocks; ++b) {
    const int at = b * groups;
    out.d[b] = quantize_by_largest(fits.scale + at, groups, settings.scale_levels, out.scales + at);
    out.dmin[b] = quantize_by_largest(fits.min + at, groups, settings.scale_levels, out.mins + at);
  }
}

/// With importance a scale weighs as much as its elements together.
void quantize_scales_weighted(const AffineSettings& settings, const GroupFits& fits, const float* w, int n_blocks,
                              BlockScales& out) {
  const int groups = kBlock256 / settings.group;
  float sums[kMaxGroups];
  sum_groups(w, n_blocks * groups, settings.group, sums);
  const SearchSet& set = search_set();
  set.positive(fits.scale, sums, n_blocks, groups, settings.scale_levels, out.scales, out.d);
  set.positive(fits.min, sums, n_blocks, groups, settings.scale_levels, out.mins, out.dmin);
}

}  // namespace

void fit_affine_super_blocks(const AffineSettings& settings, const float* x, const float* importance, int n_blocks,
                             AffineSuperBlock* out) {
  const SearchSet& set = search_set();
  const int groups = kBlock256 / settings.group;
  const AffineSearch& search = importance != nullptr ? settings.weighted : settings.plain;
  GroupFits fits;
  BlockScales quantized;
  if (importance != nullptr) {
    float w[kChunkBlocks * kBlock256];
    importance_weights_by_block(x, importance, settings.variance_factor, n_blocks, w);
    set.affine(search, x, w, n_blocks * groups, settings.group, &fits);
    quantize_scales_weighted(settings, fits, w, n_blocks, quantized);
  } else {
    set.affine(search, x, nullptr, n_blocks * groups, settings.group, &fits);
    quantize_scales(settings, fits, n_blocks, quantized);
  }

  for (int b = 0; b < n_blocks; ++b) {
    AffineSuperBlock& block = out[b];
    block.d = scale_bits(settings.type, quantized.d[b]);
    block.dmin = scale_bits(settings.type, quantized.dmin[b]);
    const float d = f16_to_f32(block.d), dmin = f16_to_f32(block.dmin);
    for (int j = 0; j < groups; ++j) {
      const int g = b * groups + j;
      block.scales[j] = quantized.scales[g];
      block.mins[j] = quantized.mins[g];
      const float step = d * static_cast<float>(block.scales[j]), shift = dmin * static_cast<float>(block.mins[j]);
      const float* group = x + g * settings.group;
      uint8_t* codes = block.codes + j * settings.group;
      // With a zero step every code means the same value; the reference leaves those of the search in place.
      if (step != 0) {
        set.codes_by_division(group, settings.group, step, shift, 0, search.levels, codes);
      } else {
        set.codes_by_inverse(group, settings.group, fits.inverse[g], fits.low[g], 0, search.levels, codes);
      }
    }
  }
}

}  // namespace aurea::codecs
