// What a workload costs at least, against sums by hand.
#include <gtest/gtest.h>

#include <cmath>

#include "cli/bench/limits.h"
#include "kernels/registry.h"
#include "models/test_checkpoint.h"
#include "tests/support/test_support.h"

namespace aurea::cli::bench {
namespace {

// The carried checkpoint: hidden 256, inner 512, two blocks, four heads of 64, vocabulary 576, 16-bit weights,
// window 24.
constexpr double kBody = 2 * (3 * 256 * 256 + 256 * 256 + 2 * 512 * 256 + 512 * 256), kOutput = 576 * 256;
constexpr double kTokenBytes = 2 * 2 * 4 * 64 * 2;  // keys and values of both blocks in 16 bits

models::ModelSource tiny() { return models::ModelSource::open(test::carried_data("models/phi3-window")); }

TEST(Floor, PrefillReadsTheWeightsOncePerPassAndTheOutputMatrixOnce) {
  const Floor floor = floor_of({.kind = Kind::kPrefill, .prompt = 100}, tiny(), kernels::KvType::kF16, 64);
  EXPECT_EQ(floor.bytes, 2 * (2 * kBody + kOutput));
  EXPECT_EQ(floor.operations, 2 * (100 * kBody + kOutput));
}

TEST(Floor, DecodeReadsWeightsOncePerStepAndTheVisibleCachePerSequence) {
  const Workload work{.kind = Kind::kDecode, .generate = 3, .batch = 2, .depth = 22};
  const Floor floor = floor_of(work, tiny(), kernels::KvType::kF16, 512);
  EXPECT_EQ(floor.bytes, 3 * 2 * (kBody + kOutput) + 2 * (23 + 24 + 24) * kTokenBytes);  // 25 keys, 24 of them visible
  EXPECT_EQ(floor.operations, 3 * 2 * 2 * (kBody + kOutput));
  EXPECT_EQ(floor_of(work, tiny(), kernels::KvType::kF32, 512).bytes - floor.bytes, 2 * 71 * kTokenBytes);
}

TEST(Floor, MixedStepsAddThePrompt) {
  const Workload work{.kind = Kind::kMixed, .prompt = 5, .chunk = 3, .generate = 2, .batch = 1, .depth = 0};
  const Floor floor = floor_of(work, tiny(), kernels::KvType::kF16, 512);
  EXPECT_EQ(floor.bytes, 2 * 2 * (kBody + kOutput) + (1 + 2) * kTokenBytes);
  EXPECT_EQ(floor.operations, 2 * ((2 + 5) * kBody + (2 + 1) * kOutput));
}

TEST(Floor, OfAMixtureTokensChooseEvenly) {
  const test::ScratchDir scratch;
  models::test::write_small_mixture(scratch / "model", 5);
  const models::ModelSource source = models::ModelSource::open(scratch / "model");
  const auto bytes = [&](size_t batch) {
    const Floor floor =
        floor_of({.kind = Kind::kDecode, .generate = 1, .batch = batch}, source, kernels::KvType::kF16, 512);
    return floor.bytes - static_cast<double>(batch * cache_bytes_per_token(source.params(), kernels::KvType::kF16));
  };
  double experts = 0;
  for (models::TensorId id = 0; id < source.description().tensors.size(); ++id) {
    if (source.description().tensors[id].shape.size() != 3) continue;
    for (const TensorView& part : source.parts(id)) experts += static_cast<double>(part.data.size());
  }
  const double unused = 1 - 2.0 / static_cast<double>(source.params().n_experts);
  EXPECT_NEAR(bytes(3) - bytes(1), experts * (unused - std::pow(unused, 3)), 1e-6 * experts);
}

TEST(Floor, TheLargerOfMemoryAndArithmetic) {
  const Floor floor{.bytes = 2e9, .operations = 3e9};
  EXPECT_DOUBLE_EQ(floor.seconds({.memory_read_gb_per_s = 1, .int8_gops = 100}), 2);
  EXPECT_EQ(floor.bound({.memory_read_gb_per_s = 1, .int8_gops = 100}), "memory");
  EXPECT_DOUBLE_EQ(floor.seconds({.memory_read_gb_per_s = 10, .int8_gops = 1}), 3);
  EXPECT_EQ(floor.bound({.memory_read_gb_per_s = 10, .int8_gops = 1}), "arithmetic");
}

TEST(LimitMeter, KeepsTheBest) {
  ThreadPool pool(1);
  LimitMeter meter(kernels::select_kernel_set(std::nullopt), pool);
  meter.measure();
  const Limits first = meter.best();
  EXPECT_GT(first.memory_read_gb_per_s, 0);
  EXPECT_GT(first.int8_gops, 0);
  meter.measure();
  EXPECT_GE(meter.best().memory_read_gb_per_s, first.memory_read_gb_per_s);
  EXPECT_GE(meter.best().int8_gops, first.int8_gops);
}

}  // namespace
}  // namespace aurea::cli::bench
