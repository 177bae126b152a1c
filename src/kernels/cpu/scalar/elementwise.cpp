// Activations to codes and operations on vectors of floats in plain C++: the definition of each.
#include <stddef.h>
#include <stdint.h>

#include "core/half.h"
#include "kernels/kernel_set.h"

namespace aurea::kernels::scalar {
namespace {

#include "kernels/cpu/generic/common.inc.h"
// The order matters.
#include "kernels/cpu/scalar/exp.inc.h"

/// d and the factor 127 / max|x| of n values. False: all codes are 0 (d says why: 0 or not a number).
AUREA_INLINE bool code_scale(const float* x, size_t n, float& d, float& factor) {
  uint32_t magnitude = 0;  // bits of |x|: as integers they are ordered like the values, with inf and NaN above all
  for (size_t i = 0; i < n; ++i) {
    const uint32_t bits = bits_from_f32(x[i]) & 0x7FFFFFFFu;
    if (bits > magnitude) magnitude = bits;
  }
  const float max = f32_from_bits(magnitude);
  if (max >= kMinActivation && max <= kMaxFloat) {
    d = max / 127.0f;
    factor = 127.0f / max;
    return true;
  }
  d = max < kMinActivation ? 0.0f : f32_from_bits(kNanBits);
  return false;
}

/// Rounds half to even; |value| is below 2^22.
AUREA_INLINE int round_to_int(float value) {
  return static_cast<int>(bits_from_f32(value + 0x1.8p+23f) & 0x7FFFFFu) - 0x400000;
}

/// The codes of n values and their sum.
AUREA_INLINE int write_codes(const float* x, float factor, size_t n, int8_t* q) {
  int sum = 0;
  for (size_t i = 0; i < n; ++i) {
    q[i] = static_cast<int8_t>(round_to_int(x[i] * factor));
    sum += q[i];
  }
  return sum;
}

/// 2u of gelu is x * (kGeluLinear + kGeluCubic * x^2): 2 sqrt(2 / pi), and that times 0.044715.
constexpr double kGeluLinear = 1.5957691216057308;
constexpr double kGeluCubic = kGeluLinear * 0.044715;

}  // namespace

void quantize_q8x32(const float* x, BlockQ8x32* out, size_t n) noexcept {
  for (size_t block = 0; block < n / 32; ++block, x += 32) {
    BlockQ8x32 result = {};
    float factor;
    if (code_scale(x, 32, result.d, factor)) {
      const int first = write_codes(x, factor, 16, result.q);
      const int sum = first + write_codes(x + 16, factor, 16, result.q + 16);
      result.sum_d = result.d * static_cast<float>(sum);
      result.neg_sum = -sum;
      result.neg_first = -first;
    }
    __builtin_memcpy(out + block, &result, sizeof result);
  }
}

void quantize_q8x256(const float* x, BlockQ8x256* out, size_t n) noexcept {
  for (size_t block = 0; block < n / 256; ++block, x += 256) {
    BlockQ8x256 result = {};
    float factor;
    if (code_scale(x, 256, result.d, factor)) {
      for (size_t j = 0; j < 16; ++j) {
        result.sums[j] = static_cast<int16_t>(write_codes(x + 16 * j, factor, 16, result.q + 16 * j));
        result.pair_sums[j / 2] = static_cast<int16_t>(result.pair_sums[j / 2] + result.sums[j]);
        result.neg_sums[j] = -result.sums[j];
      }
      for (size_t j = 0; j < 8; ++j) result.neg_pair_sums[j] = -result.pair_sums[j];
    }
    __builtin_memcpy(out + block, &result, sizeof result);
  }
}

void rms_norm(const float* x, const float* weight, float eps, float* out, size_t n) noexcept {
  double squares = 0;
  for (size_t i = 0; i < n; ++i) squares += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  const double mean = squares / static_cast<double>(n);
  const float scale = static_cast<float>(1.0 / __builtin_sqrt(mean + static_cast<double>(eps)));
  for (size_t i = 0; i < n; ++i) out[i] = x[i] * scale * weight[i];
}

void layer_norm(const float* x, const float* weight, const float* bias, float eps, float* out, size_t n) noexcept {
  double sum = 0, squares = 0;
  for (size_t i = 0; i < n; ++i) sum += static_cast<double>(x[i]);
  const double mean = sum / static_cast<double>(n);
  for (size_t i = 0; i < n; ++i) {
    const double deviation = static_cast<double>(x[i]) - mean;
    squares += deviation * deviation;
  }
  const double variance = squares / static_cast<double>(n);
  const double scale = 1.0 / __builtin_sqrt(variance + static_cast<double>(eps));
  for (size_t i = 0; i < n; ++i) {
    const double normed = (static_cast<double>(x[i]) - mean) * scale;
    out[i] = static_cast<float>(normed * static_cast<double>(weight[i]) + static_cast<double>(bias[i]));
  }
}

void rope(float* x, const float* cos, const float* sin, size_t half) noexcept {
  for (size_t i = 0; i < half; ++i) {
    const float a = x[i], b = x[i + half];
    x[i] = a * cos[i] - b * sin[i];
    x[i + half] = a * sin[i] + b * cos[i];
  }
}

void silu_mul(const float* gate, const float* up, float* out, size_t n) noexcept {
  for (size_t i = 0; i < n; ++i) out[i] = up[i] * (gate[i] / (1.0f + exp_f(-gate[i])));
}

/// x / (1 + exp(-2u)), as max(x, 0) - |x| e / (1 + e) with e = exp(-2|u|), which does not overflow. From |x| = 16 on e
/// is 0.
void gelu(const float* x, float* out, size_t n) noexcept {
  for (size_t i = 0; i < n; ++i) {
    const float magnitude = __builtin_fabsf(x[i]);
    const double m = static_cast<double>(magnitude > 16.0f ? 16.0f : magnitude);
    const double exponent = m * (-kGeluLinear - kGeluCubic * m * m);
    const float high = static_cast<float>(exponent);  // what it lacks, at most 2^-18, goes in as a factor
    const double e = static_cast<double>(exp_f(high)) * (1.0 + (exponent - static_cast<double>(high)));
    const double positive = static_cast<double>(x[i] < 0.0f ? 0.0f : x[i]);
    out[i] = static_cast<float>(positive - m * e / (1.0 + e));
  }
}

void add(const float* a, const float* b, float* out, size_t n) noexcept {
  for (size_t i = 0; i < n; ++i) out[i] = a[i] + b[i];
}

}  // namespace aurea::kernels::scalar
