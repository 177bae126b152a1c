// The door between the engine and the CPU: a struct of function pointers, one instance per instruction set.
//
// Contracts that every set keeps:
// - kernels are noexcept, allocate nothing, start no threads; callers split rows (or heads) among threads;
// - output element [t, r] is computed by the same operations whatever the row range, the number of tokens in the call
// or
//   the thread, so a batch gives each row the very bits that it gives alone;
// - the scalar set defines the result. Products of quantized weights, activation codes, gemm, rope, add and f32_to_f16
//   have the same bits in all sets; products of float weights, rms_norm, layer_norm, silu_mul, gelu and attention may
//   associate sums differently or fuse a multiply-add (tolerances: the tests beside this file);
// - byte pointers need no alignment, float pointers that of a float; row lengths are multiples of the weight type's
//   block.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <cstddef>

#include "core/quant_type.h"

namespace aurea::kernels {

/// What a matmul kernel wants its activations as.
enum class ActivationFormat : uint8_t {
  kF32,     // float32 as they are
  kQ8x32,   // BlockQ8x32: 8-bit codes, a scale per 32 (partner of the 32-element block types)
  kQ8x256,  // BlockQ8x256: 8-bit codes, a scale per 256 (partner of the k-types)
};

/// 32 activations: x = d * q. d = max|x| / 127, q rounded half to even of x * (127 / max|x|). A block of zeros (or of
/// nothing above 2^-120, where the factor would overflow) is all 0; one with an infinity or NaN has d = NaN, codes 0.
/// Beside the codes stand their sums, as the kernels need them for codes and values with an offset.
struct BlockQ8x32 {
  float d;
  float sum_d;        // d * the sum of the codes
  int32_t neg_sum;    // -(sum of the codes)
  int32_t neg_first;  // -(sum of the first 16)
  int8_t q[32];
};
static_assert(sizeof(BlockQ8x32) == 48);

/// 256 activations: x = d * q. d = max|x| / 127, q as above.
struct BlockQ8x256 {
  float d;
  int8_t q[256];
  int16_t sums[16];      // of 16 codes each
  int16_t pair_sums[8];  // of 32 codes each
  int32_t neg_sums[16], neg_pair_sums[8];
};
static_assert(sizeof(BlockQ8x256) == 404);

/// Bytes of one activation row of `cols` elements.
constexpr size_t activation_row_bytes(ActivationFormat format, size_t cols) {
  switch (format) {
    case ActivationFormat::kF32:
      return cols * sizeof(float);
    case ActivationFormat::kQ8x32:
      return cols / 32 * sizeof(BlockQ8x32);
    case ActivationFormat::kQ8x256:
      return cols / 256 * sizeof(BlockQ8x256);
  }
  return 0;
}

/// out[t, r] = sum over k of W[r, k] * x[t, k], for all tokens t and the rows r of the call.
struct MatmulArgs {
  const uint8_t* weights;  // W [rows, cols]: packed (packed_format.h), float types as they are stored
  size_t row_bytes;        // from a row, in packed weights from a group of 16 rows, to the next
  size_t cols;
  const uint8_t* x;  // [n_tokens, cols] in the kernel's activation format
  size_t x_row_bytes;
  size_t n_tokens;
  float* out;  // out[t * out_stride + r]
  size_t out_stride;
};

/// Quantized weights: the integer dot products of a block are exact, what follows are float32 operations in the order
/// of the blocks, the same in every set, so that all sets give the same bits:
///   super-blocks   v = d * float(sum of s_j * dot_j);  with mins v = fma(-dmin, float(sum of t_j * sum(x.q_j)), v);
///                  out = fma(x.d, v, out)
///   blocks of 32   v = d * float(dot);  out = fma(x.d, v, out);  with m out = fma(m, x.sum_d, out);
///                  two factors (NVFP4): one after the other, each with its half's dot
/// Float weights: sums in float32, each set in an order of its own that depends on nothing but cols.
struct MatmulKernel {
  /// Rows [row_begin, row_end); of packed weights row_begin is a multiple of 16.
  void (*run)(const MatmulArgs& args, size_t row_begin, size_t row_end) noexcept;
  ActivationFormat activation;
  const char* name;  // "avx512vnni.q4_k"
};

/// c[i, j] += alpha * sum over k of a[i, k] * b[k, j], for i < m, j < n. c may not overlap what is read of a and b.
struct GemmArgs {
  const float* a;  // element (i, k) at a[i * a_row + k * a_col]: a transposed matrix has the two strides exchanged
  size_t a_row, a_col;
  const float* b;  // element (k, j) at b[k * b_row + j * b_col]
  size_t b_row, b_col;
  float* c;  // element (i, j) at c[i * c_row + j]
  size_t c_row;
  size_t m, n, k;
  float alpha = 1;  // 1 or -1
};

/// Element type of the key/value cache.
enum class KvType : uint8_t { kF32, kF16 };
constexpr size_t kv_element_bytes(KvType type) { return type == KvType::kF32 ? 4 : 2; }

/// Attention of one token's query heads that share one key/value head, over the paged cache, with a streaming softmax.
struct AttentionArgs {
  const float* q;  // [n_heads, head_dim], already rotated
  size_t n_heads;  // query heads of the group
  size_t head_dim;
  const uint8_t* const* pages;  // page p holds keys [p * page_tokens, (p + 1) * page_tokens)
  size_t k_offset, v_offset;    // bytes from a page's start to this layer's and head's [page_tokens, head_dim]
  size_t page_tokens;
  size_t key_begin, key_end;  // the keys to attend to; key_begin < key_end
  float scale;                // on q . k
  KvType kv_type;
  float* out;  // [n_heads, head_dim]; also the accumulator
};

struct KernelSet {
  const char* name;

