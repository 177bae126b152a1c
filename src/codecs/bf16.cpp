// BF16: the upper half of a binary32, little-endian.
#include "codecs/block_io.h"

namespace aurea::codecs {
namespace {

constexpr size_t kStrip = 32;  // a fixed length lets the compiler use vectors

bool is_finite(uint16_t bits) { return (bits & 0x7F80u) != 0x7F80u; }

void decode(const std::byte* src, float* dst, size_t n) { search_set().bf16_row(src, dst, n); }

/// Finite values only, which may yet round to infinity; false if one did.
bool encode_strip(const float* __restrict src, uint16_t* __restrict bits) {
  uint32_t overflow = 0;
  for (size_t i = 0; i < kStrip; ++i) {
    const uint32_t wide = bits_from_f32(src[i]);
    const uint32_t rounded = wide + 0x7FFFu + ((wide >> 16) & 1u);
    overflow |= (rounded & 0x7F800000u) == 0x7F800000u ? 1u : 0u;
    bits[i] = static_cast<uint16_t>(rounded >> 16);
  }
  return overflow == 0;
}

[[noreturn]] void fail_overflow(const float* src, size_t n) {
  size_t i = 0;
  while (i + 1 < n && is_finite(f32_to_bf16(src[i]))) ++i;
  fail(ErrorCode::kUnsupported, "BF16: value {} of the row, {}, rounds to infinity", i, src[i]);
}

void encode(const float* src, std::byte* dst, size_t n, const float*) {
  check_row(QuantType::kBF16, src, n, nullptr);
  size_t i = 0;
  for (; i + kStrip <= n; i += kStrip) {
    uint16_t bits[kStrip];
    if (!encode_strip(src + i, bits)) fail_overflow(src, n);
    std::memcpy(dst + i * sizeof(uint16_t), bits, sizeof bits);
  }
  for (; i < n; ++i) {
    const uint16_t bits = f32_to_bf16(src[i]);
    if (!is_finite(bits)) fail_overflow(src, n);
    std::memcpy(dst + i * sizeof bits, &bits, sizeof bits);
  }
}

bool validate(const std::byte* src, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    uint16_t bits;
    std::memcpy(&bits, src + i * sizeof bits, sizeof bits);
    if (!is_finite(bits)) return false;
  }
  return true;
}

}  // namespace

extern const Codec kCodecBF16 = {QuantType::kBF16, decode, encode, validate};

}  // namespace aurea::codecs
