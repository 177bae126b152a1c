// From losses to types: the best allocation for a size or for a KL divergence, and what it really costs.
//
// The sum of the matrices' losses is an estimate: it knows the order and nearly the size, but not that errors of
// different matrices meet, nor what rounding the activations adds. So each choice is tried, and what is predicted of it
// is what the trial showed.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "models/description.h"
#include "quantization/evaluate.h"
#include "quantization/plan/sensitivity.h"
#include "quantization/type_rules.h"

namespace aurea::quantization {

/// One of the two.
struct PlanGoal {
  std::optional<uint64_t> bytes;  // of the file, at most
  std::optional<double> kl;       // divergence on the text of the trials, at most
};

struct Plan {
  std::vector<QuantType> types;  // by TensorId
  std::vector<double> losses;    // by TensorId: estimates, by which the types were chosen; 0 for what had no choice
  uint64_t bytes = 0;            // of the file
  Comparison measured;           // by the trial of exactly these types
  size_t n_trials = 0;
};

/// The types by TensorId in, what they cost out.
using PlanTrial = std::function<Comparison(std::span<const QuantType>)>;

/// `losses` of measure_sensitivity; `fixed` by TensorId: the types of tensors without candidates. `other_bytes`: of the
/// file beside the tensors that have candidates; each of those takes whole multiples of the alignment. A measured
/// divergence is rounded to three digits before it is held against the goal, so that a last bit decides nothing. Throws
/// kBadArgument when the goal cannot be reached, saying what can.
Plan choose_types(const models::ModelDescription& description, std::span<const std::vector<TypeLoss>> losses,
                  std::span<const QuantType> fixed, uint64_t other_bytes, const PlanGoal& goal, const PlanTrial& trial);

/// The same choice as a user would make it: an override for each tensor that had candidates, on a recipe named after
/// the type that most weights have.
TypeRules plan_rules(const models::ModelDescription& description, std::span<const std::vector<TypeLoss>> losses,
                     const Plan& plan);

/// Bytes of a tensor in a file, with what fills up to the next one's place.
uint64_t planned_bytes(const models::TensorSpec& spec, QuantType type);

}  // namespace aurea::quantization
