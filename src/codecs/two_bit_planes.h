// The 2-bit codes of a super-block of 256, as Q2_K and Q3_K store them: element i in byte 32 (i / 128) + i mod 32, at
// bit 2 ((i mod 128) / 32).
#pragma once

#include <stdint.h>

namespace aurea::codecs {

inline void pack_two_bits(const uint8_t* __restrict codes, uint8_t* __restrict qs) {
  for (int half = 0; half < 2; ++half, codes += 128, qs += 32) {
    for (int i = 0; i < 32; ++i) {
      qs[i] = static_cast<uint8_t>((codes[i] & 3) | (codes[i + 32] & 3) << 2 | (codes[i + 64] & 3) << 4 |
                                   (codes[i + 96] & 3) << 6);
    }
  }
}

inline void unpack_two_bits(const uint8_t* __restrict qs, uint8_t* __restrict codes) {
  for (int half = 0; half < 2; ++half, codes += 128, qs += 32) {
    for (int plane = 0; plane < 4; ++plane) {
      for (int i = 0; i < 32; ++i) codes[32 * plane + i] = qs[i] >> 2 * plane & 3;
    }
  }
}

}  // namespace aurea::codecs
