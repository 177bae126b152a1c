// What Q4_0, Q4_1, Q5_0 and Q5_1 share: blocks of 32 codes with one scale and perhaps a minimum.
// Without importance the codes follow from the extremes of the block; with importance they come from the searches of
// search.h, with weights importance * sqrt(mean x^2 of the whole row + x^2). The codes are not chosen anew after the
// scale is rounded to f16. Source: llama.cpp v0.5.0, ggml-quants.c.
#pragma once

#include "codecs/block_io.h"

namespace aurea::codecs {

/// Codes lowest .. highest, stored from 0. Without a minimum the range is -levels .. levels - 1, with one 0 .. levels.
struct SimpleGrid {
  int lowest, highest;
  bool has_min;
};

struct SimpleFit {
  float scale;
  float min;  // x^ = scale * (stored code + lowest) + min; 0 in grids without a minimum
  uint8_t codes[kBlock32];
};

/// Where the f16 scale is coarse and the block would be lost (coarse_scales.h): a scale and codes that keep it.
void keep_simple_values(const SimpleGrid& grid, const float* x, SimpleFit& fit);

/// scale = m / lowest for the element m of largest magnitude.
SimpleFit fit_symmetric(const SimpleGrid& grid, const float* x);
/// From the smallest to the largest element.
SimpleFit fit_affine(const SimpleGrid& grid, const float* x);

/// Stores one block at dst.
using EmitBlock = void (*)(const SimpleFit& fit, std::byte* dst);

/// A row of n values with importance [n]: checks both, searches and emits its blocks in order.
void encode_weighted(QuantType type, const SimpleGrid& grid, const float* src, std::byte* dst, size_t n,
                     const float* importance, size_t block_bytes, EmitBlock emit);

/// Nibbles and fifth bits. Byte j of qs: element j low, element j + 16 high; bit i of qh (little-endian): element i.
inline void pack_nibbles(const uint8_t* __restrict codes, uint8_t* __restrict qs) {
  for (int j = 0; j < 16; ++j) qs[j] = static_cast<uint8_t>((codes[j] & 15) | (codes[j + 16] & 15) << 4);
}
inline void pack_fifth_bits(const uint8_t* codes, uint8_t* qh) {
  for (int byte = 0; byte < 4; ++byte) {
    uint64_t eight;  // little-endian, as all blocks
    std::memcpy(&eight, codes + 8 * byte, sizeof eight);
    // Bit 8 i of the first factor reaches bit 56 + i of the product, and nothing else does.
    qh[byte] = static_cast<uint8_t>((eight >> 4 & 0x0101010101010101u) * 0x0102040810204080u >> 56);
  }
}
inline void unpack_codes(const uint8_t* qs, int* codes) {
  for (int j = 0; j < 16; ++j) {
    codes[j] = qs[j] & 15;
    codes[j + 16] = qs[j] >> 4;
  }
}
inline void unpack_codes(const uint8_t* qs, const uint8_t* qh, int* codes) {
  unpack_codes(qs, codes);
  for (int i = 0; i < kBlock32; ++i) codes[i] += (qh[i / 8] >> (i % 8) & 1) << 4;
}

}  // namespace aurea::codecs
