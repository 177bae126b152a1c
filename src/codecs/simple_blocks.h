// What Q4_0, Q4_1, Q5_0 and Q5_1 share: blocks of 32 codes with one scale and perhaps a minimum.
// Without importance the codes follow from the extremes of the block; with importance they come from the searches of
// search.h, with weights importance * sqrt(mean x^2 of the whole row + x^2). The codes are not chosen anew after the
// scale is rounded to f16. Source: llama.cpp v0.5.0, ggml-quants.c.
#pragma once

#include "codecs/coarse_scales.h"

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

/// Stores one block at dst, field by field: a block that is built elsewhere and then copied would be read back in other
/// pieces than it was written in, which processors are slow at. d, m: f16 bits.
using EmitBlock = void (*)(uint16_t d, uint16_t m, const uint8_t* codes, std::byte* dst);

/// One block at x with all care: its scale as it has to be rounded, or an error where it is too large.
void write_simple(QuantType type, const SimpleGrid& grid, const float* x, SimpleFit& fit, EmitBlock emit,
                  std::byte* dst);

/// A row of n values with importance [n]: checks both, searches and emits its blocks in order.
void encode_weighted(QuantType type, const SimpleGrid& grid, const float* src, std::byte* dst, size_t n,
                     const float* importance, size_t block_bytes, EmitBlock emit);

/// An f16 scale that is neither coarse (coarse_scales.h) nor infinite.
inline bool is_ordinary_scale(uint16_t half) {
  return static_cast<uint32_t>(half & 0x7FFF) - kCoarseUnits < 0x7C00u - kCoarseUnits;
}

/// A row of n values, importance [n] or null.
template <class Block, EmitBlock kEmit>
void encode_simple(QuantType type, const SimpleGrid& grid, const float* src, std::byte* dst, size_t n,
                   const float* importance) {
  if (importance != nullptr) return encode_weighted(type, grid, src, dst, n, importance, sizeof(Block), kEmit);
  check_row(type, src, n, nullptr);
  const ExtremesRule rule = grid.has_min ? ExtremesRule::kRange : ExtremesRule::kSignedPeak;
  constexpr size_t kChunk = size_t{kMaxSimpleBlocks} * kBlock32;
  ExtremesFits fits;
  for (size_t begin = 0; begin < n; begin += kChunk) {
    const float* x = src + begin;
    const int n_blocks = static_cast<int>((n - begin < kChunk ? n - begin : kChunk) / kBlock32);
    search_set().extremes(rule, grid.lowest, grid.highest, x, n_blocks, &fits);
    for (int b = 0; b < n_blocks; ++b, dst += sizeof(Block)) {
      const uint8_t* codes = fits.codes + b * kBlock32;
      if (is_ordinary_scale(fits.d[b]) && is_finite_half(fits.m[b])) {
        kEmit(fits.d[b], fits.m[b], codes, dst);
        continue;
      }
      SimpleFit fit{fits.scale[b], fits.min[b], {}};
      std::memcpy(fit.codes, codes, kBlock32);
      write_simple(type, grid, x + b * kBlock32, fit, kEmit, dst);
    }
  }
}

/// Nibbles and fifth bits. Byte j of qs: element j low, element j + 16 high; bit i of qh (little-endian): element i.
inline void pack_nibbles(const uint8_t* codes, void* qs) {
  constexpr uint64_t kNibbles = 0x0F0F0F0F0F0F0F0Fu;
  for (int j = 0; j < 16; j += 8) {  // eight bytes at a time
    uint64_t low, high;
    std::memcpy(&low, codes + j, sizeof low);
    std::memcpy(&high, codes + j + 16, sizeof high);
    const uint64_t packed = (low & kNibbles) | (high & kNibbles) << 4;
    std::memcpy(static_cast<std::byte*>(qs) + j, &packed, sizeof packed);
  }
}
inline void pack_fifth_bits(const uint8_t* codes, void* qh) {
  uint32_t bits = 0;
  for (int byte = 0; byte < 4; ++byte) {
    uint64_t eight;  // little-endian, as all blocks
    std::memcpy(&eight, codes + 8 * byte, sizeof eight);
    // Bit 8 i of the first factor reaches bit 56 + i of the product, and nothing else does.
    bits |= static_cast<uint32_t>((eight >> 4 & 0x0101010101010101u) * 0x0102040810204080u >> 56) << 8 * byte;
  }
  std::memcpy(qh, &bits, sizeof bits);
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
