// The product of two float32 matrices in plain C++: the definition.
#include <stddef.h>
#include <stdint.h>

#include "kernels/kernel_set.h"

namespace aurea::kernels::scalar {

void gemm(const GemmArgs& args) noexcept {
  for (size_t i = 0; i < args.m; ++i) {
    float* c = args.c + i * args.c_row;
    for (size_t k = 0; k < args.k; ++k) {
      const float a = args.alpha * args.a[i * args.a_row + k * args.a_col];
      const float* b = args.b + k * args.b_row;
      // The C library's function where the instruction set has none: rounded once all the same.
      for (size_t j = 0; j < args.n; ++j) c[j] = __builtin_fmaf(a, b[j * args.b_col], c[j]);
    }
  }
}

}  // namespace aurea::kernels::scalar
