#include "quantization/plan/planner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "quantization/plan/candidates.h"
#include "quantization/test_models.h"

namespace aurea::quantization {
namespace {

using testing::HasSubstr;

/// Losses as matrices of a real model have them: falling with the size, differing between tensors.
std::vector<std::vector<TypeLoss>> made_losses(const models::ModelDescription& description) {
  const auto candidates = plan_candidates(description, default_plan_types(), [](const std::string&) { return true; });
  std::vector<std::vector<TypeLoss>> losses;
  for (size_t id = 0; id < candidates.size(); ++id) {
    losses.emplace_back();
    for (const QuantType type : candidates[id]) {
      losses.back().push_back(
          {type, (1 + static_cast<double>(id * 37 % 11)) * 0.002 * std::exp2(-2 * bits_per_element(type) + 4)});
    }
  }
  return losses;
}

double sum_of(const std::vector<std::vector<TypeLoss>>& losses, std::span<const QuantType> types) {
  double sum = 0;
  for (size_t id = 0; id < losses.size(); ++id) {
    for (const TypeLoss& loss : losses[id]) sum += loss.type == types[id] ? loss.loss : 0;
  }
  return sum;
}

class Planning : public testing::Test {
 protected:
  Planning() : description(test::dense(256, 4, 8, 4, 768, 4096, 0, false)), losses(made_losses(description)) {
    fixed.assign(description.tensors.size(), QuantType::kF32);
  }

  /// Errors meet (a power above 1), activations add their own.
  PlanTrial trial() {
    return [this](std::span<const QuantType> types) {
      ++n_trials;
      Comparison found;
      found.kl.mean = 0.7 * std::pow(sum_of(losses, types), 1.1) + 0.0002;
      return found;
    };
  }
  Plan plan(const PlanGoal& goal) { return choose_types(description, losses, fixed, kOther, goal, trial()); }

  uint64_t bytes_of(std::span<const QuantType> types) const {
    uint64_t bytes = kOther;
    for (size_t id = 0; id < losses.size(); ++id)
      bytes += losses[id].empty() ? 0 : planned_bytes(description.tensors[id], types[id]);
    return bytes;
  }

  static constexpr uint64_t kOther = 54321;
  models::ModelDescription description;
  std::vector<std::vector<TypeLoss>> losses;
  std::vector<QuantType> fixed;
  size_t n_trials = 0;
};

TEST_F(Planning, FitsTheSizeAndSaysWhatTheTrialSaw) {
  const uint64_t smallest = bytes_of(std::vector(losses.size(), QuantType::kIQ2_XXS)),
                 largest = bytes_of(std::vector(losses.size(), QuantType::kQ8_0));
  double last = 1e9;
  for (int step = 0; step <= 10; ++step) {
    const uint64_t budget = smallest + (largest - smallest) * static_cast<uint64_t>(step) / 10;
    const Plan made = plan({.bytes = budget, .kl = {}});
    EXPECT_LE(made.bytes, budget);
    EXPECT_GE(static_cast<double>(made.bytes), 0.98 * static_cast<double>(budget));
    EXPECT_EQ(made.bytes, bytes_of(made.types));
    EXPECT_DOUBLE_EQ(made.measured.kl.mean, 0.7 * std::pow(sum_of(losses, made.types), 1.1) + 0.0002);
    EXPECT_LT(made.measured.kl.mean, last);
    last = made.measured.kl.mean;
    EXPECT_EQ(made.n_trials, 1u);
  }
  EXPECT_EQ(n_trials, 11u);
}

TEST_F(Planning, IsBetterThanOneTypeForAllInTheSameBytes) {
  for (const QuantType type : {QuantType::kQ6_K, QuantType::kQ4_K, QuantType::kQ3_K, QuantType::kIQ2_S}) {
    const std::vector<QuantType> equal(losses.size(), type);
    EXPECT_LT(sum_of(losses, plan({.bytes = bytes_of(equal), .kl = {}}).types), sum_of(losses, equal));
  }
}

TEST_F(Planning, SizesThatCannotBe) {
  const uint64_t smallest = bytes_of(std::vector(losses.size(), QuantType::kIQ2_XXS));
  EXPECT_EQ(plan({.bytes = smallest, .kl = {}}).bytes, smallest);
  for (const uint64_t budget : {smallest - 1, kOther, uint64_t{1}}) {
    try {
      (void)plan({.bytes = budget, .kl = {}});
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadArgument);
      EXPECT_THAT(error.what(), HasSubstr(fmt::format("has {} bytes", smallest)));
    }
  }
}

TEST_F(Planning, TheSmallestFileWithALimitedDivergence) {
  for (const double limit : {0.0005, 0.002, 0.01, 0.05, 0.09}) {
    n_trials = 0;
    const Plan made = plan({.bytes = {}, .kl = limit});
    EXPECT_LE(made.measured.kl.mean, limit * 1.005) << limit;
    EXPECT_GE(made.measured.kl.mean, 0.9 * limit) << limit;
    EXPECT_LE(n_trials, 6u);
    EXPECT_EQ(made.n_trials, n_trials);
    EXPECT_EQ(made.bytes, bytes_of(made.types));
  }
}

TEST_F(Planning, AGenerousLimitTakesTheSmallestFile) {
  const Plan made = plan({.bytes = {}, .kl = 1000});
  EXPECT_EQ(made.bytes, bytes_of(std::vector(losses.size(), QuantType::kIQ2_XXS)));
}

TEST_F(Planning, ADivergenceThatNoFileHas) {
  try {
    (void)plan({.bytes = {}, .kl = 0.0001});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadArgument);
    EXPECT_THAT(error.what(), HasSubstr(fmt::format("with {} bytes, has 0.000",
                                                    bytes_of(std::vector(losses.size(), QuantType::kQ8_0)))));
  }
}

