// Checks of rows before they are encoded.
#include "codecs/block_io.h"

#include <limits>

namespace aurea::codecs {
namespace {

constexpr uint32_t kMagnitude = 0x7FFFFFFFu, kAllBits = 0xFFFFFFFFu;

/// With kAllBits negative numbers count as large.
bool all_within(const float* x, size_t n, uint32_t mask, float limit) {
  return !search_set().any_above(x, n, mask, bits_from_f32(limit));
}

}  // namespace

bool all_finite(const float* x, size_t n) { return all_within(x, n, kMagnitude, std::numeric_limits<float>::max()); }

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
