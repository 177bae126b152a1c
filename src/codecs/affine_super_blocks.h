// What Q2_K, Q4_K and Q5_K share: super-blocks of 256 in groups with integer scales and minima,
// value = (d * s) * code - (dmin * t). Three steps: search scale and minimum of each group (search.h), quantize the
// scales and the minima to integers times d and dmin, choose the codes anew for the rounded values.
// Source: llama.cpp v0.5.0, ggml-quants.c.
#pragma once

#include "codecs/block_io.h"

namespace aurea::codecs {

struct AffineSettings {
  QuantType type;
  int group;              // elements per group: 16 or 32
  int scale_levels;       // integer scales and minima 0 .. scale_levels
  AffineSearch plain;     // without importance
  AffineSearch weighted;  // with importance
  float variance_factor;  // with importance: w = importance * sqrt(variance_factor * mean x^2 of the super-block + x^2)
};

struct AffineSuperBlock {
  uint16_t d, dmin;              // f16
  uint8_t scales[16], mins[16];  // first 256 / group used
  uint8_t codes[kBlock256];
};

/// Quantizes n_blocks <= kChunkBlocks super-blocks at x. Throws like scale_bits.
void fit_affine_super_blocks(const AffineSettings& settings, const float* x, const float* importance, int n_blocks,
                             AffineSuperBlock* out);

/// A row: fits chunk by chunk, write(const AffineSuperBlock&) gives the block.
template <class Block, Block (*kPack)(const AffineSuperBlock&)>
void encode_affine_row(const AffineSettings& settings, const float* src, std::byte* dst, size_t n,
                       const float* importance) {
  check_row(settings.type, src, n, importance);
  AffineSuperBlock fits[kChunkBlocks];
  const size_t n_blocks = n / kBlock256;
  for (size_t b = 0; b < n_blocks; b += kChunkBlocks) {
    const int count = static_cast<int>(n_blocks - b < kChunkBlocks ? n_blocks - b : kChunkBlocks);
    const float* chunk_importance = importance == nullptr ? nullptr : importance + b * kBlock256;
    fit_affine_super_blocks(settings, src + b * kBlock256, chunk_importance, count, fits);
    for (int i = 0; i < count; ++i, dst += sizeof(Block)) {
      const Block block = kPack(fits[i]);
      std::memcpy(dst, &block, sizeof block);
    }
  }
}

// Q4_K and Q5_K pack eight 6-bit scales s and minima t in 12 bytes: bytes 0-3 hold s_0..3 and, on top, two bits of
// s_4..7; bytes 4-7 the same of t; bytes 8-11 the low nibbles of s_4..7 (low) and t_4..7 (high).

inline void pack_six_bits(const uint8_t* s, const uint8_t* t, uint8_t* packed) {
  for (int j = 0; j < 4; ++j) {
    packed[j] = static_cast<uint8_t>(s[j] | (s[j + 4] >> 4) << 6);
    packed[j + 4] = static_cast<uint8_t>(t[j] | (t[j + 4] >> 4) << 6);
    packed[j + 8] = static_cast<uint8_t>((s[j + 4] & 15) | (t[j + 4] & 15) << 4);
  }
}

inline void unpack_six_bits(const uint8_t* packed, uint8_t* s, uint8_t* t) {
  for (int j = 0; j < 4; ++j) {
    s[j] = packed[j] & 63;
    t[j] = packed[j + 4] & 63;
    s[j + 4] = static_cast<uint8_t>((packed[j + 8] & 15) | (packed[j] >> 6) << 4);
    t[j + 4] = static_cast<uint8_t>(packed[j + 8] >> 4 | (packed[j + 4] >> 6) << 4);
  }
}

}  // namespace aurea::codecs
