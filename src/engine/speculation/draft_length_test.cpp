// A text whose guesses are right with a known probability, on a machine where a drafted token costs a known share of a
// step.
#include "engine/speculation/draft_length.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <utility>

namespace aurea::engine {
namespace {

struct World {
  double token_cost;       // of checking a drafted token, in plain steps
  double right;            // probability of a guess
  double draft_cost = 0;   // of asking the drafter for one token
  double disturbance = 0;  // probability of a step that takes 100 times as long
  bool finds_nothing = false;
};

class Simulation {
 public:
  explicit Simulation(DraftLength& length) : length_(length) {}

  /// Steps until n tokens are written; returns the tokens per plain step's time, disturbances not counted.
  double speed(const World& world, double n) {
    constexpr double kPlainSeconds = 0.01;
    std::uniform_real_distribution<double> uniform(0, 1);
    double tokens = 0, time = 0;
    while (tokens < n) {
      const size_t chosen = length_.choose(), drafted = world.finds_nothing ? 0 : chosen;
      size_t right = 0;
      while (right < drafted && uniform(random_) < world.right) ++right;
      const double asked =
          world.draft_cost * static_cast<double>(world.finds_nothing ? std::min<size_t>(chosen, 1) : chosen);
      const double step = 1 + world.token_cost * static_cast<double>(drafted);
      const double slower = uniform(random_) < world.disturbance ? 100 : 1;
      length_.record(drafted, right, asked * kPlainSeconds, slower * step * kPlainSeconds);
      tokens += 1 + static_cast<double>(right);
      time += asked + step;
    }
    return tokens / time;
  }

 private:
  DraftLength& length_;
  std::mt19937 random_{1};
};

double speed_of(const World& world, size_t max_tokens = 16, size_t min_tokens = 1) {
  DraftLength length(min_tokens, max_tokens);
  return Simulation(length).speed(world, 5000);
}

TEST(DraftLengthTest, AnUnluckyTextLosesLittleWhateverATokenCosts) {
  for (const double cost : {0.02, 0.1, 0.35, 0.7, 1.0, 1.8}) {
    EXPECT_GT(speed_of({.token_cost = cost, .right = 0}), 0.97) << cost;
    EXPECT_GT(speed_of({.token_cost = cost, .right = 0.05, .disturbance = 0.01}), 0.95) << cost;
    EXPECT_GT(speed_of({.token_cost = cost, .right = 0.05, .disturbance = 0.1}), 0.9) << cost;
    EXPECT_GT(speed_of({.token_cost = cost, .right = 0}, 16, 4), 0.97) << cost;
  }
  EXPECT_GT(speed_of({.token_cost = 0.1, .right = 0, .draft_cost = 0.2}), 0.97);
  EXPECT_GT(speed_of({.token_cost = 0.1, .right = 0, .draft_cost = 0.2, .finds_nothing = true}), 0.97);
}

TEST(DraftLengthTest, ALuckyTextIsNearlyAsFastAsWithTheBestFixedLength) {
  for (const double cost : {0.02, 0.1, 0.35}) {
    for (const double right : {0.6, 0.8, 0.95}) {
      double best = 1, tokens = 1, power = 1;
      for (int k = 1; k <= 16; ++k) {
        tokens += power *= right;
        best = std::max(best, tokens / (1 + k * cost));
      }
      EXPECT_GT(speed_of({.token_cost = cost, .right = right}), 0.9 * best) << cost << " " << right;
      for (const auto& [disturbance, share] : {std::pair{0.01, 0.95}, {0.1, 0.9}, {0.3, 0.75}}) {
        EXPECT_GT(speed_of({.token_cost = cost, .right = right, .disturbance = disturbance}), share * best)
            << cost << " " << right << " " << disturbance;
      }
    }
  }
}

TEST(DraftLengthTest, LuckThatComesBackIsNoticed) {
  DraftLength length(1, 16);
  Simulation simulation(length);
  EXPECT_GT(simulation.speed({.token_cost = 0.1, .right = 0}, 2000), 0.97);
  EXPECT_GT(simulation.speed({.token_cost = 0.1, .right = 0.95}, 500), 2.5);
  EXPECT_GT(simulation.speed({.token_cost = 0.1, .right = 0}, 2000), 0.97);
}

TEST(DraftLengthTest, AFirstStepThatWasDisturbedIsForgotten) {
  DraftLength length(1, 16);
  EXPECT_EQ(length.choose(), 0u);
  length.record(0, 0, 0, 1.0);
  EXPECT_GT(Simulation(length).speed({.token_cost = 0.35, .right = 0.05}, 5000), 0.95);
}

TEST(DraftLengthTest, StaysBetweenItsLimits) {
  DraftLength length(3, 5);
  EXPECT_EQ(length.choose(), 0u);  // what a plain step takes has to be seen first
  length.record(0, 0, 0, 0.01);
  for (int i = 0; i < 300; ++i) {
    const size_t chosen = length.choose();
    ASSERT_TRUE(chosen == 0 || (chosen >= 3 && chosen <= 5)) << chosen;
    length.record(chosen, i < 60 ? chosen : 0, 0, 0.01 + 0.001 * static_cast<double>(chosen));
    if (i > 20 && i < 60) {
      ASSERT_EQ(chosen, 5u);
    }
  }
}

}  // namespace
}  // namespace aurea::engine
