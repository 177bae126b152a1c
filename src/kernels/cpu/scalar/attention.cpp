// Attention over the paged cache in plain C++: one key after the other with a streaming softmax.
#include <stddef.h>
#include <stdint.h>

#include "core/half.h"
#include "kernels/kernel_set.h"

namespace aurea::kernels::scalar {
namespace {

#include "kernels/cpu/scalar/exp.inc.h"

AUREA_INLINE float element(const uint8_t* p, size_t i, KvType type) {
  if (type == KvType::kF16) {
    uint16_t half;
    __builtin_memcpy(&half, p + 2 * i, sizeof half);
    return f16_to_f32(half);
  }
  float value;
  __builtin_memcpy(&value, p + 4 * i, sizeof value);
  return value;
}

AUREA_INLINE float dot(const float* q, const uint8_t* key, size_t n, KvType type) {
  float sums[8] = {};
  for (size_t d = 0; d < n; ++d) sums[d % 8] += q[d] * element(key, d, type);
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

AUREA_INLINE void attend_head(const AttentionArgs& args, const float* q, float* out) {
  const size_t row_bytes = args.head_dim * (args.kv_type == KvType::kF16 ? 2 : 4);
  float max = -__builtin_inff(), sum = 0;
  for (size_t d = 0; d < args.head_dim; ++d) out[d] = 0;
  for (size_t i = args.key_begin; i < args.key_end; ++i) {
    const uint8_t* page = args.pages[i / args.page_tokens] + i % args.page_tokens * row_bytes;
    const float score = dot(q, page + args.k_offset, args.head_dim, args.kv_type) * args.scale;
    const float new_max = score > max ? score : max;
    const float factor = exp_f(max - new_max), weight = exp_f(score - new_max);
    for (size_t d = 0; d < args.head_dim; ++d) {
      out[d] = out[d] * factor + weight * element(page + args.v_offset, d, args.kv_type);
    }
    sum = sum * factor + weight;
    max = new_max;
  }
  for (size_t d = 0; d < args.head_dim; ++d) out[d] *= 1.0f / sum;
}

}  // namespace

void attention(const AttentionArgs& args) noexcept {
  for (size_t h = 0; h < args.n_heads; ++h) attend_head(args, args.q + h * args.head_dim, args.out + h * args.head_dim);
}

}  // namespace aurea::kernels::scalar
