// What the machine can do at most, for measuring against: plain reading, float32 multiply-adds on registers. Included
// after a vec text.

/// The sum of the little-endian 64-bit words (the last one filled up with zeros), modulo 2^64: the same in every set.
AUREA_INLINE uint64_t sum_words(const uint8_t* bytes, size_t n) {
  constexpr size_t kStep = 4 * 4 * kLanes, kAhead = 2048;
  VecI sum[4] = {zero_i(), zero_i(), zero_i(), zero_i()};
  size_t i = 0;
  for (; i + kStep <= n; i += kStep) {
    for (size_t line = 0; line < kStep; line += 64) prefetch(bytes + i + kAhead + line);
    AUREA_UNROLL for (size_t v = 0; v < 4; ++v) sum[v] = add_u64(sum[v], load_i(bytes + i + v * 4 * kLanes));
  }
  uint64_t total = sum_lanes_u64(add_u64(add_u64(sum[0], sum[1]), add_u64(sum[2], sum[3])));
  for (; i < n; i += sizeof(uint64_t)) {
    uint64_t word = 0;
    __builtin_memcpy(&word, bytes + i, n - i < sizeof word ? n - i : sizeof word);
    total += word;
  }
  return total;
}

/// See KernelSet::f32_peak.
AUREA_INLINE uint64_t multiply_add_registers(size_t rounds, float* sink) {
  constexpr size_t kSums = 12, kSteps = 8;  // enough independent sums to hide the latency
  VecF a = set1_f(0.5f), b = set1_f(0.25f), sum[kSums];
  AUREA_UNROLL for (size_t i = 0; i < kSums; ++i) sum[i] = set1_f(static_cast<float>(i));
  for (size_t round = 0; round < rounds; ++round) {
    AUREA_UNROLL for (size_t step = 0; step < kSteps; ++step) {
      AUREA_UNROLL for (size_t i = 0; i < kSums; ++i) sum[i] = fma_f(a, b, sum[i]);
    }
  }
  for (size_t i = 0; i < kSums; ++i) *sink += sum_lanes(sum[i]);
  return rounds * kSteps * kSums * kLanes * 2;
}
