// The two 16-bit float formats, in plain integer arithmetic: the same bits on every machine.
// Always inlined and free of standard headers, so that kernel files may use it without leaving copies of
// it in objects that were compiled for a newer CPU.
#pragma once

#include <stdint.h>

namespace aurea {

#define AUREA_INLINE [[gnu::always_inline]] inline

AUREA_INLINE float f32_from_bits(uint32_t bits) { return __builtin_bit_cast(float, bits); }
AUREA_INLINE uint32_t bits_from_f32(float value) { return __builtin_bit_cast(uint32_t, value); }

/// IEEE binary16 to binary32, exact.
AUREA_INLINE float f16_to_f32(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  const uint32_t exponent = (half >> 10) & 0x1Fu;
  const uint32_t mantissa = half & 0x3FFu;
  if (exponent == 0x1F) return f32_from_bits(sign | 0x7F800000u | (mantissa << 13));
  if (exponent != 0) return f32_from_bits(sign | ((exponent + 112) << 23) | (mantissa << 13));
  const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;  // zero or subnormal: exact in binary32
  return f32_from_bits(sign | bits_from_f32(magnitude));
}

/// binary32 to binary16: round to nearest even, subnormals kept, overflow to infinity, NaN to 0x7E00 with its sign.
AUREA_INLINE uint16_t f32_to_f16(float value) {
  const uint32_t bits = bits_from_f32(value);
  const uint32_t sign = (bits >> 16) & 0x8000u;
  const uint32_t magnitude = bits & 0x7FFFFFFFu;
  if (magnitude > 0x7F800000u) return static_cast<uint16_t>(sign | 0x7E00u);
  if (magnitude >= 0x477FF000u) return static_cast<uint16_t>(sign | 0x7C00u);  // rounds to 65536 or more
  if (magnitude < 0x38800000u) {                                               // below 2^-14: subnormal or zero
    // Adding 0.5 puts the 10 wanted bits at the end of the mantissa; the addition itself rounds to nearest even.
    const float shifted = f32_from_bits(magnitude) + 0.5f;
    return static_cast<uint16_t>(sign | (bits_from_f32(shifted) - 0x3F000000u));
  }
  const uint32_t rounded = magnitude + 0xFFFu + ((magnitude >> 13) & 1u);
  return static_cast<uint16_t>(sign | ((rounded - 0x38000000u) >> 13));
}

AUREA_INLINE float bf16_to_f32(uint16_t half) { return f32_from_bits(static_cast<uint32_t>(half) << 16); }

/// binary32 to bfloat16: round to nearest even; a NaN keeps its top bits and gets bit 6 set.
AUREA_INLINE uint16_t f32_to_bf16(float value) {
  const uint32_t bits = bits_from_f32(value);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return static_cast<uint16_t>((bits >> 16) | 64u);
  return static_cast<uint16_t>((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
}

}  // namespace aurea
