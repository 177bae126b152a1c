// Weights of the squared error from an importance per column, and ordered sums.
// Sums are in float32 in element order: their rounding is a part of the definition.
#pragma once

#include <stddef.h>

namespace aurea::codecs {

/// Mean of x^2.
float mean_square(const float* x, size_t n);

/// sums[g] = sum of values [n_groups, n], each group in element order.
void sum_groups(const float* values, int n_groups, int n, float* sums);

/// w = importance * sqrt(variance + x^2): the column's importance with a moderate preference for large values.
/// n is a multiple of 32.
void importance_weights(const float* x, const float* importance, float variance, size_t n, float* w);

/// The same for super-blocks of 256, variance = factor * mean x^2 of each super-block. At most kChunkBlocks.
void importance_weights_by_block(const float* x, const float* importance, float factor, int n_blocks, float* w);

/// roots[i] = sqrt(values[i]). n is a multiple of 32.
void square_roots(const float* values, size_t n, float* roots);

}  // namespace aurea::codecs
