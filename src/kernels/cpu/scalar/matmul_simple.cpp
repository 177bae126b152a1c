// Matrix products of packed blocks of 32 in plain C++: the definition that the other sets equal bit for bit.
// Layouts: kernels/packed_format.h.
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

/// One block: value of element i = d[i / 16] * q[i] + m.
struct SimpleBlock {
  float d[2] = {}, m = 0;
  int8_t q[32] = {};
};

AUREA_INLINE int nibble(const uint8_t* qs, int i) { return (qs[i % 16] >> (i < 16 ? 0 : 4)) & 15; }
AUREA_INLINE int fifth_bit(const uint8_t* bits, int i) { return (bits[i % 4] >> (i / 4)) & 1; }

template <const PackedFormat& kPacked, int kOffset>
struct Nibbles {  // Q4_0, Q4_1
  static constexpr PackedFormat kFormat = kPacked;
  AUREA_INLINE static void unpack(const uint16_t* factors, const uint8_t* p, SimpleBlock& block) {
    block.d[0] = half_at(factors);
    if constexpr (kOffset == 0) block.m = half_at(factors + 1);
    for (int i = 0; i < 32; ++i) block.q[i] = static_cast<int8_t>(nibble(p, i) - kOffset);
  }
};

template <const PackedFormat& kPacked, int kOffset>
struct FiveBits {  // Q5_0, Q5_1
  static constexpr PackedFormat kFormat = kPacked;
  AUREA_INLINE static void unpack(const uint16_t* factors, const uint8_t* p, SimpleBlock& block) {
    block.d[0] = half_at(factors);
    if constexpr (kOffset == 0) block.m = half_at(factors + 1);
    for (int i = 0; i < 32; ++i) block.q[i] = static_cast<int8_t>(nibble(p + 4, i) + 16 * fifth_bit(p, i) - kOffset);
  }
};

struct Q8_0 {
  static constexpr PackedFormat kFormat = kPackedQ8_0;
  AUREA_INLINE static void unpack(const uint16_t* factors, const uint8_t* p, SimpleBlock& block) {
    block.d[0] = half_at(factors);
    __builtin_memcpy(block.q, p, sizeof block.q);
  }
};

/// Nibbles that name one of sixteen values.
AUREA_INLINE void look_up(const int8_t* values, const uint8_t* p, SimpleBlock& block) {
  for (int i = 0; i < 32; ++i) block.q[i] = values[nibble(p, i)];
}

struct Iq4Nl {
  static constexpr PackedFormat kFormat = kPackedIq4Nl;
  AUREA_INLINE static void unpack(const uint16_t* factors, const uint8_t* p, SimpleBlock& block) {
    block.d[0] = half_at(factors);
    look_up(ValuesIq4::kTable.values, p, block);
  }
};

struct Mxfp4 {
  static constexpr PackedFormat kFormat = kPackedMxfp4;
  AUREA_INLINE static void unpack(const uint16_t* factors, const uint8_t* p, SimpleBlock& block) {
    block.d[0] = bf16_to_f32(factors[0]);
    look_up(ValuesFp4::kTable.values, p, block);
  }
};

struct Nvfp4 {
  static constexpr PackedFormat kFormat = kPackedNvfp4;
  AUREA_INLINE static void unpack(const uint16_t* factors, const uint8_t* p, SimpleBlock& block) {
    for (int half = 0; half < 2; ++half) block.d[half] = half_at(factors + half);
    look_up(ValuesFp4::kTable.values, p, block);
  }
};

struct TwoBit {
  static constexpr PackedFormat kFormat = kPackedTwoBit;
  AUREA_INLINE static void unpack(const uint16_t* factors, const uint8_t* p, SimpleBlock& block) {
    block.d[0] = half_at(factors);
    for (int i = 0; i < 32; ++i) block.q[i] = static_cast<int8_t>(((p[i % 8] >> (2 * (i / 8))) & 3) - 1);
  }
};

AUREA_INLINE int dot(const SimpleBlock& w, const uint8_t* codes, int begin, int end) {
  int sum = 0;
  for (int i = begin; i < end; ++i) sum += w.q[i] * static_cast<int8_t>(codes[i]);
  return sum;
}

/// out + the product of one block and one activation block.
template <bool kMin, bool kHalves>
AUREA_INLINE float add_product(float out, const SimpleBlock& w, const uint8_t* x) {
  float x_d, x_sum_d;
  __builtin_memcpy(&x_d, x, sizeof x_d);
  __builtin_memcpy(&x_sum_d, x + offsetof(BlockQ8x32, sum_d), sizeof x_sum_d);
  const uint8_t* codes = x + offsetof(BlockQ8x32, q);
  out = __builtin_fmaf(x_d, w.d[0] * static_cast<float>(dot(w, codes, 0, kHalves ? 16 : 32)), out);
  if constexpr (kHalves) out = __builtin_fmaf(x_d, w.d[1] * static_cast<float>(dot(w, codes, 16, 32)), out);
  if constexpr (kMin) out = __builtin_fmaf(w.m, x_sum_d, out);
  return out;
}

template <class Type, bool kMin = false, bool kHalves = false>
AUREA_INLINE void multiply(const MatmulArgs& args, size_t row_begin, size_t row_end) {
  SimpleBlock w;
  for (size_t row = row_begin; row < row_end; ++row) {
    for (size_t token = 0; token < args.n_tokens; token += kChunk) {
      const size_t n = args.n_tokens - token < kChunk ? args.n_tokens - token : kChunk;
      float acc[kChunk] = {};
      for (size_t block = 0; block < args.cols / 32; ++block) {
        const PackedBlock<Type::kFormat> packed(args, row, block);
        Type::unpack(packed.factors, packed.bytes, w);
        const uint8_t* x = args.x + token * args.x_row_bytes + block * sizeof(BlockQ8x32);
        for (size_t t = 0; t < n; ++t) acc[t] = add_product<kMin, kHalves>(acc[t], w, x + t * args.x_row_bytes);
      }
      for (size_t t = 0; t < n; ++t) args.out[(token + t) * args.out_stride + row] = acc[t];
    }
  }
}

}  // namespace

void matmul_q4_0(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  multiply<Nibbles<kPackedQ4_0, 8>>(args, begin, end);
}
void matmul_q4_1(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  multiply<Nibbles<kPackedQ4_1, 0>, true>(args, begin, end);
}
void matmul_q5_0(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  multiply<FiveBits<kPackedQ5_0, 16>>(args, begin, end);
}
void matmul_q5_1(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  multiply<FiveBits<kPackedQ5_1, 0>, true>(args, begin, end);
}
void matmul_q8_0(const MatmulArgs& args, size_t begin, size_t end) noexcept { multiply<Q8_0>(args, begin, end); }
void matmul_iq4_nl(const MatmulArgs& args, size_t begin, size_t end) noexcept { multiply<Iq4Nl>(args, begin, end); }
void matmul_mxfp4(const MatmulArgs& args, size_t begin, size_t end) noexcept { multiply<Mxfp4>(args, begin, end); }
void matmul_nvfp4(const MatmulArgs& args, size_t begin, size_t end) noexcept {
  multiply<Nvfp4, false, true>(args, begin, end);
}
void matmul_two_bit(const MatmulArgs& args, size_t begin, size_t end) noexcept { multiply<TwoBit>(args, begin, end); }

}  // namespace aurea::kernels::scalar
