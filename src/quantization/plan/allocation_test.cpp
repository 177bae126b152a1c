#include "quantization/plan/allocation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <random>

namespace aurea::quantization {
namespace {

using Items = std::vector<std::vector<Choice>>;

/// Calls `visit` with the bytes and the loss of every possible allocation.
void for_all(const Items& items, const std::function<void(uint64_t, double)>& visit) {
  const std::function<void(size_t, uint64_t, double)> go = [&](size_t item, uint64_t bytes, double loss) {
    if (item == items.size()) return visit(bytes, loss);
    for (const Choice& choice : items[item]) go(item + 1, bytes + choice.bytes, loss + choice.loss);
  };
  go(0, 0, 0);
}

void expect_adds_up(const Items& items, const Allocation& allocation) {
  ASSERT_EQ(allocation.chosen.size(), items.size());
  uint64_t bytes = 0;
  double loss = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    bytes += items[i][allocation.chosen[i]].bytes;
    loss += items[i][allocation.chosen[i]].loss;
  }
  EXPECT_EQ(bytes, allocation.bytes);
  EXPECT_NEAR(loss, allocation.loss, 1e-9 * (1 + loss));
}

Items random_items(std::mt19937_64& random, size_t n_items, uint64_t most_bytes) {
  Items items(n_items);
  for (std::vector<Choice>& choices : items) {
    const size_t n = 1 + random() % 4;
    for (size_t c = 0; c < n; ++c)
      choices.push_back({random() % most_bytes, std::exp(static_cast<double>(random() % 1000) / 100)});
  }
  return items;
}

TEST(Allocation, IsTheBestOfAll) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 200; ++round) {
    const Items items = random_items(random, 1 + random() % 7, 60);
    const AllocationFront front(items);
    const uint64_t budget = random() % 300;
    const double limit = std::exp(static_cast<double>(random() % 1100) / 100);
    double least_loss = std::numeric_limits<double>::infinity();
    uint64_t least_bytes = std::numeric_limits<uint64_t>::max(), smallest = least_bytes;
    for_all(items, [&](uint64_t bytes, double loss) {
      if (bytes <= budget) least_loss = std::min(least_loss, loss);
      if (loss <= limit) least_bytes = std::min(least_bytes, bytes);
      smallest = std::min(smallest, bytes);
    });
    EXPECT_EQ(front.least_bytes(), smallest);
    const auto by_bytes = front.within_bytes(budget);
    ASSERT_EQ(by_bytes.has_value(), budget >= smallest);
    if (by_bytes) {
      expect_adds_up(items, *by_bytes);
      EXPECT_LE(by_bytes->bytes, budget);
      EXPECT_NEAR(by_bytes->loss, least_loss, 1e-9 * least_loss);
    }
    const auto by_loss = front.within_loss(limit);
    ASSERT_EQ(by_loss.has_value(), least_bytes != std::numeric_limits<uint64_t>::max());
    if (by_loss) {
      expect_adds_up(items, *by_loss);
      EXPECT_LE(by_loss->loss, limit * (1 + 1e-9));
      EXPECT_EQ(by_loss->bytes, least_bytes);
    }
  }
}

TEST(Allocation, LargeSizesAreRoundedButNeverAboveTheBudget) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 20; ++round) {
    const Items items = random_items(random, 6, uint64_t{1} << 40);  // no common divisor: rounded to units
    const AllocationFront front(items);
    const uint64_t budget = front.least_bytes() + random() % (uint64_t{1} << 41);
    const uint64_t less = budget - std::min(budget, 6 * ((uint64_t{6} << 40) / AllocationFront::kUnits));
    double least_loss = std::numeric_limits<double>::infinity(), least_with_less = least_loss;
    for_all(items, [&](uint64_t bytes, double loss) {
      if (bytes <= budget) least_loss = std::min(least_loss, loss);
      if (bytes <= less) least_with_less = std::min(least_with_less, loss);
    });
    const auto found = front.within_bytes(budget);
    ASSERT_TRUE(found);
    expect_adds_up(items, *found);
    EXPECT_LE(found->bytes, budget);
    EXPECT_GE(found->loss, least_loss * (1 - 1e-9));
    EXPECT_LE(found->loss, least_with_less * (1 + 1e-9));
  }
}

TEST(Allocation, AmpleBytesBringTheLeastLoss) {
  const AllocationFront front({{{100, 1}, {300, 0.25}, {400, 0.25}}, {{10, 2}, {7, 3}}});
  EXPECT_EQ(front.least_bytes(), 107u);
  EXPECT_EQ(front.most_bytes(), 310u);
  EXPECT_EQ(front.least_loss(), 2.25);
  const auto all = front.within_bytes(uint64_t{1} << 60);
  EXPECT_EQ(all->bytes, 310u);
  EXPECT_THAT(all->chosen, testing::ElementsAre(1, 0));
  EXPECT_FALSE(front.within_bytes(106));
  EXPECT_FALSE(front.within_loss(2.2));
  EXPECT_EQ(front.within_loss(4)->bytes, 107u);
}

TEST(Allocation, OfNothing) {
  const AllocationFront front({});
  EXPECT_EQ(front.within_bytes(0)->bytes, 0u);
  EXPECT_TRUE(front.within_loss(0)->chosen.empty());
}

TEST(Allocation, OneChoiceEach) {
  const AllocationFront front({{{5, 1}}, {{6, 0}}});
  EXPECT_EQ(front.within_bytes(11)->loss, 1);
  EXPECT_FALSE(front.within_bytes(10));
}

}  // namespace
}  // namespace aurea::quantization
