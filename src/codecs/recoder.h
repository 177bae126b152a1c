// Choosing the codes and scales of blocks under a curvature that couples the columns: what error-feedback rounding needs
// to know of a type. Included by files built for newer CPUs: integer headers only.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "codecs/grids.h"
#include "core/quant_type.h"

namespace aurea::codecs {

inline constexpr int kRecodeRows = 16;      // rows that are worked on together, one per lane
inline constexpr int kRecodeColumns = 256;  // columns of a window: whole blocks
inline constexpr int kBlockGroups = 16;     // most groups of a block

/// The scales of one block: step = d * (base + slope * scale), offset = -dmin * min, by group.
struct RecodeScales {
  float d, dmin;                // binary16 values
  int16_t scale[kBlockGroups];  // integer scales and minima
  int16_t min[kBlockGroups];
};

/// How a type makes values from codes: value = step * level - dmin * min. The level of a code is levels[code] or
/// code - zero. With a grid every run of grid->length columns has an entry, whose values are the levels' magnitudes,
/// and every column a sign (8 to a byte).
struct Recoder {
  QuantType type;
  int block, group;      // columns of a block, and those that share step and offset
  int n_codes, zero;     // codes 0 .. n_codes - 1
  const int8_t* levels;  // null: code - zero
  const Grid* grid;      // null: a code per column
  bool even_signs;       // of every 8 columns an even number is negative
  float base, slope;     // of the step
  int lowest_scale, highest_scale;  // equal: the block has one scale, d
  int lowest_min, highest_min;      // equal: one minimum, dmin, or none if they are 0

  void (*get_scales)(const std::byte* block, RecodeScales& scales);
  void (*set_scales)(std::byte* block, const RecodeScales& scales);
  /// Replaces the codes and keeps the scales. codes: one per column, or per run; signs [block / 8] with a grid.
  void (*set_codes)(std::byte* block, const uint16_t* codes, const uint8_t* signs);

  [[nodiscard]] constexpr int groups() const { return block / group; }
  [[nodiscard]] constexpr int run() const { return grid != nullptr ? grid->length : 1; }
};

/// Null for types whose blocks cannot be made so.
const Recoder* recoder(QuantType type);

/// A window of n columns of 16 rows; [.., 16]: a row per lane. The loss of a row is |(error of its columns) R|^2 with R the
/// window's part of the curvature's factor [n, n], plus what earlier windows left over.
struct RecodeWindow {
  const Recoder* recoder;
  int n;                      // a multiple of the block, at most kRecodeColumns
  int sweeps;                 // of coordinate descent over codes and scales after the greedy pass
  const float* target;        // [n, 16] the values to meet
  const float* base;          // [n, 16] the same with what earlier windows left over
  const float* factor;        // [n, n] row k: R_kj, j >= k
  const float* coefficients;  // [n, n] row j: R_kj / R_jj, k < j
  const float* root;          // [n] R_jj
  const float* curvature;     // [n] sum of R_kj^2 over j
  // In and out: where the search starts and ends.
  float *d, *dmin;            // [n / block, 16] binary16 values
  float *scale, *min;         // [n / group, 16] integers
  // Out.
  uint16_t* codes;            // [n, 16], with a grid [n / length, 16]
  uint8_t* signs;             // with a grid: [n / 8, 16]
  float* deviation;           // [n, 16] target - value
  float* cost;                // [16] the loss
};

}  // namespace aurea::codecs
