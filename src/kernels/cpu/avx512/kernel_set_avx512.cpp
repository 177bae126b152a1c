// Collects the kernels of the avx512 set (kernels.def).
#include "kernels/kernel_set.h"

#define AUREA_KERNELS_DEF "kernels/cpu/avx512/kernels.def"
#define AUREA_ISA_NAME "avx512"

namespace aurea::kernels::avx512 {
#include "kernels/cpu/generic/kernel_set.inc.h"
}  // namespace aurea::kernels::avx512
