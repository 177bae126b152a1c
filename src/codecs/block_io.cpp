// Checks of rows before they are encoded.
#include "codecs/block_io.h"

#include <limits>

namespace aurea::codecs {
namespace {

constexpr uint32_t kMagnitude = 0x7FFFFFFFu, kAllBits = 0xFFFFFFFFu;

/// Whether the masked bits of an element exceed those of `limit`. Positive floats order like their bits, NaN above all;
/// with kAllBits negative numbers count as large. No early exit: a loop that compilers turn into vectors.
bool any_above(const float* x, size_t n, uint32_t mask, uint32_t limit_bits) {
  uint32_t found = 0;
  for (size_t i = 0; i < n; ++i) found |= (bits_from_f32(x[i]) & mask) > limit_bits ? 1u : 0u;
  return found != 0;
}

bool all_within(const float* x, size_t n, uint32_t mask, float limit) {
  constexpr size_t kStrip = 256;  // a fixed length needs no remainder loop
  bool above = false;
  size_t begin = 0;
  for (; begin + kStrip <= n; begin += kStrip) above |= any_above(x + begin, kStrip, mask, bits_from_f32(limit));
  above |= any_above(x + begin, n - begin, mask, bits_from_f32(limit));
  return !above;
}

}  // namespace

float check_row_and_mean_square(QuantType type, const float* x, size_t n, const float* importance) {
  constexpr size_t kStrip = 32;
  bool above = false;
  float sum = 0;
  for (size_t begin = 0; begin < n; begin += kStrip) {
    above |= any_above(x + begin, kStrip, kMagnitude, bits_from_f32(kLargestValue));
    above |= any_above(importance + begin, kStrip, kAllBits, bits_from_f32(kLargestImportance));
    for (size_t i = begin; i < begin + kStrip; ++i) sum += x[i] * x[i];
  }
  if (above) check_row(type, x, n, importance);
  return sum / static_cast<float>(n);
}

void check_row(QuantType type, const float* x, size_t n, const float* importance) {
  const float limit = is_float(type) ? std::numeric_limits<float>::max() : kLargestValue;
  if (!all_within(x, n, kMagnitude, limit)) {
    for (size_t i = 0; i < n; ++i) {
      if (!std::isfinite(x[i])) fail_file("{}: value {} of the row is {}", name(type), i, x[i]);
      if (std::fabs(x[i]) > limit) {
        fail(ErrorCode::kUnsupported, "{}: value {} of the row, {}, is too large for this type", name(type), i, x[i]);
      }
    }
  }
  if (importance == nullptr || all_within(importance, n, kAllBits, kLargestImportance)) return;
  for (size_t i = 0; i < n; ++i) {
    if (!(importance[i] >= 0 && importance[i] <= kLargestImportance)) {
      fail_file("importance of column {} is {}; expected a finite number from 0", i, importance[i]);
    }
  }
}

}  // namespace aurea::codecs