TEST_F(Planning, IsMadeOfRulesThatAUserCouldGive) {
  const Plan made = plan({.bytes = bytes_of(std::vector(losses.size(), QuantType::kQ4_K)), .kl = {}});
  const TypeAssignment assigned = test::assign(description, plan_rules(description, losses, made), true);
  EXPECT_EQ(assigned.types, made.types);
  EXPECT_TRUE(assigned.fallbacks.empty());
}

TEST_F(Planning, OfFloatsAlone) {
  for (size_t id = 0; id < losses.size(); ++id) {
    if (!losses[id].empty()) losses[id] = {{QuantType::kF16, 0}};
  }
  const Plan made = plan({.bytes = uint64_t{1} << 40, .kl = {}});
  const TypeRules rules = plan_rules(description, losses, made);
  EXPECT_EQ(rules.recipe->name, "F16");
  EXPECT_EQ(test::assign(description, rules).types, made.types);
}

TEST(PlanCandidates, FitTheRows) {
  const models::ModelDescription description = test::dense(96, 2, 4, 4, 512, 1000, 0, true);
  const QuantType allowed[] = {QuantType::kQ6_K, QuantType::kQ4_K, QuantType::kIQ3_S, QuantType::kIQ4_XS};
  const auto candidates = plan_candidates(description, allowed, [](const std::string&) { return true; });
  for (size_t id = 0; id < candidates.size(); ++id) {
    const models::TensorSpec& spec = description.tensors[id];
    if (spec.role == models::TensorRole::kNorm) {
      EXPECT_TRUE(candidates[id].empty());
    }
    if (spec.role == models::TensorRole::kFfnDown) {
      EXPECT_THAT(candidates[id], testing::ElementsAreArray(allowed));
    }
    if (spec.role == models::TensorRole::kFfnUp) {
      EXPECT_THAT(candidates[id], testing::ElementsAre(QuantType::kQ8_0, QuantType::kQ5_0, QuantType::kIQ4_NL));
    }
  }
}

TEST(PlanCandidates, NeedImportanceWhereTheyAreOfNoUseWithout) {
  const models::ModelDescription description = test::dense(256, 2, 4, 4, 512, 1000, 0, false);
  const QuantType allowed[] = {QuantType::kQ2_K, QuantType::kIQ2_XS};
  const auto candidates = plan_candidates(description, allowed, [](const std::string&) { return false; });
  for (size_t id = 0; id < candidates.size(); ++id) {
    const models::TensorRole role = description.tensors[id].role;
    if (role == models::TensorRole::kOutput) {
      EXPECT_THAT(candidates[id], testing::ElementsAreArray(allowed));
    }
    if (role == models::TensorRole::kFfnDown) {
      EXPECT_THAT(candidates[id], testing::ElementsAre(QuantType::kQ2_K));
    }
  }
  const QuantType useless[] = {QuantType::kIQ2_XS};
  EXPECT_THROW((void)plan_candidates(description, useless, [](const std::string&) { return false; }), Error);
}

TEST(PlanTypes, AreRead) {
  EXPECT_THAT(parse_plan_types("q8_0, Q4_K,Q8_0", "--types"), testing::ElementsAre(QuantType::kQ8_0, QuantType::kQ4_K));
  for (const char* text : {"", "Q4_K,", "Q4_K_M", "Q4_K;Q5_K"})
    EXPECT_THROW((void)parse_plan_types(text, "--types"), Error) << text;
}

}  // namespace
}  // namespace aurea::quantization
