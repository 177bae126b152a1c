// The three steps of the affine k-types: groups, scales of the groups, final codes.
#include "codecs/affine_super_blocks.h"

#include <algorithm>

#include "codecs/coarse_scales.h"
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

/// With importance a scale weighs as much as its elements together. That gives no scale at all where only groups far
/// below the others have weight; then the largest counts, as without importance.
void quantize_scales_weighted(const AffineSettings& settings, const GroupFits& fits, const float* w, int n_blocks,
                              BlockScales& out) {
  const int groups = kBlock256 / settings.group;
  float sums[kMaxGroups];
  sum_groups(w, n_blocks * groups, settings.group, sums);
  const SearchSet& set = search_set();
  set.positive(fits.scale, sums, n_blocks, groups, settings.scale_levels, out.scales, out.d);
  set.positive(fits.min, sums, n_blocks, groups, settings.scale_levels, out.mins, out.dmin);
  for (int b = 0; b < n_blocks; ++b) {
    const int at = b * groups;
    if (out.d[b] == 0) out.d[b] = quantize_by_largest(fits.scale + at, groups, settings.scale_levels, out.scales + at);
    if (out.dmin[b] == 0)
      out.dmin[b] = quantize_by_largest(fits.min + at, groups, settings.scale_levels, out.mins + at);
  }
}

/// With importance: the weights of a chunk. A super-block that is nowhere important is weighted by x^2; a single group
/// without weight keeps the codes that its extremes give.
void weigh(const AffineSettings& settings, const float* x, const float* importance, int n_blocks, float* w) {
  importance_weights_by_block(x, importance, settings.variance_factor, n_blocks, w);
  weigh_unused_groups(x, importance, n_blocks, kBlock256, w);
}

/// One super-block on its way: its values, and what the search found for its groups.
struct BlockFit {
  const float* x;
  const float *scale, *min, *inverse, *low;  // [groups]
};

void decode(const AffineSettings& settings, const AffineSuperBlock& block, float* values) {
  const float d = f16_to_f32(block.d), dmin = f16_to_f32(block.dmin);
  for (int i = 0; i < kBlock256; ++i) {
    const int j = i / settings.group;
    values[i] = d * static_cast<float>(block.scales[j]) * static_cast<float>(block.codes[i]) -
                dmin * static_cast<float>(block.mins[j]);
  }
}

/// The codes for the scales and minima of a block. With a zero step every code means the same value; the reference
/// leaves those of the search in place.
void choose_codes(const AffineSettings& settings, const BlockFit& fit, AffineSuperBlock& block) {
  const SearchSet& set = search_set();
  const float d = f16_to_f32(block.d), dmin = f16_to_f32(block.dmin);
  const int levels = settings.plain.levels, groups = kBlock256 / settings.group;
  float steps[16], shifts[16];
  for (int j = 0; j < groups; ++j) {
    steps[j] = d * static_cast<float>(block.scales[j]);
    shifts[j] = dmin * static_cast<float>(block.mins[j]);
    const int at = j * settings.group;
    if (steps[j] == 0) {
      set.codes_by_inverse(fit.x + at, settings.group, fit.inverse[j], fit.low[j], 0, levels, block.codes + at);
    }
  }
  set.codes_by_division(fit.x, groups, settings.group, steps, shifts, 0, levels, block.codes);
}

/// A block with a coarse d or dmin: see coarse_scales.h.
AffineSuperBlock keep_small_values(const AffineSettings& settings, const BlockFit& fit, const AffineSuperBlock& block,
                                   float d, float dmin) {
  const auto decode_block = [&](const AffineSuperBlock& candidate, float* values) {
    decode(settings, candidate, values);
  };
  const auto make = [&](float d_step, float dmin_step) {
    AffineSuperBlock candidate{f32_to_f16(d_step), f32_to_f16(dmin_step), {}, {}, {}};
    const auto top = static_cast<float>(settings.scale_levels);
    for (int j = 0; j < kBlock256 / settings.group; ++j) {
      candidate.scales[j] = static_cast<uint8_t>(coarse_code(fit.scale[j], d_step, 0, top));
      candidate.mins[j] = static_cast<uint8_t>(clamp_code(nearest(fit.min[j] / dmin_step), 0, top));
    }
    choose_codes(settings, fit, candidate);
    return candidate;
  };
  AffineSuperBlock best = block;
  for (const float dmin_step :
       {std::floor(dmin / kHalfUnit) * kHalfUnit, (std::floor(dmin / kHalfUnit) + 1) * kHalfUnit}) {
    if (dmin_step == 0) continue;
    best = keep_values<kBlock256>(fit.x, best, d, kLostShare, decode_block,
                                  [&](float d_step) { return make(d_step, dmin_step); });
  }
  return best;
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
    weigh(settings, x, importance, n_blocks, w);
    set.affine(search, x, w, n_blocks * groups, settings.group, &fits);
    quantize_scales_weighted(settings, fits, w, n_blocks, quantized);
  } else {
    set.affine(search, x, nullptr, n_blocks * groups, settings.group, &fits);
    quantize_scales(settings, fits, n_blocks, quantized);
  }

  for (int b = 0; b < n_blocks; ++b) {
    AffineSuperBlock& block = out[b];
    const int g = b * groups;
    const BlockFit fit{x + b * kBlock256, fits.scale + g, fits.min + g, fits.inverse + g, fits.low + g};
    block.d = scale_bits(settings.type, quantized.d[b]);
    block.dmin = scale_bits(settings.type, quantized.dmin[b]);
    std::copy(quantized.scales + g, quantized.scales + g + groups, block.scales);
    std::copy(quantized.mins + g, quantized.mins + g + groups, block.mins);
    choose_codes(settings, fit, block);
    if (is_coarse(block.d) || is_coarse(block.dmin)) {
      block = keep_small_values(settings, fit, block, quantized.d[b], quantized.dmin[b]);
    }
  }
}

}  // namespace aurea::codecs
