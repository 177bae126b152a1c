// The int8 peak of the AArch64 sets. Included after vec128.inc.h.

/// See KernelSet::int8_peak. step(sum, codes, x): the sum plus 4 * kLanes * kPerByte products.
template <size_t kPerByte, class Step>
AUREA_INLINE uint64_t multiply_codes(size_t rounds, uint32_t* sink, Step step) {
  constexpr size_t kSums = 16;  // latency 3 or 4, up to four a cycle
  VecI codes = set1_i8(3), x = set1_i8(-2), sum[kSums];
  AUREA_UNROLL for (size_t i = 0; i < kSums; ++i) {
    sum[i] = zero_i();
    __asm__ volatile("" : "+w"(sum[i]));  // or the equal sums would be computed once
  }
  for (size_t round = 0; round < rounds; ++round) {
    __asm__ volatile("" : "+w"(codes), "+w"(x));
    AUREA_UNROLL for (size_t i = 0; i < kSums; ++i) sum[i] = step(sum[i], codes, x);
  }
  for (size_t i = 0; i < kSums; ++i) *sink += static_cast<uint32_t>(sum_lanes_i32(sum[i]));
  return rounds * kSums * 4 * kLanes * kPerByte * 2;
}
