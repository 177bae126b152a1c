// Attention with AVX2.
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "core/half.h"
#include "kernels/kernel_set.h"

namespace aurea::kernels::avx2 {
namespace {

#include "kernels/cpu/generic/common.inc.h"
#include "kernels/cpu/generic/vec256.inc.h"
// Each of these needs those before it:
#include "kernels/cpu/generic/elements.inc.h"
#include "kernels/cpu/generic/exp.inc.h"
// Needs both:
#include "kernels/cpu/generic/attention.inc.h"

}  // namespace

void attention(const AttentionArgs& args) noexcept {
  if (args.kv_type == KvType::kF16) {
    attend<ElementsF16>(args);
  } else {
    attend<ElementsF32>(args);
  }
}

}  // namespace aurea::kernels::avx2
