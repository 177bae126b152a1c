// Activations to codes and operations on vectors of floats with NEON.
#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

#include "core/half.h"
#include "kernels/kernel_set.h"

namespace aurea::kernels::neon {
namespace {

#include "kernels/cpu/generic/common.inc.h"
#include "kernels/cpu/generic/vec128.inc.h"
// Each of these needs those before it:
#include "kernels/cpu/generic/exp.inc.h"
// Needs exp:
#include "kernels/cpu/generic/elementwise.inc.h"
#include "kernels/cpu/generic/quantize.inc.h"

}  // namespace

void quantize_q8x32(const float* x, BlockQ8x32* out, size_t n) noexcept { quantize_blocks_q8x32(x, out, n); }
void quantize_q8x256(const float* x, BlockQ8x256* out, size_t n) noexcept { quantize_blocks_q8x256(x, out, n); }
void rms_norm(const float* x, const float* weight, float eps, float* out, size_t n) noexcept {
  rms_norm_f(x, weight, eps, out, n);
}
void layer_norm(const float* x, const float* weight, const float* bias, float eps, float* out, size_t n) noexcept {
  layer_norm_f(x, weight, bias, eps, out, n);
}
void rope(float* x, const float* cos, const float* sin, size_t half) noexcept { rope_f(x, cos, sin, half); }
void silu_mul(const float* gate, const float* up, float* out, size_t n) noexcept { silu_mul_f(gate, up, out, n); }
void gelu(const float* x, float* out, size_t n) noexcept { gelu_f(x, out, n); }
void add(const float* a, const float* b, float* out, size_t n) noexcept { add_vectors(a, b, out, n); }

}  // namespace aurea::kernels::neon
