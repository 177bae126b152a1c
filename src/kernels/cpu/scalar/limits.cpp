// What the machine can do at most in plain C++, for measuring against.
#include <stddef.h>
#include <stdint.h>

#include "kernels/kernel_set.h"

namespace aurea::kernels::scalar {

/// The sum of the little-endian 64-bit words (the last one filled up with zeros), modulo 2^64: the same in every set.
uint64_t read_all(const uint8_t* bytes, size_t n) noexcept {
  uint64_t total = 0;
  for (size_t i = 0; i < n; i += sizeof(uint64_t)) {
    uint64_t word = 0;
    __builtin_memcpy(&word, bytes + i, n - i < sizeof word ? n - i : sizeof word);
    total += word;
  }
  return total;
}

uint64_t int8_peak(size_t rounds, uint32_t* sink) noexcept {
  constexpr size_t kCodes = 64;
  int8_t codes[kCodes], x[kCodes];
  for (size_t i = 0; i < kCodes; ++i) {
    codes[i] = 3;
    x[i] = -2;
  }
  for (size_t round = 0; round < rounds; ++round) {
    __asm__ volatile("" : "+m"(codes), "+m"(x));  // or the products would be computed once
    int32_t sum = 0;
    for (size_t i = 0; i < kCodes; ++i) sum += codes[i] * x[i];
    *sink += static_cast<uint32_t>(sum);
  }
  return rounds * kCodes * 2;
}

uint64_t f32_peak(size_t rounds, float* sink) noexcept {
  constexpr size_t kSums = 8;
  float sum[kSums] = {}, a = 0.5f;
  for (size_t round = 0; round < rounds; ++round) {
    __asm__ volatile("" : "+m"(a));  // or the products would be computed once
    for (size_t i = 0; i < kSums; ++i) sum[i] = __builtin_fmaf(a, 0.25f, sum[i]);
  }
  for (const float value : sum) *sink += value;
  return rounds * kSums * 2;
}

}  // namespace aurea::kernels::scalar
