#include "codecs/block_io.h"

#include <limits>

namespace aurea::codecs {
namespace {

/// Whether |x| > limit or x is NaN for some element. Positive floats order like their bits, so this is a test of integers
/// without early exit: a loop that compilers turn into vectors.
bool any_above(const float* x, size_t n, int32_t limit_bits) {
  uint32_t found = 0;
  for (size_t i = 0; i < n; ++i) {
    found |= static_cast<int32_t>(bits_from_f32(x[i]) & 0x7FFFFFFFu) > limit_bits ? 1u : 0u;
  }
  return found != 0;
}

bool row_is_within(const float* x, size_t n, float limit) {
  constexpr size_t kStrip = 256;  // a fixed length needs no remainder loop
  const auto limit_bits = static_cast<int32_t>(bits_from_f32(limit));
  bool above = false;
  size_t begin = 0;
  for (; begin + kStrip <= n; begin += kStrip) above |= any_above(x + begin, kStrip, limit_bits);
  above |= any_above(x + begin, n - begin, limit_bits);
  return !above;
}

}  // namespace

void check_row(QuantType type, const float* x, size_t n, const float* importance) {
  const float limit = is_float(type) ? std::numeric_limits<float>::max() : kLargestValue;
  if (!row_is_within(x, n, limit)) {
    for (size_t i = 0; i < n; ++i) {
      if (!std::isfinite(x[i])) fail_file("{}: value {} of the row is {}", name(type), i, x[i]);
      if (std::fabs(x[i]) > limit) {
        fail(ErrorCode::kUnsupported, "{}: value {} of the row, {}, is too large for this type", name(type), i, x[i]);
      }
    }
  }
  for (size_t i = 0; importance != nullptr && i < n; ++i) {
    if (!(importance[i] >= 0 && importance[i] <= kLargestImportance)) {
      fail_file("importance of column {} is {}; expected a finite number from 0", i, importance[i]);
    }
  }
}

}  // namespace aurea::codecs
