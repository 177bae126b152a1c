// The candidate searches that the quantized types share, over many groups of elements at once.
//
// A group is `n` consecutive elements that get one scale (and one minimum). Each search minimises the weighted squared
// error sum_i w_i (x_i - x^_i)^2 of every group over a fixed list of candidates, the lists of llama.cpp v0.5.0's
// ggml-quants.c: the same candidates, in the same order, with the same rounding, so that the blocks come out equal.
//
// Groups are independent, so each one is a lane of a vector: every lane adds up its own elements in their own order,
// and the bits are the same for every vector width. (codebook_lanes.inc.h, the search in grids, has candidates and
// entries as lanes.) The text is search_build.inc.h; it is compiled once per width. Included by files built for newer
// CPUs: integer headers only.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "codecs/codebook.h"
#include "codecs/recoder.h"

namespace aurea::codecs {

inline constexpr int kChunkBlocks = 16;                     // super-blocks that the k-types search together
inline constexpr int kMaxGroups = kChunkBlocks * 256 / 16;  // most groups in one call
inline constexpr int kMaxSimpleBlocks = kChunkBlocks * 256 / 32;

/// Result per group. The codes of the winning candidate are nearest(inverse * (x - low)), clamped to the levels;
/// inverse = 0 marks a group whose stored codes are all 0.
struct GroupFits {
  float scale[kMaxGroups];
  float low[kMaxGroups];  // what the winner subtracted before coding; 0 for symmetric levels
  float inverse[kMaxGroups];
  float min[kMaxGroups];  // affine only: x^ = scale * code - min, min >= 0
};

/// Weights w of the squared error when none are given.
enum class Weighting : uint8_t {
  kSquare,     // x^2
  kMagnitude,  // |x|
  kRms,        // sqrt(mean x^2 of the group) + |x|
  kEqual,      // 1
};

/// Candidates of the affine search: inverse scales (levels + first + step * s) / range, s = 0 .. steps.
struct AffineSearch {
  int levels;  // codes 0 .. levels
  float first, step;
  int steps;
  Weighting weighting = Weighting::kSquare;  // used if no weights are given
  bool absolute_error = false;               // judge by sum w |x - x^| instead of the squares
};

/// Which runs are looked up once more with the scale of the best candidate.
enum class Refit : uint8_t {
  kOffGrid,      // those whose levels were no entry
  kAllIfAnyOff,  // all, if there was such a run
  kAll,
};

/// Codebook search of a group: candidates (top + step * k) / peak, k = -steps .. steps, as inverse scales, top = the
/// highest odd integer of the grid (5 or 15).
struct CodebookSearch {
  const Codebook* book;
  int group;  // elements that share a scale: 16 or 32
  int steps;  // at most 15
  float step;
  Refit refit;
};

/// Magnitudes x [n_groups, group] (a flipped sign makes one negative), weights, and per group what its candidates are
/// made of.
struct CodebookGroups {
  const float *x, *w, *root_w;  // [n_groups, group], root_w = sqrt(w)
  const float* peak;            // [n_groups] a group with 0 is lost: scale 0, indices 0
  const float* scale;           // [n_groups] the scale if no candidate is usable
};

struct CodebookFits {
  float scale[kMaxGroups];                   // negative: all signs of the group are to be turned round
  uint16_t indices[kChunkBlocks * 256 / 4];  // [n_groups, group / run] grid entries, runs of the grid's length
};

/// Per group of the ternary codebook types: value = scale * (grid + shift), scale >= 0; 0 marks a lost group.
struct SplitFits {
  float scale[kMaxGroups];
  uint8_t signs[kMaxGroups];         // groups of 32: bit 0, of 16: bit 1 first half, bit 0 second; set: shift < 0
  uint16_t indices[kMaxGroups * 4];  // [n_groups, n / 8] grid entries
};

/// How the scale of a block of 32 follows from its extremes, and how its codes are rounded: f32 as written.
enum class ExtremesRule : uint8_t {
  kSignedPeak,  // scale = m / lowest, m = the first element of largest magnitude; codes = trunc(x / scale + 1/2 -
                // lowest)
  kRange,       // min = the smallest element, scale = (largest - min) / highest; codes = trunc((x - min) / scale + 1/2)
  kMagnitude,   // scale = max |x| / highest; codes x / scale, halves away from zero
};

struct ExtremesFits {
  float scale[kMaxSimpleBlocks], min[kMaxSimpleBlocks];  // min: 0 but for kRange
  uint16_t d[kMaxSimpleBlocks], m[kMaxSimpleBlocks];     // their f16 bits, perhaps infinite
  uint8_t codes[kMaxSimpleBlocks * 32];                  // stored from 0 (kMagnitude: as int8)
};

/// One build of the searches. x and w: [n_groups, n], contiguous; n_groups <= kMaxGroups.
/// n is 16 or 32 (`positive`: 8 or 16). Finite x, w >= 0. No function keeps state or allocates.
struct SearchSet {
  const char* name;

  /// Levels -levels .. levels - 1, no minimum. Tries inverse scales -levels / m and -(levels + 0.1 k) / m, k = -9 .. 9,
  /// m = the element of largest magnitude. The scale may have either sign. |m| < 1e-15: scale 0, inverse 0.
  /// w null: x^2.
  void (*symmetric)(const float* x, const float* w, int n_groups, int n, int levels, GroupFits* fits);

  /// Levels 0 .. levels with a minimum that is never positive (returned negated). w null: search.weighting.
  void (*affine)(const AffineSearch& search, const float* x, const float* w, int n_groups, int n, GroupFits* fits);

