#include "quantization/plan/planner.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/checked_math.h"
#include "core/error.h"
#include "formats/gguf/gguf_writer.h"
#include "quantization/plan/allocation.h"

namespace aurea::quantization {
namespace {

constexpr size_t kMostTrials = 8;
constexpr double kNear = 0.97;  // of the wanted divergence: nearer is not worth a trial

/// Three digits.
double rounded(double value) {
  if (!(value > 0)) return 0;
  const double unit = std::pow(10, std::floor(std::log10(value)) - 2);
  return std::round(value / unit) * unit;
}

class Planner {
 public:
  Planner(const models::ModelDescription& description, std::span<const std::vector<TypeLoss>> losses,
          std::span<const QuantType> fixed, uint64_t other_bytes, const PlanTrial& trial)
      : losses_(losses), fixed_(fixed), other_bytes_(other_bytes), trial_(trial), front_(items(description, losses)) {}

  Plan within_bytes(uint64_t bytes) {
    const auto best = bytes > other_bytes_ ? front_.within_bytes(bytes - other_bytes_) : std::nullopt;
    if (!best) {
      fail(ErrorCode::kBadArgument, "no file of {} bytes can be had: the smallest that these types make has {} bytes",
           bytes, other_bytes_ + front_.least_bytes());
    }
    return tried(*best);
  }

  /// Estimates between a choice that is good enough and one that is not, by a power law through the two; until there is
  /// no other choice between them, or the better one is near enough.
  Plan within_kl(double kl) {
    double too_much = 0, enough = 0;  // estimates; of a choice that failed, of the best one that did not; 0: none yet
    double too_much_kl = 0;
    std::optional<Plan> best;
    double aim = kl;
    while (n_trials_ < kMostTrials) {
      std::optional<Allocation> next = front_.within_loss(aim);
      if (!next) next = front_.within_bytes(front_.most_bytes());
      if (best && other_bytes_ + next->bytes >= best->bytes) break;
      Plan plan = tried(*next);
      const double found = rounded(plan.measured.kl.mean);
      if (found <= kl) {
        enough = next->loss;
        best = std::move(plan);
        if (found >= kNear * kl || next->bytes == front_.least_bytes()) break;
      } else {
        if (next->bytes >= front_.most_bytes()) refuse(kl, plan);
        too_much = next->loss;
        too_much_kl = found;
      }
      aim = next_aim(kl, enough, best ? rounded(best->measured.kl.mean) : 0, too_much, too_much_kl);
    }
    if (!best) best = largest(kl);
    best->n_trials = n_trials_;
    return std::move(*best);
  }

 private:
  static std::vector<std::vector<Choice>> items(const models::ModelDescription& description,
                                                std::span<const std::vector<TypeLoss>> losses) {
    std::vector<std::vector<Choice>> items;
    for (size_t id = 0; id < losses.size(); ++id) {
      if (losses[id].empty()) continue;
      items.emplace_back();
      for (const TypeLoss& type : losses[id])
        items.back().push_back({planned_bytes(description.tensors[id], type.type), type.loss});
    }
    return items;
  }

  Plan tried(const Allocation& allocation) {
    Plan plan{.types = {fixed_.begin(), fixed_.end()},
              .losses = std::vector<double>(losses_.size(), 0.0),
              .bytes = other_bytes_ + allocation.bytes,
              .measured = {}};
    size_t item = 0;
    for (size_t id = 0; id < losses_.size(); ++id) {
      if (losses_[id].empty()) continue;
      const TypeLoss& chosen = losses_[id][allocation.chosen[item++]];
      plan.types[id] = chosen.type;
      plan.losses[id] = chosen.loss;
    }
    plan.measured = trial_(plan.types);
    plan.n_trials = ++n_trials_;
    return plan;
  }

  /// Where the power law says that the divergence is a little less than wanted.
  static double next_aim(double kl, double enough, double enough_kl, double too_much, double too_much_kl) {
    const double wanted = kl * (1 + kNear) / 2;
    if (enough == 0) return too_much * std::min(0.9, wanted / too_much_kl);
    if (too_much == 0) return enough * std::max(1.02, wanted / std::max(enough_kl, kl / 100));
    if (enough_kl <= 0 || too_much_kl <= enough_kl) return std::sqrt(enough * too_much);
    const double power = std::log(too_much / enough) / std::log(too_much_kl / enough_kl);
    return std::clamp(enough * std::pow(wanted / enough_kl, power), enough * 1.001, too_much * 0.999);
  }

  [[noreturn]] void refuse(double kl, const Plan& plan) const {
    fail(ErrorCode::kBadArgument,
         "no file with a KL divergence of {:g} can be had: the best that these types make, with {} bytes, has {:.3g}; "
         "--types with larger ones, such as F16, "
         "makes better ones",
         kl, plan.bytes, plan.measured.kl.mean);
  }

  /// All trials failed: the last resort.
  Plan largest(double kl) {
    Plan plan = tried(*front_.within_bytes(front_.most_bytes()));
    if (rounded(plan.measured.kl.mean) > kl) refuse(kl, plan);
    return plan;
  }

  std::span<const std::vector<TypeLoss>> losses_;
  std::span<const QuantType> fixed_;
  uint64_t other_bytes_;
  const PlanTrial& trial_;
  AllocationFront front_;
  size_t n_trials_ = 0;
};

}  // namespace

uint64_t planned_bytes(const models::TensorSpec& spec, QuantType type) {
  uint64_t bytes = row_bytes(type, spec.shape.back());
  for (size_t d = 0; d + 1 < spec.shape.size(); ++d) bytes = checked_mul(bytes, spec.shape[d], "size of a tensor");
  return checked_round_up(bytes, formats::GgufWriter::kAlignment, "size of a tensor");
}

TypeRules plan_rules(const models::ModelDescription& description, std::span<const std::vector<TypeLoss>> losses,
                     const Plan& plan) {
  std::map<QuantType, uint64_t> weights;
  TypeRules rules{.recipe = nullptr};
  for (size_t id = 0; id < losses.size(); ++id) {
    if (losses[id].empty()) continue;
    uint64_t elements = 1;
    for (const uint64_t n : description.tensors[id].shape) elements *= n;  // bounded: the source has the tensor
    weights[plan.types[id]] += elements;
    rules.overrides.push_back(
        parse_type_override(exact_override(description.tensors[id].name, plan.types[id]), "the plan"));
  }
  const bool one_float = weights.size() == 1 && is_float(weights.begin()->first);
  if (one_float) rules.overrides.clear();  // a recipe of floats takes none
  std::optional<QuantType> most;
  for (const auto& [type, n] : weights) {
    if ((one_float || !is_float(type)) && (!most || n > weights[*most])) most = type;
  }
  rules.recipe =
      &find_recipe(name(most.value_or(QuantType::kQ8_0)));  // each type has a recipe of its name, or an alias
  return rules;
}

Plan choose_types(const models::ModelDescription& description, std::span<const std::vector<TypeLoss>> losses,
                  std::span<const QuantType> fixed, uint64_t other_bytes, const PlanGoal& goal,
                  const PlanTrial& trial) {
  AUREA_CHECK(goal.bytes.has_value() != goal.kl.has_value() && losses.size() == fixed.size());
  Planner planner(description, losses, fixed, other_bytes, trial);
  return goal.bytes ? planner.within_bytes(*goal.bytes) : planner.within_kl(*goal.kl);
}

}  // namespace aurea::quantization
