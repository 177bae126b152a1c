// The int8 peak with AVX-512 VNNI, for measuring against.
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "core/half.h"
#include "kernels/kernel_set.h"

namespace aurea::kernels::avx512vnni {
namespace {

#include "kernels/cpu/generic/common.inc.h"
#include "kernels/cpu/generic/vec512.inc.h"

}  // namespace

uint64_t int8_peak(size_t rounds, uint32_t* sink) noexcept {
  constexpr size_t kSums = 16;  // latency 4 or 5, two a cycle
  VecI codes = set1_i8(3), x = set1_i8(-2), sum[kSums];
  AUREA_UNROLL for (size_t i = 0; i < kSums; ++i) {
    sum[i] = zero_i();
    __asm__ volatile("" : "+v"(sum[i]));  // or the equal sums would be computed once
  }
  for (size_t round = 0; round < rounds; ++round) {
    __asm__ volatile("" : "+v"(codes), "+v"(x));
    AUREA_UNROLL for (size_t i = 0; i < kSums; ++i) sum[i] = _mm512_dpbusd_epi32(sum[i], codes, x);
  }
  for (size_t i = 0; i < kSums; ++i) *sink += static_cast<uint32_t>(sum_lanes_i32(sum[i]));
  return rounds * kSums * 4 * kLanes * 2;
}

}  // namespace aurea::kernels::avx512vnni
