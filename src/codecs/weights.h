// Weights of the squared error from an importance per column, and ordered sums.
// Sums are in float32 in element order: their rounding is a part of the definition.
#pragma once

#include <stddef.h>

#include "codecs/blocks.h"
#include "codecs/search.h"

namespace aurea::codecs {

/// Mean of x^2.
float mean_square(const float* x, size_t n);

/// sums[g] = sum of values [n_groups, n], each group in element order.
void sum_groups(const float* values, int n_groups, int n, float* sums);

/// w = importance * sqrt(variance + x^2): the column's importance with a moderate preference for large values.
/// n is a multiple of 32.
void importance_weights(const float* x, const float* importance, float variance, size_t n, float* w);

/// The same for blocks of n (a multiple of 32), variance = factor * mean x^2 of each block. At most kMaxGroups.
void importance_weights_by_block(const float* x, const float* importance, float factor, int n_blocks, float* w,
                                 int n = kBlock256);

/// A group of columns of which none has more importance than this is unused: the calibration never reached it. That is
/// no reason to lose its weights, so it is searched with weights of its own (x^2 or 1).
inline constexpr float kLeastImportance = 0x1p-64f;

/// unused[g] = whether group g of n columns is unused; returns whether any is.
bool find_unused_groups(const float* importance, int n_groups, int n, bool* unused);

/// Gives unused groups the weights x^2, for searches that would give a group without weight the scale 0. (The affine
/// search needs none: it starts from the extremes of the group.) unused (may be null): as above.
void weigh_unused_groups(const float* x, const float* importance, int n_groups, int n, float* w,
                         bool* unused = nullptr);

/// The weights of groups of n for a type that takes the importance as it is: the importance itself, or a copy at
/// `buffer` in which unused groups have `own` weights (kSquare or kEqual). Null if `importance` is. unused (may be
/// null): as above, untouched without importance.
const float* group_weights(const float* x, const float* importance, int n_groups, int n, Weighting own, float* buffer,
                           bool* unused = nullptr);

/// The first of the scales with the largest magnitude. Unused groups do not count, as long as there are others: they
/// must not make the scales of the others coarser.
float signed_peak_of_used(const float* scales, const bool* unused, int n);

/// roots[i] = sqrt(values[i]). n is a multiple of 32.
void square_roots(const float* values, size_t n, float* roots);

}  // namespace aurea::codecs
