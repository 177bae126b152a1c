// The key/value cache's blocks and attention over them in plain C++: one key after the other with a streaming softmax.
#include <stddef.h>
#include <stdint.h>

#include "core/half.h"
#include "kernels/kernel_set.h"

namespace aurea::kernels::scalar {
namespace {

#include "kernels/cpu/scalar/exp.inc.h"

template <class T>
AUREA_INLINE T load(const uint8_t* p) {
  T value;
  __builtin_memcpy(&value, p, sizeof value);
  return value;
}

template <class T>
AUREA_INLINE void store(uint8_t* p, T value) {
  __builtin_memcpy(p, &value, sizeof value);
}

/// Where the numbers of a block lie: number d of a token.
struct Layout {
  KvType type;
  bool transposed;
  size_t dims, code_bytes;

  AUREA_INLINE Layout(KvType t, size_t head_dim, bool keys)
      : type(t), transposed(keys), dims(kv_padded_dim(t, head_dim)), code_bytes(kv_code_bytes(t, head_dim)) {}
  [[nodiscard]] AUREA_INLINE size_t index(size_t token, size_t d) const {
    return transposed ? d * kKvBlockTokens + token : token * dims + d;
  }
  [[nodiscard]] AUREA_INLINE size_t scale(size_t token, size_t d) const {
    return code_bytes + 2 * (transposed ? d / 32 * kKvBlockTokens + token : token * (dims / 32) + d / 32);
  }
  /// Of Q4_0: the byte, and in `high` which nibble.
  [[nodiscard]] AUREA_INLINE size_t nibble(size_t token, size_t d, bool& high) const {
    high = transposed ? d % 2 == 1 : d % 32 >= 16;
    return transposed ? d / 2 * kKvBlockTokens + token : (token * dims + d / 32 * 32) / 2 + d % 16;
  }
};

AUREA_INLINE float number(const uint8_t* block, const Layout& layout, size_t token, size_t d) {
  const size_t index = layout.index(token, d);
  switch (layout.type) {
    case KvType::kF32:
      return load<float>(block + 4 * index);
    case KvType::kF16:
      return f16_to_f32(load<uint16_t>(block + 2 * index));
    case KvType::kBF16:
      return bf16_to_f32(load<uint16_t>(block + 2 * index));
    case KvType::kQ8_0:
      return static_cast<float>(load<int8_t>(block + index)) *
             f16_to_f32(load<uint16_t>(block + layout.scale(token, d)));
    case KvType::kQ4_0:
      break;
  }
  bool high;
  const uint8_t byte = block[layout.nibble(token, d, high)];
  const int code = ((high ? byte >> 4 : byte & 15) ^ 8) - 8;
  return static_cast<float>(code) * f16_to_f32(load<uint16_t>(block + layout.scale(token, d)));
}

/// x * inverse rounded half to even, within [low, high]; of what is not a number `low`.
AUREA_INLINE int code(float x, float inverse, float low, float high) {
  float y = x * inverse;
  y = y > low ? y : low;
  y = y < high ? y : high;
  return static_cast<int>((y + 0x1.8p+23f) - 0x1.8p+23f);
}

/// Dimensions [d, d + 32) of a token as codes and their scale.
AUREA_INLINE void store_codes(const float* x, uint8_t* block, const Layout& layout, size_t token, size_t d) {
  uint32_t magnitude = 0;  // bits of |x|: as integers they are ordered like the values, with inf and NaN above all
  float highest = x[0], lowest = x[0];
  for (size_t i = 0; i < 32; ++i) {
    const uint32_t bits = bits_from_f32(x[i]) & INT32_MAX;
    magnitude = bits > magnitude ? bits : magnitude;
    highest = x[i] > highest ? x[i] : highest;
    lowest = x[i] < lowest ? x[i] : lowest;
  }
  const bool wide = layout.type == KvType::kQ8_0;
  const float sign = !wide && highest >= -lowest ? -1.0f : 1.0f;
  const bool finite = magnitude < 0x7F800000;
  const uint16_t half = finite ? f32_to_f16(sign * (f32_from_bits(magnitude) / (wide ? 127.0f : 8.0f))) : 0x7E00;
  store(block + layout.scale(token, d), half);
  const float stored = sign * f16_to_f32(half);
  const float inverse = finite ? sign * (1.0f / (stored > 0x1p-24f ? stored : 0x1p-24f)) : stored;
  for (size_t i = 0; i < 32; ++i) {
    if (wide) {
      block[layout.index(token, d + i)] = static_cast<uint8_t>(code(x[i], inverse, -127, 127));
      continue;
    }
    bool high;
    uint8_t& byte = block[layout.nibble(token, d + i, high)];
    const int nibble = code(x[i], inverse, -8, 7) & 15;
    byte = static_cast<uint8_t>(high ? (byte & 15) | (nibble << 4) : (byte & 0xF0) | nibble);
  }
}

AUREA_INLINE void store_block(const KvStoreArgs& args, bool keys) {
  const Layout layout(args.type, args.head_dim, keys);
  for (size_t t = 0; t < args.n_tokens; ++t) {
    const size_t token = args.slot + t;
    for (size_t d = 0; d < layout.dims; d += 16) {
      float x[32] = {};
      for (size_t i = 0; i < 32 && d + i < args.head_dim; ++i) x[i] = args.x[t * args.stride + d + i];
      if (kv_quantized(args.type)) {
        if (d % 32 == 0) store_codes(x, args.block, layout, token, d);
        continue;
      }
      for (size_t i = 0; i < 16; ++i) {
        const size_t index = layout.index(token, d + i);
        if (args.type == KvType::kF32) store(args.block + 4 * index, x[i]);
        if (args.type == KvType::kF16) store(args.block + 2 * index, f32_to_f16(x[i]));
        if (args.type == KvType::kBF16) store(args.block + 2 * index, f32_to_bf16(x[i]));
      }
    }
  }
}

AUREA_INLINE float dot(const float* q, const uint8_t* block, const Layout& layout, size_t token, size_t n) {
  float sums[8] = {};
  for (size_t d = 0; d < n; ++d) sums[d % 8] += q[d] * number(block, layout, token, d);
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

/// One head of one token.
AUREA_INLINE void attend(const AttentionArgs& args, size_t position, const float* q, float* out) {
  const Layout keys(args.k_type, args.head_dim, true), values(args.v_type, args.head_dim, false);
  const size_t end = position + 1, first = args.window != 0 && end > args.window ? end - args.window : 0;
  float max = -__builtin_inff(), sum = 0;
  for (size_t d = 0; d < args.head_dim; ++d) out[d] = 0;
  for (size_t i = first; i < end; ++i) {
    const uint8_t* page = args.pages[i / kKvBlockTokens];
    const size_t token = i % kKvBlockTokens;
    const float score = dot(q, page + args.k_offset, keys, token, args.head_dim) * args.scale;
    const float new_max = score > max ? score : max;
    const float factor = exp_f(max - new_max), weight = exp_f(score - new_max);
    for (size_t d = 0; d < args.head_dim; ++d) {
      out[d] = out[d] * factor + weight * number(page + args.v_offset, values, token, d);
    }
    sum = sum * factor + weight;
    max = new_max;
  }
  for (size_t d = 0; d < args.head_dim; ++d) out[d] *= 1.0f / sum;
}

}  // namespace

void store_keys(const KvStoreArgs& args) noexcept { store_block(args, true); }
void store_values(const KvStoreArgs& args) noexcept { store_block(args, false); }

void attention(const AttentionArgs& args) noexcept {
  for (size_t t = 0; t < args.n_tokens; ++t) {
    for (size_t h = 0; h < args.n_heads; ++h) {
      const size_t head = h * args.head_dim;
      attend(args, args.position + t, args.q + t * args.q_stride + head, args.out + t * args.out_stride + head);
    }
  }
}

}  // namespace aurea::kernels::scalar
