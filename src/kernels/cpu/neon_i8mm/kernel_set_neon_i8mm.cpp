// Collects the kernels of the neon_i8mm set (kernels.def).
#include "kernels/kernel_set.h"

#define AUREA_KERNELS_DEF "kernels/cpu/neon_i8mm/kernels.def"
#define AUREA_ISA_NAME "neon_i8mm"

namespace aurea::kernels::neon_i8mm {
#include "kernels/cpu/generic/kernel_set.inc.h"
}  // namespace aurea::kernels::neon_i8mm
