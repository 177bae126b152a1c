// The three steps of the codebook types: signs and weights, groups, scales of the groups.
#include "codecs/codebook_blocks.h"

#include <algorithm>
#include <vector>

#include "codecs/coarse_scales.h"
#include "codecs/weights.h"

namespace aurea::codecs {
namespace {

constexpr int kChunk = kChunkBlocks * kBlock256;

/// Magnitudes and signs of 8 elements. Even signs: if an odd number is negative, the element that matters least is
/// turned round, and its magnitude becomes a negative number. Signs are random: no branches on them.
uint8_t split_signs(const float* x, const float* w, bool even, float* magnitudes) {
  unsigned signs = 0;
  uint64_t least = ~uint64_t{0};  // bits of w x^2, which order like the numbers, then the place
  for (unsigned j = 0; j < 8; ++j) {
    const unsigned below = x[j] < 0 ? 1 : 0;
    magnitudes[j] = f32_from_bits(bits_from_f32(x[j]) ^ below << 31);
    signs |= below << j;
    const uint64_t matters = uint64_t{bits_from_f32(w[j] * x[j] * x[j] + 0.0f)} << 3 | j;
    least = std::min(least, matters);
  }
  const unsigned flip = even ? parity8(signs) : 0, at = least & 7;
  magnitudes[at] = f32_from_bits(bits_from_f32(magnitudes[at]) ^ flip << 31);
  return static_cast<uint8_t>(signs ^ flip << at);
}

/// The elements of a chunk as the search wants them.
struct ChunkGroups {
  float x[kChunk], w[kChunk], root_w[kChunk];
  float peak[kMaxGroups], scale[kMaxGroups];
  bool unimportant[kMaxGroups];  // its importance is all zero
  uint8_t signs[kChunk / 8];
};

/// The largest of n numbers (a multiple of 8), at least 0. Eight at a time: no comparison waits for the one before.
float largest_of(const float* x, int n) {
  float peaks[8] = {};
  for (int i = 0; i < n; i += 8) {
    for (int j = 0; j < 8; ++j) peaks[j] = x[i + j] > peaks[j] ? x[i + j] : peaks[j];
  }
  return *std::max_element(peaks, peaks + 8);
}

/// A group's importance where the search cannot use it as it is: 1 if all of it is zero, so that its elements are kept
/// too; brought to the size of 1, without rounding, if squares of its sums could vanish or overflow.
void mend_importance(float peak, float* importance, int n) {
  const float factor = peak == 0 ? 0 : std::ldexp(1.0f, std::clamp(-std::ilogb(peak), -126, 126));
  for (int i = 0; i < n; ++i) importance[i] = peak == 0 ? 1 : factor * importance[i];
}

void weigh_by_importance(const CodebookSettings& settings, const float* x, const float* importance, int n_blocks,
                         ChunkGroups& groups) {
  const int group = settings.search.group, n = n_blocks * kBlock256;
  std::vector<float> mended;  // seldom needed
  for (int at = 0; at < n; at += group) {
    const float peak = largest_of(importance + at, group);
    groups.unimportant[at / group] = peak == 0;
    if (peak >= 0x1p-30f && peak <= 0x1p30f) continue;
    if (mended.empty()) mended.assign(importance, importance + n);
    mend_importance(peak, mended.data() + at, group);
  }
  const float* usable = mended.empty() ? importance : mended.data();
  importance_weights_by_block(x, usable, settings.variance_factor, n_blocks, groups.w);
}

void weigh(const CodebookSettings& settings, const float* x, const float* importance, int n_blocks,
           ChunkGroups& groups) {
  if (importance != nullptr) return weigh_by_importance(settings, x, importance, n_blocks, groups);
  const int n = n_blocks * kBlock256;
  std::fill(groups.unimportant, groups.unimportant + kMaxGroups, false);
  if (settings.plain == PlainWeighting::kEqualImportance) {
    float ones[kChunk] = {};
    std::fill(ones, ones + n, 1.0f);
    return importance_weights_by_block(x, ones, settings.variance_factor, n_blocks, groups.w);
  }
  for (int b = 0; b < n; b += kBlock256) {
    float base = 0;
    if (settings.plain == PlainWeighting::kSquareAndVariance) {
      base = 0.25f * (settings.variance_factor * mean_square(x + b, kBlock256));
    }
    for (int i = b; i < b + kBlock256; ++i) groups.w[i] = base + x[i] * x[i];
  }
}

/// What the candidates of each group start from. Peak 0 marks a group too small to be coded: its bits are all 0.
void find_starts(const CodebookSettings& settings, int n_groups, ChunkGroups& groups) {
  const int group = settings.search.group;
  const float top = static_cast<float>(2 * settings.search.book->grid->n_levels - 1);
  if (settings.searched_start) {
    const int levels = settings.search.book->grid->n_levels + 1;
    search_set().wrapped_scale(groups.x, groups.w, n_groups, levels, groups.scale);
  }
  for (int g = 0; g < n_groups; ++g) {
    const float* x = groups.x + g * group;
    float peak = largest_of(x, group);
    if (!(peak >= settings.tiny)) peak = 0;
    if (!settings.searched_start) {
      groups.scale[g] = peak / top;
    } else if (peak > 0) {
      peak = std::max(groups.scale[g] * static_cast<float>(settings.search.book->grid->n_levels), 0.0f);
    }
    groups.peak[g] = peak;
    if (peak == 0) std::fill_n(groups.signs + g * group / 8, group / 8, uint8_t{0});
  }
}

/// The scale of a super-block that becomes the highest integer. A group without importance takes precision from the
/// others only as far as it would be halved.
float highest_scale(const float* scales, const bool* unimportant, int groups) {
  float peak = 0, unimportant_peak = 0;
  for (int g = 0; g < groups; ++g) {
    float& highest = unimportant[g] ? unimportant_peak : peak;
    highest = std::max(highest, std::fabs(scales[g]));
  }
  return peak > 0 ? std::max(peak, 0.5f * unimportant_peak) : unimportant_peak;
}

/// One super-block on its way: its values and their importance (null: 1), and what the search found.
struct BlockFit {
  const float *x, *importance, *scales;
  const bool* unimportant;
  const uint16_t* indices;
  const uint8_t* signs;
};

/// The scales as integers: scale = d (2 code + 1); `stored`: d as it is stored.
CodebookSuperBlock finish_with(const CodebookSettings& settings, const BlockFit& fit, float d, float stored) {
  const int groups = kBlock256 / settings.search.group, runs = kBlock256 / settings.search.book->grid->length;
  CodebookSuperBlock out = {};
  const float inverse = 1.0f / d;
  out.d = scale_bits(settings.type, stored);
  for (int g = 0; g < groups; ++g) {
    const float code = clamp_code(nearest(0.5f * (inverse * std::fabs(fit.scales[g]) - 1.0f)), 0.0f, 15.0f);
    out.scales[g] = static_cast<uint8_t>(code);
  }
  std::copy(fit.indices, fit.indices + runs, out.indices);
  for (int i = 0; i < kBlock256 / 8; ++i) {
    const bool turned = fit.scales[i * 8 / settings.search.group] < 0;
    out.signs[i] = static_cast<uint8_t>(turned ? ~fit.signs[i] : fit.signs[i]);
  }
  return out;
}

void decode(const CodebookSettings& settings, const CodebookSuperBlock& block, float* values) {
  const Grid& grid = *settings.search.book->grid;
  const float d = f16_to_f32(block.d) * settings.unit;
  const int group = settings.search.group, length = grid.length;
  for (int g = 0, run = 0; g < kBlock256 / group; ++g) {
    const float step = d * (static_cast<float>(block.scales[g]) + 0.5f);
    for (int i = g * group; i < (g + 1) * group; i += length, ++run) {
      const int8_t* magnitudes = grid.values + block.indices[run] * length;
      const unsigned signs = static_cast<unsigned>(block.signs[i / 8]) >> (i % 8);
      for (int j = 0; j < length; ++j) {
        const uint32_t bits = bits_from_f32(step * static_cast<float>(magnitudes[j]));
        values[i + j] = f32_from_bits(bits ^ (signs >> j & 1u) << 31);
      }
    }
  }
}

/// Error above which a super-block with a coarse d counts as lost (coarse_scales.h). Ordinary errors of these types
/// come near a quarter.
constexpr double kCodebookLostShare = 0.5;

/// The largest scale becomes 31 d.
void finish(const CodebookSettings& settings, const BlockFit& fit, CodebookSuperBlock& out) {
  out = {};
  const float peak = highest_scale(fit.scales, fit.unimportant, kBlock256 / settings.search.group);
  if (peak == 0) return;
  const float d = peak / 31.0f;
  const auto decode_block = [&](const CodebookSuperBlock& block, float* values) { decode(settings, block, values); };
  out = finish_with(settings, fit, d, d * settings.d_factor);
  if (is_coarse(out.d)) {
    out = keep_values<kBlock256>(fit.x, out, d, kCodebookLostShare, decode_block,
                                 [&](float step) { return finish_with(settings, fit, step, step); });
  }
  float values[kBlock256];
  decode(settings, out, values);
  const float factor = factor_against_zeros(fit.x, fit.importance, values, kBlock256);
  if (factor != 1) out.d = f32_to_f16(f16_to_f32(out.d) * factor);
}

}  // namespace

void fit_codebook_super_blocks(const CodebookSettings& settings, const float* x, const float* importance, int n_blocks,
                               CodebookSuperBlock* out) {
  AUREA_CHECK(n_blocks > 0 && n_blocks <= kChunkBlocks);
  const int n = n_blocks * kBlock256, n_groups = n / settings.search.group;
  ChunkGroups groups;
  weigh(settings, x, importance, n_blocks, groups);
  square_roots(groups.w, static_cast<size_t>(n), groups.root_w);
  for (int i = 0; i < n; i += 8) {
    groups.signs[i / 8] = split_signs(x + i, groups.w + i, settings.even_signs, groups.x + i);
  }
  find_starts(settings, n_groups, groups);

  CodebookFits fits;
  search_set().codebook(settings.search, {groups.x, groups.w, groups.root_w, groups.peak, groups.scale}, n_groups,
                        &fits);
  const int per_block = n_groups / n_blocks, runs = kBlock256 / settings.search.book->grid->length;
  for (int b = 0; b < n_blocks; ++b) {
    const int g = b * per_block, at = b * kBlock256;
    finish(settings,
           {x + at, importance == nullptr ? nullptr : importance + at, fits.scale + g, groups.unimportant + g,
            fits.indices + b * runs, groups.signs + at / 8},
           out[b]);
  }
}

}  // namespace aurea::codecs
