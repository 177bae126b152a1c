// The sixteen levels of IQ4_NL and IQ4_XS, closer together around zero, where most weights lie.
// Source: kvalues_iq4nl in ggml's ggml-common.h, llama.cpp v0.5.0. Included by kernels: integer headers only.
#pragma once

#include <stdint.h>

namespace aurea::codecs {

inline constexpr int8_t kIq4Values[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

}  // namespace aurea::codecs