  /// Groups of 16, levels -levels .. levels - 1, weights x^2: up to five passes over the elements, each moved to the
  /// best code that the others allow. codes: [n_groups, 16], stored as code + levels.
  void (*coordinate)(const float* x, int n_groups, int levels, uint8_t* codes, float* scales);

  /// Non-negative x to codes 0 .. levels (scales and minima of sub-blocks): a list of candidates, then passes as in
  /// `coordinate`. codes: [n_groups, n].
  void (*positive)(const float* x, const float* w, int n_groups, int n, int levels, uint8_t* codes, float* scales);

  /// The scale that `positive` would give to groups of 32. Elements may be negative here; their codes are as the
  /// reference has them in unsigned bytes: 256 - k instead of -k where it judges by stored codes.
  void (*wrapped_scale)(const float* x, const float* w, int n_groups, int levels, float* scales);

  /// Runs of |x| to entries of a codebook, minimising sum w (|x| - scale q)^2, q = the odd integer of a level. Levels
  /// are the nearest ones for the candidate scale; where they are no entry, the best of the entries near them, judged
  /// by sum sqrt(w) (|x| - q / inverse)^2. At most kChunkBlocks * 256 elements.
  void (*codebook)(const CodebookSearch& search, const CodebookGroups& groups, int n_groups, CodebookFits* fits);

  /// Groups of 32 with one shift or of 16 with a shift for each half: every split into -1, 0, 1 (two cuts in the order
  /// of the values) with every sign of the shifts, the best by the codebook types' measure; then runs of 8 to entries
  /// of the codebook. A group whose largest magnitude is below `tiny` is lost.
  void (*split)(const Codebook& book, const float* x, const float* w, int n_groups, int n, float tiny, SplitFits* fits);

  /// w[i] = importance[i] * sqrt(variance + x[i]^2), for n elements (a multiple of 16).
  void (*root_weights)(const float* x, const float* importance, float variance, int n, float* w);

  /// codes[i] = clamp(nearest((x[i] + shift) / step), lowest, highest) - lowest, with a step and a shift (shifts null:
  /// 0) for each group of n = 16 or 32. The codes of a group with step 0 stay.
  void (*codes_by_division)(const float* x, int n_groups, int n, const float* steps, const float* shifts, int lowest,
                            int highest, uint8_t* codes);

  /// codes[i] = clamp(nearest(inverse * (x[i] - low)), lowest, highest) - lowest; all 0 if inverse is 0.
  void (*codes_by_inverse)(const float* x, int n, float inverse, float low, int lowest, int highest, uint8_t* codes);

  /// Groups of 32, levels kIq4Values (iq4_values.h). Tries the inverse scale that maps m, the element of largest
  /// magnitude, to the lowest level, and (lowest + k) / m, k = -7 .. 7. scales: [n_groups], of either sign; 0 where
  /// |m| < 1e-15. w null: x^2.
  void (*iq4)(const float* x, const float* w, int n_groups, float* scales);

  /// codes[i] = index of the level of kIq4Values nearest to inverse * x[i], for n elements (a multiple of 16).
  void (*iq4_codes)(const float* x, int n, float inverse, uint8_t* codes);

  /// Groups of 16 or 32, levels kFp4Values (fp4_values.h) times one of n_steps positive steps [n_steps, n_groups]:
  /// chosen[g] = the first of the steps with the least error. w null: 1.
  void (*fp4)(const float* x, const float* w, int n_groups, int n, const float* steps, int n_steps, uint8_t* chosen);

  /// codes[i] = index of the level of kFp4Values nearest to x[i] / step, for n elements (a multiple of 16); step > 0.
  void (*fp4_codes)(const float* x, int n, float step, uint8_t* codes);

  /// Groups of 256, levels -1, 0, 1: scales [n_groups], never negative. w null: 1.
  void (*ternary)(const float* x, const float* w, int n_groups, float* scales);

  /// Groups of 64, levels -1, 0, 1, 2: scales [n_groups], of either sign. w null: 1.
  void (*two_bit)(const float* x, const float* w, int n_groups, float* scales);

  /// Codes lowest .. highest of n_blocks <= kMaxSimpleBlocks blocks of 32. 1 / scale counts as 0 where it is infinite.
  void (*extremes)(ExtremesRule rule, int lowest, int highest, const float* x, int n_blocks, ExtremesFits* fits);

  /// dst[n] = the n binary16 or bfloat16 numbers at src (any alignment).
  void (*f16_row)(const void* src, float* dst, size_t n);
  void (*bf16_row)(const void* src, float* dst, size_t n);

  /// Whether (bits of x[i]) & mask is above `limit` for one of n elements. Positive floats order like their bits, NaN
  /// above all.
  bool (*any_above)(const float* x, size_t n, uint32_t mask, uint32_t limit);

  /// Codes with the feedback of the columns before them (recoder.h).
  void (*recode)(const RecodeWindow& window);
};

extern const SearchSet kSearchBaseline;  // the vectors that every CPU of this architecture has
#if defined(__x86_64__)
extern const SearchSet kSearchAvx2;
extern const SearchSet kSearchAvx512;
#endif

/// The widest build that this CPU can run (AUREA_CPU can hold it down). All give the same bytes.
const SearchSet& search_set();

/// 1.5 * 2^23: adding and subtracting it rounds half to even where |v| < 2^22, as the sum has no bits below the point.
inline constexpr float kRounder = 12582912.0f;

}  // namespace aurea::codecs
