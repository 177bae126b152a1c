// Arithmetic on sizes that come from files: every sum, product and rounding is checked before it is used
// for an offset or an allocation.
#pragma once

#include <cstdint>
#include <optional>

#include "core/error.h"

namespace aurea {

inline std::optional<uint64_t> try_add(uint64_t a, uint64_t b) {
  uint64_t sum;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

inline std::optional<uint64_t> try_mul(uint64_t a, uint64_t b) {
  uint64_t product;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

/// Throws kBadFile on overflow; `what` names the quantity in the message.
inline uint64_t checked_add(uint64_t a, uint64_t b, const char* what) {
  if (const auto sum = try_add(a, b)) return *sum;
  fail_file("{}: {} + {} does not fit in 64 bits", what, a, b);
}

inline uint64_t checked_mul(uint64_t a, uint64_t b, const char* what) {
  if (const auto product = try_mul(a, b)) return *product;
  fail_file("{}: {} x {} does not fit in 64 bits", what, a, b);
}

/// Rounds up to a multiple of `alignment`, a power of two.
inline uint64_t checked_round_up(uint64_t value, uint64_t alignment, const char* what) {
  return checked_add(value, alignment - 1, what) & ~(alignment - 1);
}

}  // namespace aurea
