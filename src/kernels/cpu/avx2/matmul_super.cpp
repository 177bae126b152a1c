// Matrix products of super-blocks with AVX2.
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "codecs/fp4_values.h"
#include "codecs/iq4_values.h"
#include "core/half.h"
#include "kernels/kernel_set.h"
#include "kernels/packed_format.h"

namespace aurea::kernels::avx2 {
namespace {

#include "kernels/cpu/generic/common.inc.h"
#include "kernels/cpu/generic/vec256.inc.h"
// Each of these needs those before it:
#include "kernels/cpu/generic/dot_maddubs.inc.h"
#include "kernels/cpu/generic/lookup_values.inc.h"
#include "kernels/cpu/generic/packed_rows.inc.h"
#include "kernels/cpu/generic/super_blocks.inc.h"
#include "kernels/cpu/generic/token_tiles.inc.h"

constexpr size_t kTileVecs = 1, kTileTokens = 4;  // 4 sums, 4 partial sums and their operands: the 16 registers
constexpr size_t kChunk = 128;                    // tokens per unpacking
constexpr size_t kFewVecs = 2, kFewTokens = 2;
#if defined(AUREA_NO_UNROLL)
constexpr size_t kMostFew = 0;  // instrumented, these functions take minutes to compile
#else
constexpr size_t kMostFew = 4;  // tokens up to which a tile does not pay
#endif
#include "kernels/cpu/generic/matmul_super.inc.h"

}  // namespace

#include "kernels/cpu/generic/matmul_super_entries.inc.h"

}  // namespace aurea::kernels::avx2
