// The exported matmul kernels of the k-types: matmul_q8x256.inc.h for each. Included in the set's namespace.

void matmul_q2_k(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  matmul_q8x256<SuperQ2K>(args, begin, end);
}
void matmul_q3_k(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  matmul_q8x256<SuperQ3K>(args, begin, end);
}
void matmul_q4_k(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  matmul_q8x256<SuperQ4K>(args, begin, end);
}
void matmul_q5_k(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  matmul_q8x256<SuperQ5K>(args, begin, end);
}
void matmul_q6_k(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  matmul_q8x256<SuperQ6K>(args, begin, end);
}
