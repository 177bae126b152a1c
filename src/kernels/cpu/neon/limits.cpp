// What the machine can do at most with NEON, for measuring against.
#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

#include "core/half.h"
#include "kernels/kernel_set.h"

namespace aurea::kernels::neon {
namespace {

#include "kernels/cpu/generic/common.inc.h"
#include "kernels/cpu/generic/vec128.inc.h"
// Each of these needs those before it:
#include "kernels/cpu/generic/dot_neon.inc.h"
#include "kernels/cpu/generic/limits.inc.h"
#include "kernels/cpu/generic/limits_neon.inc.h"

}  // namespace

uint64_t read_all(const uint8_t* bytes, size_t n) noexcept { return sum_words(bytes, n); }
uint64_t int8_peak(size_t rounds, uint32_t* sink) noexcept {
  return multiply_codes<1>(rounds, sink, multiply_add<false>);
}
uint64_t f32_peak(size_t rounds, float* sink) noexcept { return multiply_add_registers(rounds, sink); }

}  // namespace aurea::kernels::neon
