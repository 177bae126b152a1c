// Collects the kernels of the scalar set (kernels.def).
#include "kernels/kernel_set.h"

#define AUREA_KERNELS_DEF "kernels/cpu/scalar/kernels.def"
#define AUREA_ISA_NAME "scalar"

namespace aurea::kernels::scalar {
#include "kernels/cpu/generic/kernel_set.inc.h"
}  // namespace aurea::kernels::scalar
