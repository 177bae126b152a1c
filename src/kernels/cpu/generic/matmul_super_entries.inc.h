// The exported matmul kernels of super-blocks: matmul_packed for each type. Included in the set's namespace.

void matmul_q2_k(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  matmul_packed<SuperQ2K>(args, begin, end);
}
void matmul_q3_k(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  matmul_packed<SuperQ3K>(args, begin, end);
}
void matmul_q4_k(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  matmul_packed<SuperQ4K>(args, begin, end);
}
void matmul_q5_k(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  matmul_packed<SuperQ5K>(args, begin, end);
}
void matmul_q6_k(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  matmul_packed<SuperQ6K>(args, begin, end);
}
void matmul_iq4_xs(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  matmul_packed<SuperLookup4<ValuesIq4>>(args, begin, end);
}
void matmul_iq3_xxs(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  matmul_packed<SuperLookup4<ValuesIq3Xxs>>(args, begin, end);
}
void matmul_iq3_s(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  matmul_packed<SuperLookup4<ValuesIq3S>>(args, begin, end);
}
void matmul_iq2(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  matmul_packed<SuperLookup3<ValuesIq2>>(args, begin, end);
}
void matmul_iq1(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  matmul_packed<SuperLookup3<ValuesIq1>>(args, begin, end);
}
