// Matrix products with float32 activations with AVX-512.
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "core/half.h"
#include "kernels/kernel_set.h"

namespace aurea::kernels::avx512 {
namespace {

#include "kernels/cpu/generic/common.inc.h"
#include "kernels/cpu/generic/vec512.inc.h"
// Each of these needs those before it:
#include "kernels/cpu/generic/elements.inc.h"
#include "kernels/cpu/generic/rows.inc.h"
#include "kernels/cpu/generic/token_tiles.inc.h"

constexpr size_t kTileRows = 4, kTileTokens = 6;  // 24 sums, 4 weights, 1 activation
#include "kernels/cpu/generic/matmul_float.inc.h"

}  // namespace

#include "kernels/cpu/generic/matmul_float_entries.inc.h"

}  // namespace aurea::kernels::avx512
