// Collects the kernels of the neon_dot set (kernels.def).
#include "kernels/kernel_set.h"

#define AUREA_KERNELS_DEF "kernels/cpu/neon_dot/kernels.def"
#define AUREA_ISA_NAME "neon_dot"

namespace aurea::kernels::neon_dot {
#include "kernels/cpu/generic/kernel_set.inc.h"
}  // namespace aurea::kernels::neon_dot
