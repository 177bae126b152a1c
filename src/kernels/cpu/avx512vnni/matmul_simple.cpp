// Matrix products of blocks of 32 with AVX-512 VNNI.
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "codecs/fp4_values.h"
#include "codecs/iq4_values.h"
#include "core/half.h"
#include "kernels/kernel_set.h"
#include "kernels/packed_format.h"

namespace aurea::kernels::avx512vnni {
namespace {

#include "kernels/cpu/generic/common.inc.h"
#include "kernels/cpu/generic/vec512.inc.h"
// Each of these needs those before it:
#include "kernels/cpu/generic/dot_vnni.inc.h"
#include "kernels/cpu/generic/lookup_values.inc.h"
#include "kernels/cpu/generic/packed_rows.inc.h"
#include "kernels/cpu/generic/simple_blocks.inc.h"
#include "kernels/cpu/generic/token_tiles.inc.h"

constexpr size_t kTileVecs = 2, kTileTokens = 6;  // 12 sums and 12 partial sums: the 32 registers
constexpr size_t kChunk = 128;                    // tokens per unpacking
constexpr size_t kFewVecs = 2, kFewTokens = 4;
#if defined(AUREA_NO_UNROLL)
constexpr size_t kMostFew = 0;  // instrumented, these functions take minutes to compile
#else
constexpr size_t kMostFew = 12;  // tokens up to which a tile does not pay
#endif
#include "kernels/cpu/generic/matmul_simple.inc.h"

}  // namespace

#include "kernels/cpu/generic/matmul_simple_entries.inc.h"

}  // namespace aurea::kernels::avx512vnni
