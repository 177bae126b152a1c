// The sixteen values of E2M1, the 4-bit float of MXFP4 and NVFP4, doubled so that they are integers; their scales are
// halved in turn. Code 8 is a second zero. Source: OCP Microscaling Formats 1.0, section 5.3.3; kvalues_mxfp4 of ggml.
// Included by kernels: integer headers and core/half.h only.
#pragma once

#include <stdint.h>

#include "core/half.h"

namespace aurea::codecs {

inline constexpr int8_t kFp4Values[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

/// Half the value of a UE4M3 number, the scale of a group of NVFP4 for the doubled levels. 0x7F stands for 0.
AUREA_INLINE float nvfp4_step(int scale) {
  const int code = scale & 0x7F, exponent = code >> 3, mantissa = code & 7;
  if (code == 0x7F) return 0;
  if (exponent == 0) return static_cast<float>(mantissa) * 0x1p-10f;
  return f32_from_bits(static_cast<uint32_t>(exponent - 8 + 127) << 23 | static_cast<uint32_t>(mantissa) << 20);
}

}  // namespace aurea::codecs
