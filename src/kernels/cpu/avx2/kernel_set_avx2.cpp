// Collects the kernels of the avx2 set (kernels.def).
#include "kernels/kernel_set.h"

#define AUREA_KERNELS_DEF "kernels/cpu/avx2/kernels.def"
#define AUREA_ISA_NAME "avx2"

namespace aurea::kernels::avx2 {
#include "kernels/cpu/generic/kernel_set.inc.h"
}  // namespace aurea::kernels::avx2
