// The exported matmul kernels of blocks of 32: matmul_packed for each type. Included in the set's namespace.

void matmul_q4_0(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  matmul_packed<SimpleNibbles<kPackedQ4_0, 3>>(args, begin, end);
}
void matmul_q4_1(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  matmul_packed<SimpleNibbles<kPackedQ4_1, -1>>(args, begin, end);
}
void matmul_q5_0(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  matmul_packed<SimpleFiveBits<kPackedQ5_0, 4>>(args, begin, end);
}
void matmul_q5_1(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  matmul_packed<SimpleFiveBits<kPackedQ5_1, -1>>(args, begin, end);
}
void matmul_q8_0(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  matmul_packed<SimpleQ8_0>(args, begin, end);
}
void matmul_iq4_nl(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  matmul_packed<SimpleLookup<kPackedIq4Nl, ValuesIq4>>(args, begin, end);
}
void matmul_mxfp4(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  matmul_packed<SimpleLookup<kPackedMxfp4, ValuesFp4>>(args, begin, end);
}
void matmul_nvfp4(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  matmul_packed<SimpleLookup<kPackedNvfp4, ValuesFp4>>(args, begin, end);
}
void matmul_two_bit(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  matmul_packed<SimpleTwoBit>(args, begin, end);
}
