// Compiled with -fno-math-errno (CMakeLists.txt).
#include "codecs/weights.h"

#include <cmath>

#include "core/half.h"

namespace aurea::codecs {
namespace {

constexpr int kStrip = 32;  // a fixed length lets the compiler use vectors without a remainder loop

void square_strip(const float* __restrict x, float* __restrict squares) {
  for (int i = 0; i < kStrip; ++i) squares[i] = x[i] * x[i];
}

void root_strip(const float* __restrict values, float* __restrict roots) {
  for (int i = 0; i < kStrip; ++i) roots[i] = std::sqrt(values[i]);
}

/// Not 0 if one of 16 importances is above the least one. Numbers from 0 order like their bits; a negative zero is
/// below.
uint32_t used_in_strip(const float* importance) {
  uint32_t used = 0;
  for (int i = 0; i < 16; ++i) {
    const auto bits = static_cast<int32_t>(bits_from_f32(importance[i]));
    used |= bits > static_cast<int32_t>(bits_from_f32(kLeastImportance)) ? 1u : 0u;
  }
  return used;
}

/// Eight groups side by side: one sum need not wait for the addition of another.
void sum_eight(const float* values, int n, float* sums) {
  float running[8] = {};
  for (int i = 0; i < n; ++i) {
    for (int g = 0; g < 8; ++g) running[g] += values[g * n + i];
  }
  for (int g = 0; g < 8; ++g) sums[g] = running[g];
}

}  // namespace

float mean_square(const float* x, size_t n) {
  float sum = 0;
  for (size_t i = 0; i < n; ++i) sum += x[i] * x[i];
  return sum / static_cast<float>(n);
}

void sum_groups(const float* values, int n_groups, int n, float* sums) {
  int g = 0;
  for (; g + 8 <= n_groups; g += 8) sum_eight(values + g * n, n, sums + g);
  for (; g < n_groups; ++g) {
    sums[g] = 0;
    for (int i = 0; i < n; ++i) sums[g] += values[g * n + i];
  }
}

void importance_weights(const float* x, const float* importance, float variance, size_t n, float* w) {
  search_set().root_weights(x, importance, variance, static_cast<int>(n), w);
}

void importance_weights_by_block(const float* x, const float* importance, float factor, int n_blocks, float* w, int n) {
  float sums[kMaxGroups];
  for (int i = 0; i < n_blocks * n; i += kStrip) square_strip(x + i, w + i);
  sum_groups(w, n_blocks, n, sums);
  for (int b = 0; b < n_blocks; ++b) {
    const float variance = factor * sums[b] / static_cast<float>(n);
    const int at = b * n;
    importance_weights(x + at, importance + at, variance, static_cast<size_t>(n), w + at);
  }
}

void square_roots(const float* values, size_t n, float* roots) {
  for (size_t i = 0; i < n; i += kStrip) root_strip(values + i, roots + i);
}

bool find_unused_groups(const float* importance, int n_groups, int n, bool* unused) {
  bool any = false;
  for (int g = 0; g < n_groups; ++g, importance += n) {
    uint32_t used = 0;
    for (int i = 0; i < n; i += 16) used |= used_in_strip(importance + i);
    unused[g] = used == 0;
    any |= unused[g];
  }
  return any;
}

void weigh_unused_groups(const float* x, const float* importance, int n_groups, int n, float* w, bool* unused) {
  bool mine[kMaxGroups];
  if (unused == nullptr) unused = mine;
  if (!find_unused_groups(importance, n_groups, n, unused)) return;
  for (int i = 0; i < n_groups * n; ++i) w[i] = unused[i / n] ? x[i] * x[i] : w[i];
}

const float* group_weights(const float* x, const float* importance, int n_groups, int n, Weighting own, float* buffer,
                           bool* unused) {
  bool mine[kMaxGroups];
  if (unused == nullptr) unused = mine;
  if (importance == nullptr || !find_unused_groups(importance, n_groups, n, unused)) return importance;
  for (int i = 0; i < n_groups * n; ++i) {
    const float own_weight = own == Weighting::kSquare ? x[i] * x[i] : 1.0f;
    buffer[i] = unused[i / n] ? own_weight : importance[i];
  }
  return buffer;
}

float signed_peak_of_used(const float* scales, const bool* unused, int n) {
  float peak = 0, peak_of_all = 0;
  for (int j = 0; j < n; ++j) {
    if (std::fabs(scales[j]) > std::fabs(peak_of_all)) peak_of_all = scales[j];
    if (!unused[j] && std::fabs(scales[j]) > std::fabs(peak)) peak = scales[j];
  }
  return peak != 0 ? peak : peak_of_all;
}

}  // namespace aurea::codecs
