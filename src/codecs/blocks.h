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

}  // namespace aurea::codecs
