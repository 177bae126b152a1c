// IQ1_M: super-blocks of 256, sixteen groups of 16 with a 3-bit scale each and a shift for each 8 values, which are one
// of 2048 grid entries. value = (d * (2 s + 1)) * (grid + shift); d lies in four pieces beside the scales. Encoder:
// iq1_blocks.h. Source of layout and search: llama.cpp v0.5.0, ggml-quants.c.
#include <algorithm>

#include "codecs/iq1_blocks.h"

namespace aurea::codecs {
namespace {

constexpr int kGroup = 16, kGroups = 16;
constexpr int kChunk = kChunkBlocks * kBlock256;

/// The f16 bits: the top nibbles of the four words, the first one lowest.
uint16_t d_bits(const BlockIQ1_M& block) {
  unsigned bits = 0;
  for (int k = 0; k < 4; ++k) bits |= static_cast<unsigned>(block.scales[k] >> 12) << 4 * k;
  return static_cast<uint16_t>(bits);
}

void decode_block(const BlockIQ1_M& block, float* dst) {
  const float d = f16_to_f32(d_bits(block));
  for (int run = 0; run < 32; ++run, dst += 8) {
    const int g = run / 2, bits = block.qh[g] >> 4 * (run % 2) & 15;
    const float step = d * static_cast<float>(2 * (block.scales[g / 4] >> 3 * (g % 4) & 7) + 1);
    decode_iq1_run(block.qs[run] | (bits & 7) << 8, (bits & 8) != 0, step, dst);
  }
}

void set_d(BlockIQ1_M& block, float d) {
  const unsigned bits = scale_bits(QuantType::kIQ1_M, d);
  for (int k = 0; k < 4; ++k) {
    block.scales[k] = static_cast<uint16_t>((block.scales[k] & 0xFFFu) | (bits >> 4 * k & 15) << 12);
  }
}

/// The least-squares d for the chosen entries and scales. Unused groups have no say, as long as there are others.
float refit(const float* x, const Iq1Chunk& chunk, int b, const uint8_t* s, float d) {
  const bool* unused = chunk.unused + b * kGroups;
  const bool all_unused = std::all_of(unused, unused + kGroups, [](bool v) { return v; });
  float s1 = 0, s2 = 0;
  for (int run = 0; run < 32; ++run) {
    const int g = run / 2;
    if (unused[g] && !all_unused) continue;
    const bool down = (chunk.fits.signs[b * kGroups + g] >> (1 - run % 2) & 1) != 0;
    const int8_t* values = kGridIq1.values + 8 * chunk.fits.indices[b * 32 + run];
    const float shift = down ? -kIq1Shift : kIq1Shift, scale = static_cast<float>(2 * s[g] + 1);
    for (int i = 0; i < 8; ++i) {
      const float q = (static_cast<float>(values[i]) + shift) * scale, w = chunk.w[b * kBlock256 + 8 * run + i];
      s1 += w * q * x[8 * run + i];
      s2 += w * q * q;
    }
  }
  return s2 > 0 ? s1 / s2 : d;
}

/// Super-block b with the scales d (2 s + 1). refitted: then d is fitted anew and takes the reference's factor.
BlockIQ1_M finish_with(const float* x, const Iq1Chunk& chunk, int b, float d, bool refitted) {
  BlockIQ1_M block{};
  const int first = b * kGroups;
  uint8_t s[kGroups];
  for (int g = 0; g < kGroups; ++g) s[g] = iq1_scale_code(chunk.fits.scale[first + g], d);
  const float stored = refitted ? refit(x, chunk, b, s, d) * 1.1125f : d;
  set_d(block, stored);
  for (int g = 0; g < kGroups; ++g) {
    if (chunk.unused[first + g]) s[g] = iq1_scale_code(chunk.fits.scale[first + g], stored);
    block.scales[g / 4] = static_cast<uint16_t>(block.scales[g / 4] | s[g] << 3 * (g % 4));
    const unsigned signs = chunk.fits.signs[first + g];
    unsigned high = (signs >> 1) << 3 | (signs & 1) << 7;
    for (int half = 0; half < 2; ++half) {
      const unsigned index = chunk.fits.indices[(first + g) * 2 + half];
      block.qs[2 * g + half] = static_cast<uint8_t>(index);
      high |= (index >> 8) << 4 * half;
    }
    block.qh[g] = static_cast<uint8_t>(high);
  }
  return block;
}

BlockIQ1_M finish(const float* x, const float* importance, Iq1Chunk& chunk, int b) {
  const float d = choose_iq1_d(x, b, kGroup, chunk);
  if (d == 0) return {};
  BlockIQ1_M block = finish_with(x, chunk, b, d, true);
  if (is_coarse(d_bits(block))) {
    block = keep_values<kBlock256>(x, block, d, kIq1LostShare, decode_block,
                                   [&](float step) { return finish_with(x, chunk, b, step, false); });
  }
  float values[kBlock256];
  decode_block(block, values);
  const float factor = factor_against_zeros(x, importance, values, kBlock256);
  if (factor != 1) set_d(block, f16_to_f32(d_bits(block)) * factor);
  return block;
}

void encode(const float* src, std::byte* dst, size_t n, const float* importance) {
  check_row(QuantType::kIQ1_M, src, n, importance);
  Iq1Chunk chunk;
  for (size_t begin = 0; begin < n; begin += kChunk) {
    const int n_blocks = static_cast<int>(std::min<size_t>(kChunk, n - begin) / kBlock256);
    const float* chunk_importance = importance == nullptr ? nullptr : importance + begin;
    search_iq1(src + begin, chunk_importance, n_blocks, kGroup, Iq1Weights::kSquare, 1e-7f, chunk);
    for (int b = 0; b < n_blocks; ++b, dst += sizeof(BlockIQ1_M)) {
      const int at = b * kBlock256;
      const float* block_importance = importance == nullptr ? nullptr : chunk_importance + at;
      const BlockIQ1_M block = finish(src + begin + at, block_importance, chunk, b);
      std::memcpy(dst, &block, sizeof block);
    }
  }
}

bool validate(const std::byte* src, size_t n) {
  for (size_t i = 0; i < n; i += kBlock256, src += sizeof(BlockIQ1_M)) {
    BlockIQ1_M block;
    std::memcpy(&block, src, sizeof block);
    if (!is_finite_half(d_bits(block))) return false;
  }
  return true;
}

}  // namespace

extern const Codec kCodecIQ1_M = {
    QuantType::kIQ1_M,        decode_blocks<BlockIQ1_M, kBlock256, decode_block>, encode, validate,
    /*uses_importance=*/true,
    /*needs_importance=*/true};

}  // namespace aurea::codecs
