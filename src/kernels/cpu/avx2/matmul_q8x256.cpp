// Matrix products of the k-types with AVX2.
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "codecs/blocks.h"
#include "core/half.h"
#include "kernels/kernel_set.h"

namespace aurea::kernels::avx2 {
namespace {

#include "kernels/cpu/generic/common.inc.h"
#include "kernels/cpu/generic/vec256.inc.h"
// Each of these needs those before it:
#include "kernels/cpu/generic/dot_maddubs.inc.h"
#include "kernels/cpu/generic/rows.inc.h"
#include "kernels/cpu/generic/super_blocks.inc.h"

constexpr size_t kTileVecs = 1, kTileTokens = 4;  // 4 sums, 4 partial sums and their operands: the 16 registers
#include "kernels/cpu/generic/matmul_q8x256.inc.h"

}  // namespace

#include "kernels/cpu/generic/matmul_q8x256_entries.inc.h"

}  // namespace aurea::kernels::avx2