  MatmulKernel matmul[kQuantTypeCount];  // by weight type; never null

  /// Every output is one chain of fused multiply-adds in increasing k that starts from the present c:
  /// c = fma(alpha * a[i, k], b[k, j], c). So the bits depend neither on the set nor on how a caller cuts i, j or k
  /// into calls. (A NaN is a NaN everywhere, but its sign and payload are not defined.) Fast with one unit stride in a
  /// and in b. Takes less than 512 KiB of stack.
  void (*gemm)(const GemmArgs& args) noexcept;

  void (*quantize_q8x32)(const float* x, BlockQ8x32* out, size_t n) noexcept;    // n multiple of 32
  void (*quantize_q8x256)(const float* x, BlockQ8x256* out, size_t n) noexcept;  // n multiple of 256

  /// out = x / sqrt(mean(x^2) + eps) * weight; mean in float64 or an equally exact sum.
  void (*rms_norm)(const float* x, const float* weight, float eps, float* out, size_t n) noexcept;
  /// out = (x - mean) / sqrt(variance + eps) * weight + bias, all of it in float64 and rounded once; the variance is
  /// the mean of (x - mean)^2. A NaN or an infinity in x makes every output NaN. out may be x.
  void (*layer_norm)(const float* x, const float* weight, const float* bias, float eps, float* out, size_t n) noexcept;
  /// Rotates pairs (i, i + half) of one head in place: cos, sin [half].
  void (*rope)(float* x, const float* cos, const float* sin, size_t half) noexcept;
  /// out = up * gate / (1 + exp(-gate)).
  void (*silu_mul)(const float* gate, const float* up, float* out, size_t n) noexcept;
  /// out = x * (1 + tanh(u)) / 2, u = sqrt(2 / pi) * (x + 0.044715 x^3): the tanh form of Hendrycks and Gimpel,
  /// "Gaussian Error Linear Units", arXiv:1606.08415. +inf gives itself, -inf a zero, NaN NaN. out may be x.
  void (*gelu)(const float* x, float* out, size_t n) noexcept;
  void (*add)(const float* a, const float* b, float* out, size_t n) noexcept;
  void (*f32_to_f16)(const float* x, uint16_t* out, size_t n) noexcept;
  void (*attention)(const AttentionArgs& args) noexcept;

  /// For measuring limits: reads all bytes once, returns a value that depends on them.
  uint64_t (*read_all)(const uint8_t* bytes, size_t n) noexcept;
  /// Runs `rounds` of the set's fastest int8 multiply-add on registers; returns the operations done (2 per
  /// multiply-add) and adds the result to *sink, modulo 2^32.
  uint64_t (*int8_peak)(size_t rounds, uint32_t* sink) noexcept;
  /// The same with gemm's operation, the fused multiply-add of float32; adds the result to *sink.
  uint64_t (*f32_peak)(size_t rounds, float* sink) noexcept;
};

}  // namespace aurea::kernels
