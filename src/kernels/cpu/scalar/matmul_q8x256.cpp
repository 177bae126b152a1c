// Matrix products of the k-types in plain C++: the definition that the other sets equal bit for bit.
// Layouts: codecs/blocks.h.
#include <stddef.h>
#include <stdint.h>

#include "codecs/blocks.h"
#include "core/half.h"
#include "kernels/kernel_set.h"

namespace aurea::kernels::scalar {
namespace {

constexpr size_t kChunk = 64;  // tokens per unpacking

/// One super-block: value of element i = d * scale[i / 16] * (code[i] - offset) - dmin * min[i / 16].
struct SuperBlock {
  float d, dmin = 0;
  int offset = 0;
  int scale[16], min[16] = {};
  uint8_t code[256];
};

AUREA_INLINE float half_at(const uint8_t* p) {
  uint16_t bits;
  __builtin_memcpy(&bits, p, sizeof bits);
  return f16_to_f32(bits);
}

/// Two-bit codes: element i in byte 32 (i / 128) + i mod 32, shift 2 ((i mod 128) / 32).
AUREA_INLINE void unpack_two_bits(const uint8_t* qs, uint8_t* code) {
  for (int i = 0; i < 256; ++i) {
    code[i] = static_cast<uint8_t>((qs[32 * (i / 128) + i % 32] >> (2 * (i % 128 / 32))) & 3);
  }
}

AUREA_INLINE void unpack_q2_k(const uint8_t* p, SuperBlock& block) {
  using codecs::BlockQ2_K;
  block.d = half_at(p + offsetof(BlockQ2_K, d));
  block.dmin = half_at(p + offsetof(BlockQ2_K, dmin));
  for (int j = 0; j < 16; ++j) {
    block.scale[j] = p[j] & 15;
    block.min[j] = p[j] >> 4;
  }
  unpack_two_bits(p + offsetof(BlockQ2_K, qs), block.code);
}

AUREA_INLINE void unpack_q3_k(const uint8_t* p, SuperBlock& block) {
  using codecs::BlockQ3_K;
  block.d = half_at(p + offsetof(BlockQ3_K, d));
  block.offset = 4;
  const uint8_t* scales = p + offsetof(BlockQ3_K, scales);
  for (int j = 0; j < 16; ++j) {
    const int low = j < 8 ? scales[j] & 15 : scales[j - 8] >> 4;
    const int high = (scales[8 + j % 4] >> (2 * (j / 4))) & 3;
    block.scale[j] = low + 16 * high - 32;
  }
  unpack_two_bits(p + offsetof(BlockQ3_K, qs), block.code);
  for (int i = 0; i < 256; ++i) {
    block.code[i] = static_cast<uint8_t>(block.code[i] + 4 * ((p[i % 32] >> (i / 32)) & 1));
  }
}

/// d, dmin and the packed six-bit scales and mins of Q4_K and Q5_K.
AUREA_INLINE void unpack_header(const uint8_t* p, SuperBlock& block) {
  block.d = half_at(p);
  block.dmin = half_at(p + 2);
  const uint8_t* packed = p + 4;
  for (int j = 0; j < 8; ++j) {
    const int s = j < 4 ? packed[j] & 63 : (packed[j + 4] & 15) + 16 * (packed[j - 4] >> 6);
    const int t = j < 4 ? packed[j + 4] & 63 : (packed[j + 4] >> 4) + 16 * (packed[j] >> 6);
    block.scale[2 * j] = block.scale[2 * j + 1] = s;
    block.min[2 * j] = block.min[2 * j + 1] = t;
  }
}

AUREA_INLINE void unpack_nibble_pairs(const uint8_t* qs, uint8_t* code) {
  for (int i = 0; i < 256; ++i) {
    const int byte = qs[32 * (i / 64) + i % 32];
    code[i] = static_cast<uint8_t>(i % 64 < 32 ? byte & 15 : byte >> 4);
  }
}

AUREA_INLINE void unpack_q4_k(const uint8_t* p, SuperBlock& block) {
  unpack_header(p, block);
  unpack_nibble_pairs(p + offsetof(codecs::BlockQ4_K, qs), block.code);
}

AUREA_INLINE void unpack_q5_k(const uint8_t* p, SuperBlock& block) {
  unpack_header(p, block);
  unpack_nibble_pairs(p + offsetof(codecs::BlockQ5_K, qs), block.code);
  const uint8_t* high = p + offsetof(codecs::BlockQ5_K, qh);
  for (int i = 0; i < 256; ++i) {
    block.code[i] = static_cast<uint8_t>(block.code[i] + 16 * ((high[i % 32] >> (i / 32)) & 1));
  }
}

AUREA_INLINE void unpack_q6_k(const uint8_t* p, SuperBlock& block) {
  using codecs::BlockQ6_K;
  block.d = half_at(p + offsetof(BlockQ6_K, d));
  block.offset = 32;
  for (int j = 0; j < 16; ++j)
    block.scale[j] = static_cast<int8_t>(p[offsetof(BlockQ6_K, scales) + static_cast<size_t>(j)]);
  const uint8_t* high = p + offsetof(BlockQ6_K, qh);
  for (int i = 0; i < 256; ++i) {
    const int half = i / 128, r = i % 128;
    const int byte = p[64 * half + r % 64];
    const int low = r < 64 ? byte & 15 : byte >> 4;
    block.code[i] = static_cast<uint8_t>(low + 16 * ((high[32 * half + r % 32] >> (2 * (r / 32))) & 3));
  }
}

/// out + the product of one super-block and one activation block.
AUREA_INLINE float add_product(float out, const SuperBlock& w, const uint8_t* x, bool mins) {
  int sum = 0, min_sum = 0;
  for (size_t j = 0; j < 16; ++j) {
    const uint8_t* codes = x + offsetof(BlockQ8x256, q) + 16 * j;
    int dot = 0;
    for (size_t i = 0; i < 16; ++i) dot += w.code[16 * j + i] * static_cast<int8_t>(codes[i]);
    int16_t x_sum;
    __builtin_memcpy(&x_sum, x + offsetof(BlockQ8x256, sums) + 2 * j, sizeof x_sum);
    sum += w.scale[j] * (dot - w.offset * x_sum);
    min_sum += w.min[j] * x_sum;
  }
  float x_d;
  __builtin_memcpy(&x_d, x, sizeof x_d);
  out += (w.d * x_d) * static_cast<float>(sum);
  if (mins) out -= (w.dmin * x_d) * static_cast<float>(min_sum);
  return out;
}

template <auto kUnpack, bool kMins>
AUREA_INLINE void multiply(const MatmulArgs& args, size_t block_bytes, size_t row_begin, size_t row_end) {
  SuperBlock w;
  for (size_t row = row_begin; row < row_end; ++row) {
    for (size_t token = 0; token < args.n_tokens; token += kChunk) {
      const size_t n = args.n_tokens - token < kChunk ? args.n_tokens - token : kChunk;
      float acc[kChunk] = {};
      for (size_t block = 0; block < args.cols / 256; ++block) {
        kUnpack(args.weights + row * args.row_bytes + block * block_bytes, w);
        const uint8_t* x = args.x + token * args.x_row_bytes + block * sizeof(BlockQ8x256);
        for (size_t t = 0; t < n; ++t) acc[t] = add_product(acc[t], w, x + t * args.x_row_bytes, kMins);
      }
      for (size_t t = 0; t < n; ++t) args.out[(token + t) * args.out_stride + row] = acc[t];
    }
  }
}

}  // namespace

void matmul_q2_k(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  multiply<unpack_q2_k, true>(args, sizeof(codecs::BlockQ2_K), begin, end);
}
void matmul_q3_k(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  multiply<unpack_q3_k, false>(args, sizeof(codecs::BlockQ3_K), begin, end);
}
void matmul_q4_k(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  multiply<unpack_q4_k, true>(args, sizeof(codecs::BlockQ4_K), begin, end);
}
void matmul_q5_k(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  multiply<unpack_q5_k, true>(args, sizeof(codecs::BlockQ5_K), begin, end);
}
void matmul_q6_k(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  multiply<unpack_q6_k, false>(args, sizeof(codecs::BlockQ6_K), begin, end);
}

}  // namespace aurea::kernels::scalar
