// The exported matmul kernels with float32 activations. Included in the set's namespace.

void matmul_f32(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  matmul_float<ElementsF32>(args, begin, end);
}
void matmul_f16(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  matmul_float<ElementsF16>(args, begin, end);
}
void matmul_bf16(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  matmul_float<ElementsBF16>(args, begin, end);
}
