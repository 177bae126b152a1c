// Matrix products of the 32-element types in plain C++: the definition that the other sets equal bit for bit.
// Layouts: codecs/blocks.h.
#include <stddef.h>
#include <stdint.h>

#include "codecs/blocks.h"
#include "core/half.h"
#include "kernels/kernel_set.h"

namespace aurea::kernels::scalar {
namespace {

constexpr size_t kChunk = 64;  // tokens per unpacking

/// One block: value of element i = d * q[i] + m.
struct SimpleBlock {
  float d, m = 0;
  int8_t q[32];
};

AUREA_INLINE float half_at(const uint8_t* p) {
  uint16_t bits;
  __builtin_memcpy(&bits, p, sizeof bits);
  return f16_to_f32(bits);
}

AUREA_INLINE void unpack_nibbles(const uint8_t* qs, int offset, int8_t* q) {
  for (int i = 0; i < 16; ++i) {
    q[i] = static_cast<int8_t>((qs[i] & 15) - offset);
    q[i + 16] = static_cast<int8_t>((qs[i] >> 4) - offset);
  }
}

AUREA_INLINE void add_fifth_bits(const uint8_t* qh, int8_t* q) {
  for (int i = 0; i < 32; ++i) q[i] = static_cast<int8_t>(q[i] + 16 * ((qh[i / 8] >> (i % 8)) & 1));
}

AUREA_INLINE void unpack_q4_0(const uint8_t* p, SimpleBlock& block) {
  block.d = half_at(p);
  unpack_nibbles(p + offsetof(codecs::BlockQ4_0, qs), 8, block.q);
}

AUREA_INLINE void unpack_q4_1(const uint8_t* p, SimpleBlock& block) {
  block.d = half_at(p);
  block.m = half_at(p + offsetof(codecs::BlockQ4_1, m));
  unpack_nibbles(p + offsetof(codecs::BlockQ4_1, qs), 0, block.q);
}

AUREA_INLINE void unpack_q5_0(const uint8_t* p, SimpleBlock& block) {
  block.d = half_at(p);
  unpack_nibbles(p + offsetof(codecs::BlockQ5_0, qs), 16, block.q);
  add_fifth_bits(p + offsetof(codecs::BlockQ5_0, qh), block.q);
}

AUREA_INLINE void unpack_q5_1(const uint8_t* p, SimpleBlock& block) {
  block.d = half_at(p);
  block.m = half_at(p + offsetof(codecs::BlockQ5_1, m));
  unpack_nibbles(p + offsetof(codecs::BlockQ5_1, qs), 0, block.q);
  add_fifth_bits(p + offsetof(codecs::BlockQ5_1, qh), block.q);
}

AUREA_INLINE void unpack_q8_0(const uint8_t* p, SimpleBlock& block) {
  block.d = half_at(p);
  __builtin_memcpy(block.q, p + offsetof(codecs::BlockQ8_0, qs), sizeof block.q);
}

/// out + the product of one block and one activation block.
AUREA_INLINE float add_product(float out, const SimpleBlock& w, const uint8_t* x, bool min) {
  float x_d;
  int32_t x_sum;
  __builtin_memcpy(&x_d, x, sizeof x_d);
  __builtin_memcpy(&x_sum, x + offsetof(BlockQ8x32, sum), sizeof x_sum);
  const uint8_t* codes = x + offsetof(BlockQ8x32, q);
  int dot = 0;
  for (int i = 0; i < 32; ++i) dot += w.q[i] * static_cast<int8_t>(codes[i]);
  out += (w.d * x_d) * static_cast<float>(dot);
  if (min) out += w.m * (x_d * static_cast<float>(x_sum));
  return out;
}

template <auto kUnpack, bool kMin>
AUREA_INLINE void multiply(const MatmulArgs& args, size_t block_bytes, size_t row_begin, size_t row_end) {
  SimpleBlock w;
  for (size_t row = row_begin; row < row_end; ++row) {
    for (size_t token = 0; token < args.n_tokens; token += kChunk) {
      const size_t n = args.n_tokens - token < kChunk ? args.n_tokens - token : kChunk;
      float acc[kChunk] = {};
      for (size_t block = 0; block < args.cols / 32; ++block) {
        kUnpack(args.weights + row * args.row_bytes + block * block_bytes, w);
        const uint8_t* x = args.x + token * args.x_row_bytes + block * sizeof(BlockQ8x32);
        for (size_t t = 0; t < n; ++t) acc[t] = add_product(acc[t], w, x + t * args.x_row_bytes, kMin);
      }
      for (size_t t = 0; t < n; ++t) args.out[(token + t) * args.out_stride + row] = acc[t];
    }
  }
}

}  // namespace

void matmul_q4_0(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  multiply<unpack_q4_0, false>(args, sizeof(codecs::BlockQ4_0), begin, end);
}
void matmul_q4_1(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  multiply<unpack_q4_1, true>(args, sizeof(codecs::BlockQ4_1), begin, end);
}
void matmul_q5_0(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  multiply<unpack_q5_0, false>(args, sizeof(codecs::BlockQ5_0), begin, end);
}
void matmul_q5_1(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  multiply<unpack_q5_1, true>(args, sizeof(codecs::BlockQ5_1), begin, end);
}
void matmul_q8_0(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  multiply<unpack_q8_0, false>(args, sizeof(codecs::BlockQ8_0), begin, end);
}

}  // namespace aurea::kernels::scalar
