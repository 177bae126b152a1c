// Matrix products of the k-types with AVX-512 VNNI.
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "codecs/blocks.h"
#include "core/half.h"
#include "kernels/kernel_set.h"

namespace aurea::kernels::avx512vnni {
namespace {

#include "kernels/cpu/generic/common.inc.h"
#include "kernels/cpu/generic/vec512.inc.h"
// Each of these needs those before it:
#include "kernels/cpu/generic/dot_vnni.inc.h"
#include "kernels/cpu/generic/rows.inc.h"
#include "kernels/cpu/generic/super_blocks.inc.h"

constexpr size_t kTileVecs = 2, kTileTokens = 6;  // 12 sums and 12 partial sums: the 32 registers
#include "kernels/cpu/generic/matmul_q8x256.inc.h"

}  // namespace

#include "kernels/cpu/generic/matmul_q8x256_entries.inc.h"

}  // namespace aurea::kernels::avx512vnni
