// The sixteen values of E2M1, the 4-bit float of MXFP4 and NVFP4, doubled so that they are integers; their scales are
// halved in turn. Code 8 is a second zero. Source: OCP Microscaling Formats 1.0, section 5.3.3; kvalues_mxfp4 of ggml.
// Included by kernels: integer headers only.
#pragma once

#include <stdint.h>

namespace aurea::codecs {

inline constexpr int8_t kFp4Values[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

}  // namespace aurea::codecs
