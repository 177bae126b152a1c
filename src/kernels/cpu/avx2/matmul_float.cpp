// Matrix products with float32 activations with AVX2.
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "core/half.h"
#include "kernels/kernel_set.h"

namespace aurea::kernels::avx2 {
namespace {

#include "kernels/cpu/generic/common.inc.h"
#include "kernels/cpu/generic/vec256.inc.h"
// Each of these needs those before it:
#include "kernels/cpu/generic/elements.inc.h"
#include "kernels/cpu/generic/rows.inc.h"
#include "kernels/cpu/generic/token_tiles.inc.h"

constexpr size_t kTileRows = 3, kTileTokens = 4;  // 12 sums, 3 weights, 1 activation
#include "kernels/cpu/generic/matmul_float.inc.h"

}  // namespace

#include "kernels/cpu/generic/matmul_float_entries.inc.h"

}  // namespace aurea::kernels::avx2
