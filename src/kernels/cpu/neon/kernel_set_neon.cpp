// Collects the kernels of the neon set (kernels.def).
#include "kernels/kernel_set.h"

#define AUREA_KERNELS_DEF "kernels/cpu/neon/kernels.def"
#define AUREA_ISA_NAME "neon"

namespace aurea::kernels::neon {
#include "kernels/cpu/generic/kernel_set.inc.h"
}  // namespace aurea::kernels::neon
