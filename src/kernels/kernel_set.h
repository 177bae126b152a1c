// The door between the engine and the CPU: a struct of function pointers, one instance per instruction set.
//
// Contracts that every set keeps:
// - kernels are noexcept, allocate nothing, start no threads; callers split rows (or heads) among threads;
// - output element [t, r] is computed by the same operations whatever the row range, the number of tokens in the call
//   or the thread, so a batch gives each row the very bits that it gives alone;
// - the scalar set defines the result. Products of quantized weights, activation codes, gemm, rope, add and the blocks
//   of the cache have the same bits in all sets; products of float weights, rms_norm, layer_norm, silu_mul, gelu and
//   attention may associate sums differently or fuse a multiply-add (tolerances: the tests beside this file);
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

/// Element type of the keys or of the values in the cache.
enum class KvType : uint8_t { kF32, kF16, kBF16, kQ8_0, kQ4_0 };
constexpr size_t kKvTypeCount = 5;

/// The cache is kept in blocks: the keys, or the values, of one head for so many tokens.
///
/// A block holds kv_padded_dim(head_dim) = D numbers for every token, those behind head_dim zeros:
/// - keys are transposed, [D][kKvBlockTokens]: the lanes of a vector are tokens, and no score needs a sum over lanes;
/// - values are [kKvBlockTokens][D]: the lanes are dimensions.
/// F32, F16 and BF16 are these numbers. Q8_0 and Q4_0 have a binary16 scale for 32 dimensions of a token, behind all
/// the codes: keys [D / 32][kKvBlockTokens], values [kKvBlockTokens][D / 32]; a number is its code times its scale,
/// which float32 holds exactly. Q8_0: int8 codes, as in ggml scale = max|x| / 127. Q4_0: codes -8..7 in two's
/// complement, scale = x / -8 for the x of the largest magnitude (the positive one of two), as in ggml; keys [D /
/// 2][kKvBlockTokens] bytes, of dimensions 2 i (the low nibble) and 2 i + 1; values in 16 bytes for 32 dimensions, i
/// and i + 16. A code is x / scale rounded half to even, with the scale as stored; a scale of 0 has codes 0, one of
/// numbers with an infinity or NaN is NaN.
constexpr size_t kKvBlockTokens = 128;

[[gnu::always_inline]] constexpr bool kv_quantized(KvType type) { return type >= KvType::kQ8_0; }
[[gnu::always_inline]] constexpr size_t kv_padded_dim(KvType type, size_t head_dim) {
  const size_t unit = kv_quantized(type) ? 32 : 16;
  return (head_dim + unit - 1) / unit * unit;
}
/// Bytes of a block's codes or numbers, without the scales.
[[gnu::always_inline]] constexpr size_t kv_code_bytes(KvType type, size_t head_dim) {
  const size_t numbers = kKvBlockTokens * kv_padded_dim(type, head_dim);
  switch (type) {
    case KvType::kF32:
      return numbers * 4;
    case KvType::kF16:
    case KvType::kBF16:
      return numbers * 2;
    case KvType::kQ8_0:
      return numbers;
    case KvType::kQ4_0:
      return numbers / 2;
  }
  return 0;
}
/// Bytes of a block; a multiple of 64.
[[gnu::always_inline]] constexpr size_t kv_block_bytes(KvType type, size_t head_dim) {
  const size_t scales = kv_quantized(type) ? kKvBlockTokens * kv_padded_dim(type, head_dim) / 32 * 2 : 0;
  return kv_code_bytes(type, head_dim) + scales;
}

/// Keys or values of consecutive tokens, to be written into one block.
struct KvStoreArgs {
  const float* x;  // token t's head at x + t * stride: [head_dim]
  size_t stride;   // floats
  size_t n_tokens;
  size_t head_dim;
  KvType type;
  uint8_t* block;
  size_t slot;  // of the first token; slot + n_tokens <= kKvBlockTokens
};

/// Attention of consecutive tokens of one sequence, for the query heads that share one key/value head.
struct AttentionArgs {
  const float* q;  // token t's heads at q + t * q_stride: [n_heads, head_dim], already rotated
  size_t q_stride;
  float* out;  // the same, at out + t * out_stride
  size_t out_stride;
  size_t n_tokens, n_heads, head_dim;
  const uint8_t* const* pages;  // page p has the blocks of keys [p * kKvBlockTokens, (p + 1) * kKvBlockTokens)
  size_t k_offset, v_offset;    // bytes from a page's start to the head's block of keys, of values
  KvType k_type, v_type;
  size_t position;   // of the first token; token t sees the keys up to position + t
  size_t window;     // and no more than so many of them; 0: all
  float scale;       // on q . k
  uint8_t* scratch;  // attention_scratch_bytes, aligned to 64; one for each call that runs at the same time
};

/// (token, head) pairs that a call works on together: with fewer it reads the cache more often, with more it does not
/// get faster.
constexpr size_t kAttentionRows = 48;
constexpr size_t kAttentionPanelRows = 64;  // as they are laid out for the tiles

/// For each row its query, its sums and its scores.
[[gnu::always_inline]] constexpr size_t attention_scratch_bytes(size_t head_dim) {
  const size_t dims = (head_dim + 31) / 32 * 32;
  return ((kAttentionPanelRows + kAttentionRows) * dims + kAttentionRows * kKvBlockTokens) * sizeof(float);
}

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

  /// Write blocks of the cache; the bytes are the same in every set. Other tokens of the block are left alone, also by
  /// threads that write at the same time.
  void (*store_keys)(const KvStoreArgs& args) noexcept;
  void (*store_values)(const KvStoreArgs& args) noexcept;
  /// out = sum over the visible keys of softmax(scale * q . k) * v, in float32 with a streaming softmax. A row's bits
  /// depend on its query, its first and last key and the keys and values between; nothing else in the cache is looked
  /// at or matters, and nothing in the call either.
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
