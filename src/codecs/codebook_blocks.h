// What IQ2_XXS, IQ2_XS, IQ2_S, IQ3_XXS and IQ3_S share: super-blocks of 256 in groups of 16 or 32 with 4-bit scales,
// runs of 8 or 4 magnitudes from a grid, signs apart; value = d * (scale code + 1/2) * c * grid * sign. Three steps:
// signs and weights, codebook search of each group (search.h), scales to integers times d. Source: llama.cpp v0.5.0,
// ggml-quants.c.
#pragma once

#include "codecs/block_io.h"

namespace aurea::codecs {

/// Weights w of the squared error without importance; variance = factor * mean x^2 of the super-block.
/// With importance always importance * sqrt(variance + x^2).
enum class PlainWeighting : uint8_t {
  kSquare,             // x^2
  kSquareAndVariance,  // variance / 4 + x^2
  kEqualImportance,    // sqrt(variance + x^2); the reference has nothing here
};

struct CodebookSettings {
  QuantType type;
  CodebookSearch search;
  float variance_factor;
  PlainWeighting plain;  // without importance
  bool even_signs;       // per 8 elements an even number of signs: 7 bits hold them
  bool searched_start;   // candidates start from the best scale of plain levels, not from the largest magnitude
  float tiny;            // a group whose largest magnitude is below is lost
  float d_factor;        // d is stored times this
  float unit;            // value = d * (scale code + 1/2) * unit * grid * sign
};

struct CodebookSuperBlock {
  uint16_t d;            // f16
  uint8_t scales[16];    // scale codes 0 .. 15, 256 / group used
  uint16_t indices[64];  // grid entries, 256 / run used
  uint8_t signs[32];     // bit j: element j of 8 is negative; bit 7 of even signs follows from the others
};

/// Quantizes n_blocks <= kChunkBlocks super-blocks at x. Throws like scale_bits.
/// A group whose importance is all zero is coded as if all its columns were equally important (the reference drops it).
void fit_codebook_super_blocks(const CodebookSettings& settings, const float* x, const float* importance, int n_blocks,
                               CodebookSuperBlock* out);

/// A row: fits chunk by chunk, pack(const CodebookSuperBlock&) gives the block.
template <class Block, Block (*kPack)(const CodebookSuperBlock&)>
void encode_codebook_row(const CodebookSettings& settings, const float* src, std::byte* dst, size_t n,
                         const float* importance) {
  check_row(settings.type, src, n, importance);
  CodebookSuperBlock fits[kChunkBlocks];
  const size_t n_blocks = n / kBlock256;
  for (size_t b = 0; b < n_blocks; b += kChunkBlocks) {
    const int count = static_cast<int>(n_blocks - b < kChunkBlocks ? n_blocks - b : kChunkBlocks);
    const float* chunk_importance = importance == nullptr ? nullptr : importance + b * kBlock256;
    fit_codebook_super_blocks(settings, src + b * kBlock256, chunk_importance, count, fits);
    for (int i = 0; i < count; ++i, dst += sizeof(Block)) {
      const Block block = kPack(fits[i]);
      std::memcpy(dst, &block, sizeof block);
    }
  }
}

/// Little-endian 32-bit numbers at any address.
inline uint32_t load_u32(const uint8_t* p) {
  return p[0] | static_cast<uint32_t>(p[1]) << 8 | static_cast<uint32_t>(p[2]) << 16 |
         static_cast<uint32_t>(p[3]) << 24;
}

inline void store_u32(uint8_t* p, uint32_t v) {
  for (int i = 0; i < 4; ++i) p[i] = static_cast<uint8_t>(v >> 8 * i);
}

/// Scale codes of `groups` groups, two to a byte, the even one low.
inline void pack_nibbles(const uint8_t* scales, int groups, uint8_t* packed) {
  for (int g = 0; g < groups; g += 2) packed[g / 2] = static_cast<uint8_t>(scales[g] | scales[g + 1] << 4);
}

/// dst[8] = step * magnitude with the signs of a sign byte; magnitudes: one entry of 8, or `second` holds the last 4.
inline void decode_signed(float step, const int8_t* first, const int8_t* second, uint8_t signs, float* dst) {
  constexpr uint32_t kBits[8] = {1, 2, 4, 8, 16, 32, 64, 128};
  float values[8];
  for (int j = 0; j < 4; ++j) values[j] = static_cast<float>(first[j]);
  for (int j = 0; j < 4; ++j) values[j + 4] = static_cast<float>(second[j]);
  for (int j = 0; j < 8; ++j) {  // no branch on a sign: they are random
    const uint32_t flip = (signs & kBits[j]) == kBits[j] ? 0x80000000u : 0u;
    dst[j] = f32_from_bits(bits_from_f32(step * values[j]) ^ flip);
  }
}

}  // namespace aurea::codecs
