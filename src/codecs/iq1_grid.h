// The codebook of IQ1_S and IQ1_M: a stored index names 8 values -1, 0 or 1, to which the shift (+ or - 1/8) is added.
// Source: ggml-common.h, llama.cpp v0.5.0. Read by kernels too: integer headers only.
#pragma once

#include "codecs/grids.h"

namespace aurea::codecs {

extern const Grid kGridIq1;  // 2048 x 8, values -1 0 1

inline constexpr float kIq1Shift = 0.125f;

}  // namespace aurea::codecs
