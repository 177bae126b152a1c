// Where each type keeps its codes (layouts: blocks.h), for choosing them apart from the scales.
#include "codecs/recoder.h"

#include "codecs/affine_super_blocks.h"
#include "codecs/block_io.h"
#include "codecs/codec.h"
#include "codecs/codebook_blocks.h"
#include "codecs/iq4_values.h"
#include "codecs/simple_blocks.h"
#include "codecs/two_bit_planes.h"

namespace aurea::codecs {
namespace {

/// set_codes of a block type from a function on the block.
template <class Block, void (*kSet)(Block&, const uint16_t*, const uint8_t*)>
void set_codes(std::byte* bytes, const uint16_t* codes, const uint8_t* signs) {
  Block block;
  std::memcpy(&block, bytes, sizeof block);
  kSet(block, codes, signs);
  std::memcpy(bytes, &block, sizeof block);
}

template <size_t kCount>
struct Narrow {
  uint8_t values[kCount];
  explicit Narrow(const uint16_t* codes) {
    for (size_t i = 0; i < kCount; ++i) values[i] = static_cast<uint8_t>(codes[i]);
  }
};

template <class Block>
void set_nibbles(Block& block, const uint16_t* codes, const uint8_t*) {  // Q4_0, Q4_1, IQ4_NL
  pack_nibbles(Narrow<32>(codes).values, block.qs);
}

template <class Block>
void set_five_bits(Block& block, const uint16_t* codes, const uint8_t*) {  // Q5_0, Q5_1
  const Narrow<32> narrow(codes);
  pack_nibbles(narrow.values, block.qs);
  pack_fifth_bits(narrow.values, block.qh);
}

void set_q8_0(BlockQ8_0& block, const uint16_t* codes, const uint8_t*) {
  for (int i = 0; i < kBlock32; ++i) block.qs[i] = static_cast<int8_t>(codes[i] - 128);
}

void set_q2_k(BlockQ2_K& block, const uint16_t* codes, const uint8_t*) { pack_two_bits(Narrow<256>(codes).values, block.qs); }

void set_q3_k(BlockQ3_K& block, const uint16_t* codes, const uint8_t*) {
  pack_two_bits(Narrow<256>(codes).values, block.qs);
  std::memset(block.hmask, 0, sizeof block.hmask);
  for (int i = 0; i < kBlock256; ++i) block.hmask[i % 32] |= static_cast<uint8_t>((codes[i] >> 2) << (i / 32));
}

void set_half_bytes(const uint16_t* codes, uint8_t* qs) {  // Q4_K and Q5_K
  for (int i = 0; i < 128; ++i) {
    const uint16_t* pair = codes + 64 * (i / 32) + i % 32;
    qs[i] = static_cast<uint8_t>((pair[0] & 15) | (pair[32] & 15) << 4);
  }
}
void set_q4_k(BlockQ4_K& block, const uint16_t* codes, const uint8_t*) { set_half_bytes(codes, block.qs); }
void set_q5_k(BlockQ5_K& block, const uint16_t* codes, const uint8_t*) {
  set_half_bytes(codes, block.qs);
  std::memset(block.qh, 0, sizeof block.qh);
  for (int i = 0; i < kBlock256; ++i) block.qh[i % 32] |= static_cast<uint8_t>((codes[i] >> 4) << (i / 32));
}

void set_q6_k(BlockQ6_K& block, const uint16_t* codes, const uint8_t*) {
  std::memset(block.ql, 0, sizeof block.ql);
  std::memset(block.qh, 0, sizeof block.qh);
  for (int i = 0; i < kBlock256; ++i) {
    const int half = i / 128, r = i % 128;
    block.ql[64 * half + r % 64] |= static_cast<uint8_t>((codes[i] & 15) << 4 * (r / 64));
    block.qh[32 * half + r % 32] |= static_cast<uint8_t>((codes[i] >> 4) << 2 * (r / 32));
  }
}

void set_iq4_xs(BlockIQ4_XS& block, const uint16_t* codes, const uint8_t*) {
  for (int j = 0; j < 8; ++j) pack_nibbles(Narrow<32>(codes + 32 * j).values, block.qs + 16 * j);
}

void set_iq2_xxs(BlockIQ2_XXS& block, const uint16_t* codes, const uint8_t* signs) {
  for (int group = 0; group < 8; ++group) {
    uint32_t bits = load_u32(block.qs + 8 * group + 4) & 0xF0000000u;
    for (int k = 0; k < 4; ++k) {
      block.qs[8 * group + k] = static_cast<uint8_t>(codes[4 * group + k]);
      bits |= (signs[4 * group + k] & 127u) << 7 * k;
    }
    store_u32(block.qs + 8 * group + 4, bits);
  }
}

void set_iq2_xs(BlockIQ2_XS& block, const uint16_t* codes, const uint8_t* signs) {
  for (int k = 0; k < 32; ++k) block.qs[k] = static_cast<uint16_t>(codes[k] | (signs[k] & 127) << 9);
}

void set_iq2_s(BlockIQ2_S& block, const uint16_t* codes, const uint8_t* signs) {
  std::memset(block.qh, 0, sizeof block.qh);
  for (int k = 0; k < 32; ++k) {
    block.qs[k] = static_cast<uint8_t>(codes[k]);
    block.qh[k / 4] |= static_cast<uint8_t>((codes[k] >> 8) << 2 * (k % 4));
    block.signs[k] = signs[k];
  }
}

void set_iq3_xxs(BlockIQ3_XXS& block, const uint16_t* codes, const uint8_t* signs) {
  for (int k = 0; k < 64; ++k) block.qs[k] = static_cast<uint8_t>(codes[k]);
  for (int group = 0; group < 8; ++group) {
    uint32_t bits = load_u32(block.signs + 4 * group) & 0xF0000000u;
    for (int k = 0; k < 4; ++k) bits |= (signs[4 * group + k] & 127u) << 7 * k;
    store_u32(block.signs + 4 * group, bits);
  }
}

void set_iq3_s(BlockIQ3_S& block, const uint16_t* codes, const uint8_t* signs) {
  std::memset(block.qh, 0, sizeof block.qh);
  for (int k = 0; k < 64; ++k) {
    block.qs[k] = static_cast<uint8_t>(codes[k]);
    block.qh[k / 8] |= static_cast<uint8_t>((codes[k] >> 8) << k % 8);
  }
  std::memcpy(block.signs, signs, sizeof block.signs);
}

uint16_t half(float value) { return f32_to_f16(value); }

/// One scale per block of 32, and perhaps a minimum m = -dmin.
template <class Block>
void get_single(const std::byte* bytes, RecodeScales& scales) {
  Block block;
  std::memcpy(&block, bytes, sizeof block);
  scales = {.d = f16_to_f32(block.d), .dmin = 0, .scale = {1}, .min = {0}};
  if constexpr (requires { block.m; }) scales.dmin = -f16_to_f32(block.m), scales.min[0] = 1;
}
template <class Block>
void set_single(std::byte* bytes, const RecodeScales& scales) {
  Block block;
  std::memcpy(&block, bytes, sizeof block);
  block.d = half(scales.d);
  if constexpr (requires { block.m; }) block.m = half(-scales.dmin);
  std::memcpy(bytes, &block, sizeof block);
}

/// get_scales and set_scales of a super-block from functions on its integers; `d`, and `dmin` where there is one, are stored here.
template <class Block, void (*kGet)(const Block&, RecodeScales&)>
void get_scales(const std::byte* bytes, RecodeScales& scales) {
  Block block;
  std::memcpy(&block, bytes, sizeof block);
  scales = {};
  scales.d = f16_to_f32(block.d);
  if constexpr (requires { block.dmin; }) scales.dmin = f16_to_f32(block.dmin);
  kGet(block, scales);
}
template <class Block, void (*kSet)(Block&, const RecodeScales&)>
void set_scales(std::byte* bytes, const RecodeScales& scales) {
  Block block;
  std::memcpy(&block, bytes, sizeof block);
  block.d = half(scales.d);
  if constexpr (requires { block.dmin; }) block.dmin = half(scales.dmin);
  kSet(block, scales);
  std::memcpy(bytes, &block, sizeof block);
}

void get_q2_k(const BlockQ2_K& block, RecodeScales& scales) {
  for (int j = 0; j < 16; ++j) {
    scales.scale[j] = block.scales[j] & 15;
    scales.min[j] = block.scales[j] >> 4;
  }
}
void set_q2_k_scales(BlockQ2_K& block, const RecodeScales& scales) {
  for (int j = 0; j < 16; ++j) block.scales[j] = static_cast<uint8_t>(scales.scale[j] | scales.min[j] << 4);
}

void get_q3_k(const BlockQ3_K& block, RecodeScales& scales) {
  for (int j = 0; j < 16; ++j) {
    const int low = block.scales[j % 8] >> 4 * (j / 8) & 15, high = block.scales[8 + j % 4] >> 2 * (j / 4) & 3;
    scales.scale[j] = static_cast<int16_t>((low | high << 4) - 32);
  }
}
void set_q3_k_scales(BlockQ3_K& block, const RecodeScales& scales) {
  std::memset(block.scales, 0, sizeof block.scales);
  for (int j = 0; j < 16; ++j) {
    const int u = scales.scale[j] + 32;
    block.scales[j % 8] |= static_cast<uint8_t>((u & 15) << 4 * (j / 8));
    block.scales[8 + j % 4] |= static_cast<uint8_t>((u >> 4) << 2 * (j / 4));
  }
}

template <class Block>
void get_six_bits(const Block& block, RecodeScales& scales) {  // Q4_K, Q5_K
  uint8_t s[8], t[8];
  unpack_six_bits(block.scales, s, t);
  for (int j = 0; j < 8; ++j) scales.scale[j] = s[j], scales.min[j] = t[j];
}
template <class Block>
void set_six_bits(Block& block, const RecodeScales& scales) {
  uint8_t s[8], t[8];
  for (int j = 0; j < 8; ++j) s[j] = static_cast<uint8_t>(scales.scale[j]), t[j] = static_cast<uint8_t>(scales.min[j]);
  pack_six_bits(s, t, block.scales);
}

void get_q6_k(const BlockQ6_K& block, RecodeScales& scales) {
  for (int j = 0; j < 16; ++j) scales.scale[j] = block.scales[j];
}
void set_q6_k_scales(BlockQ6_K& block, const RecodeScales& scales) {
  for (int j = 0; j < 16; ++j) block.scales[j] = static_cast<int8_t>(scales.scale[j]);
}

void get_iq4_xs(const BlockIQ4_XS& block, RecodeScales& scales) {
  for (int j = 0; j < 8; ++j) {
    const int s = (block.scales_l[j / 2] >> 4 * (j % 2) & 15) | (block.scales_h >> 2 * j & 3) << 4;
    scales.scale[j] = static_cast<int16_t>(s - 32);
  }
}
void set_iq4_xs_scales(BlockIQ4_XS& block, const RecodeScales& scales) {
  std::memset(block.scales_l, 0, sizeof block.scales_l);
  block.scales_h = 0;
  for (int j = 0; j < 8; ++j) {
    const int u = scales.scale[j] + 32;
    block.scales_l[j / 2] |= static_cast<uint8_t>((u & 15) << 4 * (j % 2));
    block.scales_h = static_cast<uint16_t>(block.scales_h | (u >> 4) << 2 * j);
  }
}

template <class Block, int kGroups>
void get_scale_nibbles(const Block& block, RecodeScales& scales) {  // IQ2_XS, IQ2_S, IQ3_S
  for (int j = 0; j < kGroups; ++j) scales.scale[j] = block.scales[j / 2] >> 4 * (j % 2) & 15;
}
template <class Block, int kGroups>
void set_scale_nibbles(Block& block, const RecodeScales& scales) {
  for (int j = 0; j < kGroups; j += 2) block.scales[j / 2] = static_cast<uint8_t>(scales.scale[j] | scales.scale[j + 1] << 4);
}

/// IQ2_XXS and IQ3_XXS: the scale is on top of the group's signs.
const uint8_t* sign_bits(const BlockIQ2_XXS& block, int group) { return block.qs + 8 * group + 4; }
const uint8_t* sign_bits(const BlockIQ3_XXS& block, int group) { return block.signs + 4 * group; }
template <class Block>
void get_top_nibbles(const Block& block, RecodeScales& scales) {
  for (int j = 0; j < 8; ++j) scales.scale[j] = static_cast<int16_t>(load_u32(sign_bits(block, j)) >> 28);
}
template <class Block>
void set_top_nibbles(Block& block, const RecodeScales& scales) {
  for (int j = 0; j < 8; ++j) {
    auto* place = const_cast<uint8_t*>(sign_bits(block, j));
    store_u32(place, (load_u32(place) & 0x0FFFFFFFu) | static_cast<uint32_t>(scales.scale[j]) << 28);
  }
}

/// A type with one scale per block.
template <class Block, void (*kSetCodes)(Block&, const uint16_t*, const uint8_t*)>
constexpr Recoder single(QuantType type, int n_codes, int zero, const int8_t* levels = nullptr) {
  const int min = requires(Block block) { block.m; } ? 1 : 0;
  return {type, 32, 32, n_codes, zero, levels, nullptr, false, 0, 1, 1, 1, min, min, get_single<Block>, set_single<Block>, set_codes<Block, kSetCodes>};
}

const Recoder kRecoders[] = {
    single<BlockQ4_0, set_nibbles>(QuantType::kQ4_0, 16, 8),
    single<BlockQ4_1, set_nibbles>(QuantType::kQ4_1, 16, 0),
    single<BlockQ5_0, set_five_bits>(QuantType::kQ5_0, 32, 16),
    single<BlockQ5_1, set_five_bits>(QuantType::kQ5_1, 32, 0),
    single<BlockQ8_0, set_q8_0>(QuantType::kQ8_0, 256, 128),
    single<BlockIQ4_NL, set_nibbles>(QuantType::kIQ4_NL, 16, 0, kIq4Values),
    // type, block, group, codes, zero, levels, grid, even signs, base, slope, scales from, to, minima from, to
    {QuantType::kQ2_K, 256, 16, 4, 0, nullptr, nullptr, false, 0, 1, 0, 15, 0, 15, get_scales<BlockQ2_K, get_q2_k>,
     set_scales<BlockQ2_K, set_q2_k_scales>, set_codes<BlockQ2_K, set_q2_k>},
    {QuantType::kQ3_K, 256, 16, 8, 4, nullptr, nullptr, false, 0, 1, -32, 31, 0, 0, get_scales<BlockQ3_K, get_q3_k>,
     set_scales<BlockQ3_K, set_q3_k_scales>, set_codes<BlockQ3_K, set_q3_k>},
    {QuantType::kQ4_K, 256, 32, 16, 0, nullptr, nullptr, false, 0, 1, 0, 63, 0, 63, get_scales<BlockQ4_K, get_six_bits>,
     set_scales<BlockQ4_K, set_six_bits>, set_codes<BlockQ4_K, set_q4_k>},
    {QuantType::kQ5_K, 256, 32, 32, 0, nullptr, nullptr, false, 0, 1, 0, 63, 0, 63, get_scales<BlockQ5_K, get_six_bits>,
     set_scales<BlockQ5_K, set_six_bits>, set_codes<BlockQ5_K, set_q5_k>},
    {QuantType::kQ6_K, 256, 16, 64, 32, nullptr, nullptr, false, 0, 1, -128, 127, 0, 0, get_scales<BlockQ6_K, get_q6_k>,
     set_scales<BlockQ6_K, set_q6_k_scales>, set_codes<BlockQ6_K, set_q6_k>},
    {QuantType::kIQ4_XS, 256, 32, 16, 0, kIq4Values, nullptr, false, 0, 1, -32, 31, 0, 0, get_scales<BlockIQ4_XS, get_iq4_xs>,
     set_scales<BlockIQ4_XS, set_iq4_xs_scales>, set_codes<BlockIQ4_XS, set_iq4_xs>},
    {QuantType::kIQ2_XXS, 256, 32, 256, 0, nullptr, &kGridIq2Xxs, true, 0.125f, 0.25f, 0, 15, 0, 0,
     get_scales<BlockIQ2_XXS, get_top_nibbles>, set_scales<BlockIQ2_XXS, set_top_nibbles>, set_codes<BlockIQ2_XXS, set_iq2_xxs>},
    {QuantType::kIQ2_XS, 256, 16, 512, 0, nullptr, &kGridIq2Xs, true, 0.125f, 0.25f, 0, 15, 0, 0,
     get_scales<BlockIQ2_XS, get_scale_nibbles<BlockIQ2_XS, 16>>, set_scales<BlockIQ2_XS, set_scale_nibbles<BlockIQ2_XS, 16>>,
     set_codes<BlockIQ2_XS, set_iq2_xs>},
    {QuantType::kIQ2_S, 256, 16, 1024, 0, nullptr, &kGridIq2S, false, 0.125f, 0.25f, 0, 15, 0, 0,
     get_scales<BlockIQ2_S, get_scale_nibbles<BlockIQ2_S, 16>>, set_scales<BlockIQ2_S, set_scale_nibbles<BlockIQ2_S, 16>>,
     set_codes<BlockIQ2_S, set_iq2_s>},
    {QuantType::kIQ3_XXS, 256, 32, 256, 0, nullptr, &kGridIq3Xxs, true, 0.25f, 0.5f, 0, 15, 0, 0,
     get_scales<BlockIQ3_XXS, get_top_nibbles>, set_scales<BlockIQ3_XXS, set_top_nibbles>, set_codes<BlockIQ3_XXS, set_iq3_xxs>},
    {QuantType::kIQ3_S, 256, 32, 512, 0, nullptr, &kGridIq3S, false, 1, 2, 0, 15, 0, 0,
     get_scales<BlockIQ3_S, get_scale_nibbles<BlockIQ3_S, 8>>, set_scales<BlockIQ3_S, set_scale_nibbles<BlockIQ3_S, 8>>,
     set_codes<BlockIQ3_S, set_iq3_s>},
};

}  // namespace

const Recoder* recoder(QuantType type) {
  for (const Recoder& row : kRecoders) {
    if (row.type == type) return &row;
  }
  return nullptr;
}

}  // namespace aurea::codecs
