// Matrix products with float32 activations in plain C++: F32, F16 and BF16 weights.
// Eight partial sums per output (element k goes to sum k mod 8): shorter rounding errors than one, and a compiler can
// keep them in vectors.
#include <stddef.h>
#include <stdint.h>

#include "core/half.h"
#include "kernels/kernel_set.h"

namespace aurea::kernels::scalar {
namespace {

constexpr size_t kSums = 8;
constexpr size_t kColumns = 256;  // decoded at a time
constexpr size_t kChunk = 64;     // tokens per decoding

template <class T>
AUREA_INLINE T load(const uint8_t* p) {
  T value;
  __builtin_memcpy(&value, p, sizeof value);
  return value;
}

AUREA_INLINE void decode_f32(const uint8_t* src, float* dst, size_t n) {
  __builtin_memcpy(dst, src, n * sizeof(float));
}
AUREA_INLINE void decode_f16(const uint8_t* src, float* dst, size_t n) {
  for (size_t i = 0; i < n; ++i) dst[i] = f16_to_f32(load<uint16_t>(src + 2 * i));
}
AUREA_INLINE void decode_bf16(const uint8_t* src, float* dst, size_t n) {
  for (size_t i = 0; i < n; ++i) dst[i] = bf16_to_f32(load<uint16_t>(src + 2 * i));
}

AUREA_INLINE void accumulate(const float* w, const uint8_t* x, size_t n, float* sums) {
  size_t k = 0;
  for (; k + kSums <= n; k += kSums) {
    for (size_t i = 0; i < kSums; ++i) sums[i] += w[k + i] * load<float>(x + (k + i) * sizeof(float));
  }
  for (size_t i = 0; k + i < n; ++i) sums[i] += w[k + i] * load<float>(x + (k + i) * sizeof(float));
}

AUREA_INLINE float total(const float* s) { return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7])); }

/// Decode(src, dst, n) turns n weights into float32.
template <class Decode>
AUREA_INLINE void multiply(const MatmulArgs& args, size_t row_begin, size_t row_end, Decode decode) {
  float weights[kColumns], sums[kChunk][kSums];
  for (size_t row = row_begin; row < row_end; ++row) {
    for (size_t token = 0; token < args.n_tokens; token += kChunk) {
      const size_t n = args.n_tokens - token < kChunk ? args.n_tokens - token : kChunk;
      __builtin_memset(sums, 0, sizeof sums);
      for (size_t k = 0; k < args.cols; k += kColumns) {
        const size_t count = args.cols - k < kColumns ? args.cols - k : kColumns;
        const size_t offset = args.row_bytes / args.cols * k;
        decode(args.weights + row * args.row_bytes + offset, weights, count);
        const uint8_t* x = args.x + token * args.x_row_bytes + k * sizeof(float);
        for (size_t t = 0; t < n; ++t) accumulate(weights, x + t * args.x_row_bytes, count, sums[t]);
      }
      for (size_t t = 0; t < n; ++t) args.out[(token + t) * args.out_stride + row] = total(sums[t]);
    }
  }
}

}  // namespace

void matmul_f32(const MatmulArgs& args, size_t begin, size_t end) noexcept { multiply(args, begin, end, decode_f32); }
void matmul_f16(const MatmulArgs& args, size_t begin, size_t end) noexcept { multiply(args, begin, end, decode_f16); }
void matmul_bf16(const MatmulArgs& args, size_t begin, size_t end) noexcept { multiply(args, begin, end, decode_bf16); }

}  // namespace aurea::kernels::scalar
