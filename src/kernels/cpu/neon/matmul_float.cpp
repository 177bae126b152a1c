// Matrix products with float32 activations with NEON.
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
#include "kernels/cpu/generic/elements.inc.h"
#include "kernels/cpu/generic/rows.inc.h"
#include "kernels/cpu/generic/token_tiles.inc.h"

constexpr size_t kTileRows = 4, kTileTokens = 5;  // 20 sums, 4 weights, 1 activation: the 32 registers
#include "kernels/cpu/generic/matmul_float.inc.h"

}  // namespace

#include "kernels/cpu/generic/matmul_float_entries.inc.h"

}  // namespace aurea::kernels::neon
