// The exported matmul kernels of the 32-element types: matmul_q8x32.inc.h for each. Included in the set's namespace.

void matmul_q4_0(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  matmul_q8x32<SimpleQ4_0>(args, begin, end);
}
void matmul_q4_1(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  matmul_q8x32<SimpleQ4_1>(args, begin, end);
}
void matmul_q5_0(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  matmul_q8x32<SimpleQ5_0>(args, begin, end);
}
void matmul_q5_1(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  matmul_q8x32<SimpleQ5_1>(args, begin, end);
}
void matmul_q8_0(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  matmul_q8x32<SimpleQ8_0>(args, begin, end);
}
