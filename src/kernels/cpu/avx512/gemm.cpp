// The product of two float32 matrices with AVX-512.
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "core/half.h"
#include "kernels/kernel_set.h"

namespace aurea::kernels::avx512 {
namespace {

constexpr size_t kTileRows = 14, kTileVectors = 2;

#include "kernels/cpu/generic/common.inc.h"
#include "kernels/cpu/generic/vec512.inc.h"
// Each of these needs those before it:
#include "kernels/cpu/generic/gemm.inc.h"

}  // namespace

void gemm(const GemmArgs& args) noexcept { gemm_f(args); }

}  // namespace aurea::kernels::avx512
