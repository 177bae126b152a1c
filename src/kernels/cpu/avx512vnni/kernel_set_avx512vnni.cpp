// Collects the kernels of the avx512vnni set (kernels.def).
#include "kernels/kernel_set.h"

#define AUREA_KERNELS_DEF "kernels/cpu/avx512vnni/kernels.def"
#define AUREA_ISA_NAME "avx512vnni"

namespace aurea::kernels::avx512vnni {
#include "kernels/cpu/generic/kernel_set.inc.h"
}  // namespace aurea::kernels::avx512vnni
