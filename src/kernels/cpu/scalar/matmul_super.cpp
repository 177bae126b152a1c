// Matrix products of packed super-blocks in plain C++: the definition that the other sets equal bit for bit.
// Layouts: kernels/packed_format.h, codecs/blocks.h.
#include <stddef.h>
#include <stdint.h>

#include "codecs/fp4_values.h"
#include "codecs/iq4_values.h"
#include "core/half.h"
#include "kernels/kernel_set.h"
#include "kernels/packed_format.h"

namespace aurea::kernels::scalar {
namespace {

#include "kernels/cpu/generic/lookup_values.inc.h"
#include "kernels/cpu/scalar/packed_row.inc.h"

constexpr size_t kChunk = 64;  // tokens per unpacking

/// One super-block: value of element i = d * scale[i / 16] * code[i] - dmin * min[i / 16].
struct SuperBlock {
  float d = 0, dmin = 0;
  int scale[16] = {}, min[16] = {};
  int8_t code[256] = {};
};

/// Two-bit codes: element i in byte 32 (i / 128) + i mod 32, shift 2 ((i mod 128) / 32).
AUREA_INLINE int two_bits(const uint8_t* qs, int i) {
  return (qs[32 * (i / 128) + i % 32] >> (2 * (i % 128 / 32))) & 3;
}
/// Bit i / 32 of byte i mod 32.
AUREA_INLINE int high_bit(const uint8_t* bits, int i) { return (bits[i % 32] >> (i / 32)) & 1; }
/// Four-bit codes: element i in byte 32 (i / 64) + i mod 32, low nibble if i mod 64 < 32.
AUREA_INLINE int nibble(const uint8_t* qs, int i) { return (qs[32 * (i / 64) + i % 32] >> (i % 64 < 32 ? 0 : 4)) & 15; }

struct Q2K {
  static constexpr PackedFormat kFormat = kPackedQ2K;
  static constexpr bool kMins = true;
  AUREA_INLINE static void unpack(const uint16_t* factors, const uint8_t* p, SuperBlock& block) {
    block.d = half_at(factors);
    block.dmin = half_at(factors + 1);
    for (int j = 0; j < 16; ++j) {
      block.scale[j] = p[j] & 15;
      block.min[j] = p[j] >> 4;
    }
    for (int i = 0; i < 256; ++i) block.code[i] = static_cast<int8_t>(two_bits(p + 16, i));
  }
};

struct Q3K {
  static constexpr PackedFormat kFormat = kPackedQ3K;
  static constexpr bool kMins = false;
  AUREA_INLINE static void unpack(const uint16_t* factors, const uint8_t* p, SuperBlock& block) {
    block.d = half_at(factors);
    for (int j = 0; j < 16; ++j) {
      const int low = j < 8 ? p[j] & 15 : p[j - 8] >> 4;
      block.scale[j] = low + 16 * ((p[8 + j % 4] >> (2 * (j / 4))) & 3) - 32;
    }
    for (int i = 0; i < 256; ++i)
      block.code[i] = static_cast<int8_t>(two_bits(p + 44, i) + 4 * high_bit(p + 12, i) - 4);
  }
};

/// d, dmin and the packed six-bit scales and mins of Q4_K and Q5_K.
AUREA_INLINE void unpack_header(const uint16_t* factors, const uint8_t* packed, SuperBlock& block) {
  block.d = half_at(factors);
  block.dmin = half_at(factors + 1);
  for (int j = 0; j < 8; ++j) {
    const int s = j < 4 ? packed[j] & 63 : (packed[j + 4] & 15) + 16 * (packed[j - 4] >> 6);
    const int t = j < 4 ? packed[j + 4] & 63 : (packed[j + 4] >> 4) + 16 * (packed[j] >> 6);
    block.scale[2 * j] = block.scale[2 * j + 1] = s;
    block.min[2 * j] = block.min[2 * j + 1] = t;
  }
}

struct Q4K {
  static constexpr PackedFormat kFormat = kPackedQ4K;
  static constexpr bool kMins = true;
  AUREA_INLINE static void unpack(const uint16_t* factors, const uint8_t* p, SuperBlock& block) {
    unpack_header(factors, p, block);
    for (int i = 0; i < 256; ++i) block.code[i] = static_cast<int8_t>(nibble(p + 12, i));
  }
};

struct Q5K {
  static constexpr PackedFormat kFormat = kPackedQ5K;
  static constexpr bool kMins = true;
  AUREA_INLINE static void unpack(const uint16_t* factors, const uint8_t* p, SuperBlock& block) {
    unpack_header(factors, p, block);
    for (int i = 0; i < 256; ++i) block.code[i] = static_cast<int8_t>(nibble(p + 44, i) + 16 * high_bit(p + 12, i));
  }
};

struct Q6K {
  static constexpr PackedFormat kFormat = kPackedQ6K;
  static constexpr bool kMins = false;
  AUREA_INLINE static void unpack(const uint16_t* factors, const uint8_t* p, SuperBlock& block) {
    block.d = half_at(factors);
    for (int j = 0; j < 16; ++j) block.scale[j] = static_cast<int8_t>(p[j]);
    for (int i = 0; i < 256; ++i) {
      const int byte = p[16 + 64 * (i / 128) + i % 64], low = i % 128 < 64 ? byte & 15 : byte >> 4;
      block.code[i] = static_cast<int8_t>(low + 16 * two_bits(p + 144, i) - 32);
    }
  }
};

/// Codes that name values (generic/lookup_values.inc.h).
template <class Values>
struct Lookup4 {
  static constexpr PackedFormat kFormat = kPackedLookup4;
  static constexpr bool kMins = false;
  AUREA_INLINE static void unpack(const uint16_t* factors, const uint8_t* p, SuperBlock& block) {
    block.d = half_at(factors) * Values::kUnit;
    for (int j = 0; j < 16; ++j) block.scale[j] = static_cast<int8_t>(p[j / 2]);
    for (int i = 0; i < 256; ++i) block.code[i] = Values::kTable.values[nibble(p + 8, i)];
  }
};

template <class Values>
struct Lookup3 {
  static constexpr PackedFormat kFormat = kPackedLookup3;
  static constexpr bool kMins = false;
  AUREA_INLINE static void unpack(const uint16_t* factors, const uint8_t* p, SuperBlock& block) {
    block.d = half_at(factors) * Values::kUnit;
    for (int j = 0; j < 16; ++j) block.scale[j] = 2 * ((p[4 * (j / 8) + j % 4] >> (4 * (j / 4 % 2))) & 15) + 1;
    for (int i = 0; i < 256; ++i) block.code[i] = Values::kTable.values[two_bits(p + 40, i) + 4 * high_bit(p + 8, i)];
  }
};

/// out + the product of one super-block and one activation block.
template <bool kMins>
AUREA_INLINE float add_product(float out, const SuperBlock& w, const uint8_t* x) {
  int sum = 0, min_sum = 0;
  for (size_t j = 0; j < 16; ++j) {
    const uint8_t* codes = x + offsetof(BlockQ8x256, q) + 16 * j;
    int dot = 0;
    for (size_t i = 0; i < 16; ++i) dot += w.code[16 * j + i] * static_cast<int8_t>(codes[i]);
    int16_t x_sum;
    __builtin_memcpy(&x_sum, x + offsetof(BlockQ8x256, sums) + 2 * j, sizeof x_sum);
    sum += w.scale[j] * dot;
    min_sum += w.min[j] * x_sum;
  }
  float x_d;
  __builtin_memcpy(&x_d, x, sizeof x_d);
  float v = w.d * static_cast<float>(sum);
  if constexpr (kMins) v = __builtin_fmaf(-w.dmin, static_cast<float>(min_sum), v);
  return __builtin_fmaf(x_d, v, out);
}

template <class Type>
AUREA_INLINE void multiply(const MatmulArgs& args, size_t row_begin, size_t row_end) {
  SuperBlock w;
  for (size_t row = row_begin; row < row_end; ++row) {
    for (size_t token = 0; token < args.n_tokens; token += kChunk) {
      const size_t n = args.n_tokens - token < kChunk ? args.n_tokens - token : kChunk;
      float acc[kChunk] = {};
      for (size_t block = 0; block < args.cols / 256; ++block) {
        const PackedBlock<Type::kFormat> packed(args, row, block);
        Type::unpack(packed.factors, packed.bytes, w);
        const uint8_t* x = args.x + token * args.x_row_bytes + block * sizeof(BlockQ8x256);
        for (size_t t = 0; t < n; ++t) acc[t] = add_product<Type::kMins>(acc[t], w, x + t * args.x_row_bytes);
      }
      for (size_t t = 0; t < n; ++t) args.out[(token + t) * args.out_stride + row] = acc[t];
    }
  }
}

}  // namespace

void matmul_q2_k(const MatmulArgs& args, size_t begin, size_t end) noexcept { multiply<Q2K>(args, begin, end); }
void matmul_q3_k(const MatmulArgs& args, size_t begin, size_t end) noexcept { multiply<Q3K>(args, begin, end); }
void matmul_q4_k(const MatmulArgs& args, size_t begin, size_t end) noexcept { multiply<Q4K>(args, begin, end); }
void matmul_q5_k(const MatmulArgs& args, size_t begin, size_t end) noexcept { multiply<Q5K>(args, begin, end); }
void matmul_q6_k(const MatmulArgs& args, size_t begin, size_t end) noexcept { multiply<Q6K>(args, begin, end); }
void matmul_iq4_xs(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  multiply<Lookup4<ValuesIq4>>(args, begin, end);
}
void matmul_iq3_xxs(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  multiply<Lookup4<ValuesIq3Xxs>>(args, begin, end);
}
void matmul_iq3_s(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  multiply<Lookup4<ValuesIq3S>>(args, begin, end);
}
void matmul_iq2(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  multiply<Lookup3<ValuesIq2>>(args, begin, end);
}
void matmul_iq1(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  multiply<Lookup3<ValuesIq1>>(args, begin, end);
}

}  // namespace aurea::kernels::scalar
