// The codebooks ("grids") of the IQ2 and IQ3 types: a stored index names an entry, the magnitudes of 8 (IQ2) or 4 (IQ3)
// neighbouring elements; signs are stored apart. Source: ggml-common.h, llama.cpp v0.5.0.
// Read by kernels too: integer headers only.
#pragma once

#include <stdint.h>

namespace aurea::codecs {

struct Grid {
  const int8_t* values;    // [count, length] decoded magnitudes, 64-byte aligned
  const int8_t* levels;    // [count, length] the same as level numbers 0 .. n_levels - 1, 64-byte aligned
  const uint16_t* packed;  // [count] level number j of an entry at bit grid_bits * j; ascending
  int count, length, n_levels;
};

extern const Grid kGridIq2Xxs;  // 256 x 8, magnitudes 8 25 43
extern const Grid kGridIq2Xs;   // 512 x 8, the same magnitudes
extern const Grid kGridIq2S;    // 1024 x 8, the same magnitudes
extern const Grid kGridIq3Xxs;  // 256 x 4, magnitudes 4 12 20 28 36 44 52 62
extern const Grid kGridIq3S;    // 512 x 4, magnitudes 1 3 .. 15

/// Bits per level in `packed`: 2 for entries of 8 elements, 3 for entries of 4.
constexpr int grid_bits(int length) { return length == 8 ? 2 : 3; }

/// 1 if an odd number of the low 8 bits is set.
constexpr unsigned parity8(unsigned bits) {
  bits ^= bits >> 4;
  bits ^= bits >> 2;
  bits ^= bits >> 1;
  return bits & 1u;
}

/// The sign byte of a 7-bit sign index (its low bits; higher ones are ignored): bit j set means element j is negative.
/// Bit 7 makes the number of set bits even.
constexpr uint8_t ksigns(unsigned index) {
  const unsigned low = index & 127u;
  return static_cast<uint8_t>(low | parity8(low) << 7);
}

}  // namespace aurea::codecs
