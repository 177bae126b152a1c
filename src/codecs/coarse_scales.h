// Very small weights: an f16 scale below 64 units of 2^-24 has less than seven bits, and the reference's choice of
// scale (the exact one, rounded) may become 0 or far too large, so that the block is lost although the type can hold
// its values. Then the neighbouring f16 numbers are tried, with codes chosen for them.
#pragma once

#include <algorithm>
#include <cmath>

#include "codecs/block_io.h"

namespace aurea::codecs {

inline constexpr float kHalfUnit = 0x1p-24f;  // the smallest f16 above 0
inline constexpr int kCoarseUnits = 64;

inline bool is_coarse(uint16_t half) { return (half & 0x7FFF) < kCoarseUnits; }

inline double squared_error(const float* x, const float* decoded, int n) {
  double sum = 0;
  for (int i = 0; i < n; ++i) sum += (double{x[i]} - decoded[i]) * (double{x[i]} - decoded[i]);
  return sum;
}

inline double power_of(const float* x, int n) {
  double sum = 0;
  for (int i = 0; i < n; ++i) sum += double{x[i]} * x[i];
  return sum;
}

/// The error above which a block of a type with ordinary errors counts as lost: a quarter of its power.
inline constexpr double kLostShare = 0.25;

/// try_scale(step) for the f16 steps below and above |exact|, with its sign: what a coarse scale can be.
template <class TryScale>
void try_coarse_scales(float exact, TryScale try_scale) {
  const float units = std::fabs(exact) / kHalfUnit;
  if (!(units < kCoarseUnits)) return;
  const float below = std::floor(units);
  if (below > 0) try_scale(std::copysign(below * kHalfUnit, exact));
  try_scale(std::copysign((below + 1) * kHalfUnit, exact));
}

/// `block` if it holds the n values at x well enough, else the best of it and make(step) for the coarse steps around
/// `exact`. decode(block, values).
template <int n, class Block, class Decode, class Make>
Block keep_values(const float* x, const Block& block, float exact, double lost_share, Decode decode, Make make) {
  float values[n];
  decode(block, values);
  double least = squared_error(x, values, n);
  Block best = block;
  if (!(least > lost_share * power_of(x, n))) return best;
  try_coarse_scales(exact, [&](float step) {
    const Block candidate = make(step);
    decode(candidate, values);
    const double error = squared_error(x, values, n);
    if (error < least) {
      least = error;
      best = candidate;
    }
  });
  return best;
}

/// Whether it is plain that the n decoded values are nearer to x than zeros are: sum y (y - 2 x) is well below 0. Eight
/// sums side by side, which do not wait for each other. n is a multiple of 8.
inline bool are_nearer_than_zeros(const float* __restrict x, const float* __restrict decoded, int n) {
  float sums[8] = {}, squares[8] = {};
  for (int i = 0; i < n; i += 8) {
    for (int j = 0; j < 8; ++j) {
      const float y = decoded[i + j];
      sums[j] += y * (y - 2 * x[i + j]);
      squares[j] += y * y;
    }
  }
  float sum = 0, square = 0;
  for (int j = 0; j < 8; ++j) {
    sum += sums[j];
    square += squares[j];
  }
  return sum < -1e-3f * square;
}

/// f so that f times the decoded values are nearest to x with weights w (null: 1), if the values themselves are farther
/// from x than zeros are, both with these weights and without; else 1. (Columns of little importance are not given up
/// for the others, nor the others for them.)
inline float factor_against_zeros(const float* x, const float* w, const float* decoded, int n) {
  if (are_nearer_than_zeros(x, decoded, n)) return 1;
  double s1 = 0, s2 = 0, plain = 0;
  for (int i = 0; i < n; ++i) {
    const double weighted = (w == nullptr ? 1.0 : double{w[i]}) * decoded[i];
    s1 += weighted * x[i];
    s2 += weighted * decoded[i];
    plain += decoded[i] * (double{decoded[i]} - 2 * double{x[i]});
  }
  return s2 > 2 * s1 && plain > 0 ? static_cast<float>(std::max(s1 / s2, 0.0)) : 1.0f;
}

/// The integer scale of a group whose searched scale is `scale`: nearest to scale / step, but not 0, which would lose
/// it.
inline float coarse_code(float scale, float step, float lowest, float highest) {
  if (scale == 0) return 0;
  const float code = clamp_code(nearest(clamp_code(scale / step, 2 * lowest, 2 * highest)), lowest, highest);
  return code != 0 ? code : (scale < 0) == (step < 0) ? 1.0f : std::max(-1.0f, lowest);
}

}  // namespace aurea::codecs
