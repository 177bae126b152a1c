// Byte layouts of the quantized blocks (little-endian, packed). Source: ggml's ggml-common.h, llama.cpp v0.5.0.
// Scales d, dmin, m are IEEE binary16 bits. Included by kernels: integer headers only.
#pragma once

#include <stdint.h>

namespace aurea::codecs {

inline constexpr int kBlock32 = 32;    // elements of the simple types' blocks
inline constexpr int kBlock256 = 256;  // elements of a k-type's super-block

// Simple types. Nibble order: byte j of qs holds element j (low nibble) and element j + 16 (high nibble).

struct BlockQ4_0 {  // value = (n - 8) * d
  uint16_t d;
  uint8_t qs[16];
};
static_assert(sizeof(BlockQ4_0) == 18);

struct BlockQ4_1 {  // value = n * d + m
  uint16_t d, m;
  uint8_t qs[16];
};
static_assert(sizeof(BlockQ4_1) == 20);

struct BlockQ5_0 {  // value = (n + 16 h - 16) * d, h = bit i of the little-endian 32-bit number in qh
  uint16_t d;
  uint8_t qh[4];
  uint8_t qs[16];
};
static_assert(sizeof(BlockQ5_0) == 22);

struct BlockQ5_1 {  // value = (n + 16 h) * d + m
  uint16_t d, m;
  uint8_t qh[4];
  uint8_t qs[16];
};
static_assert(sizeof(BlockQ5_1) == 24);

struct BlockQ8_0 {  // value = q * d
  uint16_t d;
  int8_t qs[32];
};
static_assert(sizeof(BlockQ8_0) == 34);

// K types: super-blocks of 256, sub-blocks of 16 or 32 with integer scales.

struct BlockQ2_K {     // value = (d * s_j) * q - (dmin * t_j), j = i / 16
  uint8_t scales[16];  // low nibble s_j, high nibble t_j
  uint8_t qs[64];      // element i: byte 32 (i / 128) + i mod 32, shift 2 ((i mod 128) / 32)
  uint16_t d, dmin;
};
static_assert(sizeof(BlockQ2_K) == 84);

struct BlockQ3_K {     // value = (d * (u_j - 32)) * q, j = i / 16, q = low2 - (high bit ? 0 : 4)
  uint8_t hmask[32];   // high bit of element i: bit i / 32 of byte i mod 32
  uint8_t qs[64];      // low two bits as Q2_K
  uint8_t scales[12];  // sixteen 6-bit u_j, packed
  uint16_t d;
};
static_assert(sizeof(BlockQ3_K) == 110);

struct BlockQ4_K {  // value = (d * s_j) * q - (dmin * t_j), j = i / 32
  uint16_t d, dmin;
  uint8_t scales[12];  // eight 6-bit s_j and t_j, packed
  uint8_t qs[128];     // element i: byte 32 (i / 64) + i mod 32, low nibble if i mod 64 < 32
};
static_assert(sizeof(BlockQ4_K) == 144);

struct BlockQ5_K {  // value as Q4_K, q = nibble + 16 * bit i / 32 of qh[i mod 32]
  uint16_t d, dmin;
  uint8_t scales[12];
  uint8_t qh[32];
  uint8_t qs[128];
};
static_assert(sizeof(BlockQ5_K) == 176);

struct BlockQ6_K {  // value = (d * scales[i / 16]) * (q - 32)
  uint8_t ql[128];  // half n = i / 128, r = i mod 128: byte 64 n + r mod 64, low nibble if r < 64
  uint8_t qh[64];   // byte 32 n + r mod 32, shift 2 (r / 32)
  int8_t scales[16];
  uint16_t d;
};
static_assert(sizeof(BlockQ6_K) == 210);

// Codebook types: magnitudes of 8 or 4 neighbouring elements are an entry of a grid (codecs/grids.h), signs are bits.
// Even signs: 7 bits for 8 elements, the eighth makes their number even (ksigns).

struct BlockIQ2_XXS {  // value = (d * (1/2 + s)) * 1/4 * grid * sign; 8 groups of 32
  uint16_t d;
  uint8_t qs[64];  // group g: bytes 8 g .. + 3 entries of kGridIq2Xxs for 8 elements each; then a little-endian
                   // 32-bit number: bits 7 l .. + 6 signs of elements 8 l .. + 7, bits 28-31 s
};
static_assert(sizeof(BlockIQ2_XXS) == 66);

struct BlockIQ2_XS {  // value as IQ2_XXS; 16 groups of 16
  uint16_t d;
  uint16_t qs[32];    // 8 elements each: bits 0-8 entry of kGridIq2Xs, bits 9-15 signs
  uint8_t scales[8];  // byte g / 2, low nibble for even g
};
static_assert(sizeof(BlockIQ2_XS) == 74);

struct BlockIQ2_S {  // value as IQ2_XXS; 16 groups of 16
  uint16_t d;
  uint8_t qs[32];     // 8 elements each: low bits of the entry of kGridIq2S
  uint8_t signs[32];  // bit j: element j of the 8 is negative
  uint8_t qh[8];      // byte k / 4, bits 2 (k mod 4) .. + 1: bits 8-9 of entry k
  uint8_t scales[8];  // as IQ2_XS
};
static_assert(sizeof(BlockIQ2_S) == 82);

struct BlockIQ3_XXS {  // value = (d * (1/2 + s)) * 1/2 * grid * sign; 8 groups of 32
  uint16_t d;
  uint8_t qs[64];     // entries of kGridIq3Xxs for 4 elements each
  uint8_t signs[32];  // group g: a little-endian 32-bit number at 4 g, signs and s as IQ2_XXS
};
static_assert(sizeof(BlockIQ3_XXS) == 98);

struct BlockIQ3_S {  // value = (d * (1 + 2 s)) * grid * sign; 8 groups of 32
  uint16_t d;
  uint8_t qs[64];     // 4 elements each: low bits of the entry of kGridIq3S
  uint8_t qh[8];      // byte k / 8, bit k mod 8: bit 8 of entry k
  uint8_t signs[32];  // as IQ2_S
  uint8_t scales[4];  // byte g / 2, low nibble for even g
};
static_assert(sizeof(BlockIQ3_S) == 110);

// IQ1 types: 8 neighbouring elements are an entry of kGridIq1 (iq1_grid.h) plus a shift of 1/8 up or down.

struct BlockIQ1_S {  // value = (d * (2 s + 1)) * (grid + shift); 8 groups of 32
  uint16_t d;
  uint8_t qs[32];  // 8 elements each: low bits of the entry
  uint16_t qh[8];  // group g: bits 3 l .. + 2 bits 8-10 of entry 4 g + l, bits 12-14 s, bit 15 set: shift down
};
static_assert(sizeof(BlockIQ1_S) == 50);

struct BlockIQ1_M {    // value = (d * (2 s + 1)) * (grid + shift); 16 groups of 16
  uint8_t qs[32];      // 8 elements each: low bits of the entry
  uint8_t qh[16];      // entry k: nibble k mod 2 of byte k / 2: bits 8-10, bit 3 set: shift down
  uint16_t scales[4];  // group g: bits 3 (g mod 4) .. + 2 of word g / 4; bits 12-15 of word k: bits 4 k .. + 3 of d
};
static_assert(sizeof(BlockIQ1_M) == 56);

// IQ4 types: codes are indices into kIq4Values (iq4_values.h), in the nibble order of the simple types.

struct BlockIQ4_NL {  // value = d * kIq4Values[n]
  uint16_t d;
  uint8_t qs[16];
};
static_assert(sizeof(BlockIQ4_NL) == 18);

struct BlockIQ4_XS {  // value = (d * (s_j - 32)) * kIq4Values[n], j = i / 32
  uint16_t d;
  uint16_t scales_h;    // two top bits of s_j at bit 2 j
  uint8_t scales_l[4];  // low nibble of s_j: byte j / 2, low half for even j
  uint8_t qs[128];      // 16 bytes per group of 32
};
static_assert(sizeof(BlockIQ4_XS) == 136);

// FP4 types: codes are indices into kFp4Values (fp4_values.h), the doubled values of E2M1.

struct BlockMXFP4 {  // value = kFp4Values[n] * 2^(e - 128); e = 255 is not a number
  uint8_t e;         // E8M0
  uint8_t qs[16];    // nibble order of the simple types
};
static_assert(sizeof(BlockMXFP4) == 17);

struct BlockNVFP4 {   // value = kFp4Values[n] * scale_j / 2, j = i / 16
  uint8_t scales[4];  // UE4M3, no sign: exponent (s >> 3) & 15, bias 7; s = 0 and s = 0x7F mean 0
  uint8_t qs[32];     // 8 bytes per 16 elements: byte k holds element k (low nibble) and element k + 8 (high nibble)
};
static_assert(sizeof(BlockNVFP4) == 36);

// Types of one or two bits.

struct BlockQ1_0 {  // 128 elements, value = bit ? d : -d
  uint16_t d;
  uint8_t qs[16];  // element i: bit i mod 8 of byte i / 8
};
static_assert(sizeof(BlockQ1_0) == 18);

struct BlockQ2_0 {  // 64 elements, value = (q - 1) * d
  uint16_t d;
  uint8_t qs[16];  // element i: byte i / 4, shift 2 (i mod 4)
};
static_assert(sizeof(BlockQ2_0) == 18);

struct BlockTQ1_0 {  // 256 elements, value = (t - 1) * d; five base-3 digits t in a byte, see tq1_0.cpp
  uint8_t qs[48];    // elements 0-159: byte i mod 32, digit i / 32; 160-239: byte 32 + i mod 16, digit (i - 160) / 16
  uint8_t qh[4];     // elements 240-255: byte i mod 4, digit (i - 240) / 4
  uint16_t d;
};
static_assert(sizeof(BlockTQ1_0) == 54);

struct BlockTQ2_0 {  // 256 elements, value = (q - 1) * d
  uint8_t qs[64];    // as Q2_K
  uint16_t d;
};
static_assert(sizeof(BlockTQ2_0) == 66);

}  // namespace aurea::codecs
