// Matrix products of blocks of 32 with the dot products of Armv8.2.
#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

#include "codecs/fp4_values.h"
#include "codecs/iq4_values.h"
#include "core/half.h"
#include "kernels/kernel_set.h"
#include "kernels/packed_format.h"

namespace aurea::kernels::neon_dot {
namespace {

#include "kernels/cpu/generic/common.inc.h"
#include "kernels/cpu/generic/vec128.inc.h"
// Each of these needs those before it:
#include "kernels/cpu/generic/dot_neon.inc.h"
#include "kernels/cpu/generic/lookup_values.inc.h"
#include "kernels/cpu/generic/matmul_tiles.inc.h"
#include "kernels/cpu/generic/packed_rows.inc.h"
#include "kernels/cpu/generic/simple_blocks.inc.h"
#include "kernels/cpu/generic/token_tiles.inc.h"

#include "kernels/cpu/generic/matmul_simple.inc.h"
// Behind that:
#include "kernels/cpu/generic/matmul_packed.inc.h"

}  // namespace

#include "kernels/cpu/generic/matmul_simple_entries.inc.h"

}  // namespace aurea::kernels::neon_dot
