// What every block codec does around its one formula: walking rows block by block, storing scales, checking input.
// Rows may start at any address, so blocks are copied in and out.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstring>

#include "codecs/blocks.h"
#include "codecs/codec.h"
#include "codecs/search.h"
#include "core/error.h"
#include "core/half.h"

namespace aurea::codecs {

/// f16 bits of a block scale. Throws kUnsupported if it is too large (the values exceed what the type can hold):
/// storing infinity would turn the whole block into NaN, storing the largest half would change the weights silently.
/// bits: those of the scale where they are known.
inline uint16_t scale_bits(QuantType type, uint16_t bits, float scale) {
  if ((bits & 0x7C00u) == 0x7C00u) {
    fail(ErrorCode::kUnsupported,
         "{}: a block scale of {} does not fit in 16 bits (at most 65504); the values are too large", name(type),
         scale);
  }
  return bits;
}
inline uint16_t scale_bits(QuantType type, float scale) { return scale_bits(type, f32_to_f16(scale), scale); }

inline bool is_finite_half(uint16_t bits) { return (bits & 0x7C00u) != 0x7C00u; }

/// Half to even, for |v| < 2^22.
inline float nearest(float v) { return (v + kRounder) - kRounder; }

/// a / b, but 0 where that would be infinite (b zero or tiny: its f16 is 0, so the codes do not matter).
inline float inverse_of(float a, float b) {
  const float quotient = a / b;
  return std::isfinite(quotient) ? quotient : 0.0f;
}

/// v within lowest .. highest; a NaN becomes `lowest`, so the result can always be converted to an integer.
inline float clamp_code(float v, float lowest, float highest) {
  const float raised = v > lowest ? v : lowest;
  return raised < highest ? raised : highest;
}

/// No block type reaches this magnitude (65504 * 128 * 32 is the most, in Q6_K), and below it no sum of a search
/// overflows before the scale is found to be too large.
inline constexpr float kLargestValue = 0x1p30f;
/// Beyond this, weighted sums could overflow. (Importance is a mean square of activations.)
inline constexpr float kLargestImportance = 0x1p66f;

/// What every encoder does first. Throws kBadFile if a value is infinite or NaN or an importance (may be null) is not
/// in 0 .. kLargestImportance, kUnsupported if a value for a block type is beyond kLargestValue.
void check_row(QuantType type, const float* x, size_t n, const float* importance);

/// Codec::decode from a function that decodes one block of kElements values.
template <class Block, int kElements, void (*kDecodeBlock)(const Block&, float*)>
void decode_blocks(const std::byte* src, float* dst, size_t n) {
  for (size_t i = 0; i < n; i += kElements, src += sizeof(Block), dst += kElements) {
    Block block;
    std::memcpy(&block, src, sizeof block);
    kDecodeBlock(block, dst);
  }
}

/// Codec::validate from the f16 members of a block.
template <class Block, int kElements, uint16_t Block::*... kScales>
bool scales_are_finite(const std::byte* src, size_t n) {
  for (size_t i = 0; i < n; i += kElements, src += sizeof(Block)) {
    Block block;
    std::memcpy(&block, src, sizeof block);
    if (!(is_finite_half(block.*kScales) && ...)) return false;
  }
  return true;
}

}  // namespace aurea::codecs
