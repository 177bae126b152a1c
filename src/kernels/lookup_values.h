// The values that the codes of packed codebook types name (kPackedLookup4 and kPackedLookup3 of packed_format.h): value
// = d * kUnit * scale * kValues[code]. Included by kernels: integer headers only.
#pragma once

#include <stdint.h>

#include "codecs/iq4_values.h"

namespace aurea::kernels {

struct ValuesIq4Xs {
  static constexpr const int8_t* kValues = codecs::kIq4Values;
  static constexpr float kUnit = 1;
};
/// Level l of the grid, negative from 8 on; the scale is 2 s + 1, so that d * (s + 1/2) * 1/2 is a quarter of it.
struct ValuesIq3Xxs {
  static constexpr int8_t kValues[16] = {4, 12, 20, 28, 36, 44, 52, 62, -4, -12, -20, -28, -36, -44, -52, -62};
  static constexpr float kUnit = 0.25f;
};
struct ValuesIq3S {
  static constexpr int8_t kValues[16] = {1, 3, 5, 7, 9, 11, 13, 15, -1, -3, -5, -7, -9, -11, -13, -15};
  static constexpr float kUnit = 1;
};
struct ValuesIq2 {
  static constexpr int8_t kValues[16] = {8, 25, 43, 0, -8, -25, -43, 0};
  static constexpr float kUnit = 0.125f;
};
/// -1, 0, 1 plus 1/8, and from 4 on minus 1/8, in eighths.
struct ValuesIq1 {
  static constexpr int8_t kValues[16] = {-7, 1, 9, 0, -9, -1, 7, 0};
  static constexpr float kUnit = 0.125f;
};

}  // namespace aurea::kernels
