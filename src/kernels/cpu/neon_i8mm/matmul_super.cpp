// Matrix products of super-blocks with the 8-bit matrix instruction (FEAT_I8MM).
#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

#include "codecs/fp4_values.h"
#include "codecs/iq4_values.h"
#include "core/half.h"
#include "kernels/kernel_set.h"
#include "kernels/packed_format.h"

namespace aurea::kernels::neon_i8mm {
namespace {

#include "kernels/cpu/generic/common.inc.h"
#include "kernels/cpu/generic/vec128.inc.h"
// Each of these needs those before it:
#include "kernels/cpu/generic/dot_neon.inc.h"
#include "kernels/cpu/generic/lookup_values.inc.h"
#include "kernels/cpu/generic/matmul_tiles.inc.h"
#include "kernels/cpu/generic/packed_rows.inc.h"
#include "kernels/cpu/generic/super_blocks.inc.h"
#include "kernels/cpu/generic/token_pairs.inc.h"
#include "kernels/cpu/generic/token_tiles.inc.h"

#include "kernels/cpu/generic/matmul_super.inc.h"
// Behind that:
#include "kernels/cpu/generic/matmul_packed.inc.h"
#include "kernels/cpu/generic/matmul_super_pairs.inc.h"

}  // namespace

#include "kernels/cpu/generic/matmul_super_entries.inc.h"

}  // namespace aurea::kernels::neon_i8mm
