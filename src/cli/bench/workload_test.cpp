// Which workloads a sweep is made of, and how they are called.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/bench/workload.h"

namespace aurea::cli::bench {
namespace {

using testing::ElementsAre;
using testing::Pair;

std::vector<std::string> names(const Sweep& sweep) {
  std::vector<std::string> names;
  for (const Workload& work : sweep.workloads()) names.push_back(work.name());
  return names;
}

TEST(Sweep, EveryPromptAndEveryDepthWithEveryBatch) {
  EXPECT_THAT(names({.prompts = {128, 512}, .depths = {0, 4096}, .batches = {1, 8}, .generate = 64}),
              ElementsAre("prefill 128", "prefill 512", "decode 64", "decode 64 x 8", "decode 64 at 4096",
                          "decode 64 x 8 at 4096"));
}

TEST(Sweep, NothingOfZeroTokensAndNothingTwice) {
  EXPECT_THAT(names({.prompts = {0}, .depths = {0}, .batches = {1}, .generate = 0}), ElementsAre());
  EXPECT_THAT(names({.prompts = {0, 8, 8}, .depths = {0}, .batches = {2, 2}, .generate = 4}),
              ElementsAre("prefill 8", "decode 4 x 2"));
}

TEST(Sweep, MixedStepsReadTheWholePrompt) {
  const std::vector<Workload> workloads =
      Sweep{.prompts = {100}, .depths = {7}, .batches = {3}, .generate = 0, .chunk = 32}.workloads();
  ASSERT_EQ(workloads.size(), 2u);
  EXPECT_EQ(workloads[1].name(), "decode x 3 at 7 reading 100 by 32");
  EXPECT_EQ(workloads[1].generate, 4u);  // steps of 32, 32, 32 and 4 tokens
  EXPECT_EQ(workloads[1].tokens(), 12u);
  EXPECT_EQ(workloads[1].longest(), 100u);
}

TEST(Sweep, LargestBatchesByDepth) {
  const std::vector<Workload> workloads = Sweep{.prompts = {512}, .depths = {0, 64}, .batches = {8, 2}}.workloads();
  EXPECT_THAT(largest_batches(workloads), ElementsAre(Pair(0, 8), Pair(64, 8)));
}

TEST(Spread, MedianOfEvenAndOddCounts) {
  EXPECT_EQ(spread_of({3, 1, 2}).median, 2);
  EXPECT_EQ(spread_of({4, 1, 2, 3}).median, 2.5);
  EXPECT_EQ(spread_of({4, 1, 2, 3}).min, 1);
  EXPECT_EQ(spread_of({4, 1, 2, 3}).max, 4);
}

}  // namespace
}  // namespace aurea::cli::bench
