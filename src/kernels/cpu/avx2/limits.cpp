// What the machine can do at most with AVX2, for measuring against.
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "core/half.h"
#include "kernels/kernel_set.h"

namespace aurea::kernels::avx2 {
namespace {

#include "kernels/cpu/generic/common.inc.h"
#include "kernels/cpu/generic/vec256.inc.h"
// Each of these needs those before it:
#include "kernels/cpu/generic/dot_maddubs.inc.h"
#include "kernels/cpu/generic/limits.inc.h"

}  // namespace

uint64_t read_all(const uint8_t* bytes, size_t n) noexcept { return sum_words(bytes, n); }

/// 4-bit codes, whose products may be summed eight times in 16 bits: this set's fastest way.
uint64_t int8_peak(size_t rounds, uint32_t* sink) noexcept {
  constexpr size_t kSums = 6, kGroups = groups_per_flush(15, 8);
  VecI codes = set1_i8(3), x = set1_i8(-2), sum[kSums];
  AUREA_UNROLL for (size_t i = 0; i < kSums; ++i) sum[i] = zero_i();
  for (size_t round = 0; round < rounds; ++round) {
    VecI partial[kSums];
    AUREA_UNROLL for (size_t i = 0; i < kSums; ++i) partial[i] = zero_i();
    AUREA_UNROLL for (size_t group = 0; group < kGroups; ++group) {
      AUREA_UNROLL for (size_t i = 0; i < kSums; ++i) {
        __asm__ volatile("" : "+x"(codes), "+x"(x));  // or the products would be computed once
        partial[i] = multiply_add<false>(partial[i], codes, x);
      }
    }
    AUREA_UNROLL for (size_t i = 0; i < kSums; ++i) sum[i] = add_partial(sum[i], partial[i]);
  }
  for (size_t i = 0; i < kSums; ++i) *sink += static_cast<uint32_t>(sum_lanes_i32(sum[i]));
  return rounds * kGroups * kSums * 4 * kLanes * 2;
}

uint64_t f32_peak(size_t rounds, float* sink) noexcept { return multiply_add_registers(rounds, sink); }

}  // namespace aurea::kernels::avx2
