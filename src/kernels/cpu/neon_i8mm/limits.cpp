// The int8 peak with the 8-bit matrix instruction (FEAT_I8MM), for measuring against.
#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

#include "core/half.h"
#include "kernels/kernel_set.h"

namespace aurea::kernels::neon_i8mm {
namespace {

#include "kernels/cpu/generic/common.inc.h"
#include "kernels/cpu/generic/vec128.inc.h"
// Each of these needs those before it:
#include "kernels/cpu/generic/dot_neon.inc.h"
#include "kernels/cpu/generic/limits_neon.inc.h"

}  // namespace

uint64_t int8_peak(size_t rounds, uint32_t* sink) noexcept {
  return multiply_codes<2>(rounds, sink, [](VecI sum, VecI codes, VecI x) AUREA_INLINE_LAMBDA {
    return vmmlaq_s32(sum, as_i8(codes), as_i8(x));
  });
}

}  // namespace aurea::kernels::neon_i8mm
