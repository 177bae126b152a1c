#include "core/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace aurea {
namespace {

TEST(Half, EveryHalfSurvivesTheRoundTrip) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const float wide = f16_to_f32(half);
    if (std::isnan(wide)) {
      EXPECT_EQ(f32_to_f16(wide), (half & 0x8000) | 0x7E00);
    } else {
      EXPECT_EQ(f32_to_f16(wide), half) << bits;
    }
  }
}

TEST(Half, RoundsToNearestEven) {
  EXPECT_EQ(f32_to_f16(1.0f + 0x1p-11f), 0x3C00);                 // tie: to the even neighbour below
  EXPECT_EQ(f32_to_f16(1.0f + 0x1p-11f + 0x1p-20f), 0x3C01);      // above the tie
  EXPECT_EQ(f32_to_f16(1.0f + 3 * 0x1p-11f), 0x3C02);             // tie: to the even neighbour above
  EXPECT_EQ(f32_to_f16(65519.0f), 0x7BFF);                        // still the largest finite half
  EXPECT_EQ(f32_to_f16(65520.0f), 0x7C00);                        // rounds to infinity
  EXPECT_EQ(f32_to_f16(0x1p-25f), 0x0000);                        // half of the smallest subnormal: tie to zero
  EXPECT_EQ(f32_to_f16(0x1.8p-25f), 0x0001);
  EXPECT_EQ(f32_to_f16(-0.0f), 0x8000);
  EXPECT_EQ(f32_to_f16(std::numeric_limits<float>::infinity()), 0x7C00);
}

TEST(Half, Bfloat16RoundsToNearestEven) {
  EXPECT_EQ(f32_to_bf16(1.0f), 0x3F80);
  EXPECT_EQ(f32_to_bf16(f32_from_bits(0x3F808000)), 0x3F80);
  EXPECT_EQ(f32_to_bf16(f32_from_bits(0x3F818000)), 0x3F82);
  EXPECT_EQ(f32_to_bf16(f32_from_bits(0x7F800001)) & 0x7FFF, 0x7FC0);
  EXPECT_EQ(bf16_to_f32(0x3F80), 1.0f);
}

}  // namespace
}  // namespace aurea
