// Attention and the blocks of the key/value cache with NEON.
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
#include "kernels/cpu/generic/elements.inc.h"
#include "kernels/cpu/generic/exp.inc.h"
// Needs elements:
#include "kernels/cpu/generic/kv_elements.inc.h"
// Needs all:
#include "kernels/cpu/generic/attention.inc.h"
#include "kernels/cpu/generic/kv_store.inc.h"

}  // namespace

void attention(const AttentionArgs& args) noexcept { attend(args); }
void store_keys(const KvStoreArgs& args) noexcept { store_key_block(args); }
void store_values(const KvStoreArgs& args) noexcept { store_value_block(args); }

}  // namespace aurea::kernels::neon
