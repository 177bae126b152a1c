// The product of two float32 matrices with NEON.
#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

#include "core/half.h"
#include "kernels/kernel_set.h"

namespace aurea::kernels::neon {
namespace {

constexpr size_t kTileRows = 5, kTileVectors = 4;  // 20 sums, 4 columns and 1 row: the 32 registers

#include "kernels/cpu/generic/common.inc.h"
#include "kernels/cpu/generic/vec128.inc.h"
// Each of these needs those before it:
#include "kernels/cpu/generic/gemm.inc.h"

}  // namespace

void gemm(const GemmArgs& args) noexcept { gemm_f(args); }

}  // namespace aurea::kernels::neon
