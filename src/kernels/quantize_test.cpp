// Activation codes, every set: the definition, and the same bits as the scalar set.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/registry.h"
#include "kernels/test_matrices.h"

namespace aurea::kernels {
namespace {

class Quantize : public ::testing::TestWithParam<const KernelSet*> {
 protected:
  const KernelSet& set_ = *GetParam();
  const KernelSet& scalar_ = *available_kernel_sets().front();

  /// Both formats; n is a multiple of 256.
  void expect_scalar_bits(const std::vector<float>& x, const std::string& what) {
    for (const ActivationFormat format : {ActivationFormat::kQ8x32, ActivationFormat::kQ8x256}) {
      const test::Bytes got = test::pack_activations(set_, format, x, x.size());
      const test::Bytes want = test::pack_activations(scalar_, format, x, x.size());
      ASSERT_EQ(std::memcmp(got.data(), want.data(), got.size()), 0) << "set " << set_.name << ": " << what;
    }
  }
};

TEST_P(Quantize, CodesAreTheNearestMultiples) {
  for (const float scale : {1e-30f, 1e-3f, 1.0f, 1e30f}) {
    std::vector<float> x = test::random_activations(1, 2560, 9);
    for (float& value : x) value *= scale;
    std::vector<BlockQ8x32> small(x.size() / 32);
    std::vector<BlockQ8x256> large(x.size() / 256);
    set_.quantize_q8x32(x.data(), small.data(), x.size());
    set_.quantize_q8x256(x.data(), large.data(), x.size());
    const auto check = [&](const auto& block, size_t first, size_t n) {
      float max = 0;
      for (size_t i = 0; i < n; ++i) max = std::max(max, std::abs(x[first + i]));
      ASSERT_EQ(block.d, max / 127.0f);
      for (size_t i = 0; i < n; ++i) {
        // Half a step, and what the rounding of the factor and of the product add.
        ASSERT_LE(std::abs(static_cast<double>(block.d) * block.q[i] - x[first + i]), block.d * (0.5 + 127 * 2e-7));
        ASSERT_GE(block.q[i], -127);
      }
    };
    for (size_t b = 0; b < small.size(); ++b) {
      check(small[b], 32 * b, 32);
      int first = 0, sum = 0;
      for (size_t i = 0; i < 32; ++i) (i < 16 ? first : sum) += small[b].q[i];
      sum += first;
      ASSERT_EQ(small[b].neg_sum, -sum);
      ASSERT_EQ(small[b].neg_first, -first);
      ASSERT_EQ(small[b].sum_d, small[b].d * static_cast<float>(sum));
    }
    for (size_t b = 0; b < large.size(); ++b) {
      check(large[b], 256 * b, 256);
      for (size_t j = 0; j < 16; ++j) {
        int sum = 0;
        for (size_t i = 0; i < 16; ++i) sum += large[b].q[16 * j + i];
        ASSERT_EQ(large[b].sums[j], sum);
        ASSERT_EQ(large[b].neg_sums[j], -sum);
      }
      for (size_t j = 0; j < 8; ++j) {
        ASSERT_EQ(large[b].pair_sums[j], large[b].sums[2 * j] + large[b].sums[2 * j + 1]);
        ASSERT_EQ(large[b].neg_pair_sums[j], -large[b].pair_sums[j]);
      }
    }
  }
}

TEST_P(Quantize, BitsOfTheScalarSet) {
  test::Random random(11);
  for (int round = 0; round < 200; ++round) {
    std::vector<float> x = test::random_activations(1, 512, random.bits());
    expect_scalar_bits(x, "random");
    for (float& value : x) value = f32_from_bits(static_cast<uint32_t>(random.bits()));  // any bits at all
    expect_scalar_bits(x, "random bits");
  }
  std::vector<float> ties(256);  // max 127: the factor is 1, halves are ties
  for (size_t i = 0; i < ties.size(); ++i) ties[i] = static_cast<float>(i) - 127.5f;
  ties[255] = 127.0f;
  ties[0] = -127.0f;
  expect_scalar_bits(ties, "ties");
}

TEST_P(Quantize, TiesGoToEven) {
  std::vector<float> x(32, 0.0f);
  x[0] = 127.0f;
  x[1] = 0.5f;
  x[2] = 1.5f;
  x[3] = 2.5f;
  x[4] = -0.5f;
  x[5] = -1.5f;
  BlockQ8x32 block;
  set_.quantize_q8x32(x.data(), &block, 32);
  EXPECT_EQ(block.d, 1.0f);
  EXPECT_EQ(std::vector<int>(block.q, block.q + 6), (std::vector<int>{127, 0, 2, 2, 0, -2}));
}

TEST_P(Quantize, ZeroTinyAndInvalidBlocks) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  for (const float bad : {0.0f, -0.0f, 1e-45f, 1e-38f, kInf, -kInf, NAN}) {
    std::vector<float> x(256, 0.0f);
    x[77] = bad;
    expect_scalar_bits(x, "value " + std::to_string(bad));
    BlockQ8x256 block;
    set_.quantize_q8x256(x.data(), &block, 256);
    for (const int8_t q : block.q) ASSERT_EQ(q, 0);
    for (const int16_t sum : block.sums) ASSERT_EQ(sum, 0);
    if (std::isfinite(bad)) {
      EXPECT_EQ(block.d, 0.0f);
    } else {
      EXPECT_TRUE(std::isnan(block.d));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sets, Quantize,
                         ::testing::ValuesIn(available_kernel_sets().begin(), available_kernel_sets().end()),
                         [](const auto& set) { return std::string(set.param->name); });

}  // namespace
}  // namespace aurea::kernels
