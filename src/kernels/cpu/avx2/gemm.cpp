// The product of two float32 matrices with AVX2.
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "core/half.h"
#include "kernels/kernel_set.h"

namespace aurea::kernels::avx2 {
namespace {

constexpr size_t kTileRows = 6, kTileVectors = 2;

#include "kernels/cpu/generic/common.inc.h"
#include "kernels/cpu/generic/vec256.inc.h"
// Each of these needs those before it:
#include "kernels/cpu/generic/gemm.inc.h"

}  // namespace

void gemm(const GemmArgs& args) noexcept { gemm_f(args); }

}  // namespace aurea::kernels::avx2
