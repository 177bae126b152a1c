// The types that each tensor could get.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/quant_type.h"
#include "models/description.h"

namespace aurea::quantization {

/// The ladder of sizes that a plan chooses from unless told otherwise: at each size the type with the least error
/// (docs/quality.md), from Q8_0 to IQ2_XXS.
std::span<const QuantType> default_plan_types();

/// "Q8_0,q4_k, IQ2_XS": names of types in any case, each once. Throws kBadArgument, naming `option`.
std::vector<QuantType> parse_plan_types(std::string_view text, const std::string& option);

/// By TensorId: the types of `allowed` that the tensor could get, or what takes their place where its rows do not
/// divide into their blocks (fallback_type), each once. Empty for tensors that keep what every recipe gives them:
/// norms, biases, routers. `has_importance` (by name): types that need importance are left out where there is none.
/// Throws kBadArgument when that leaves a matrix without any.
std::vector<std::vector<QuantType>> plan_candidates(const models::ModelDescription& description,
                                                    std::span<const QuantType> allowed,
                                                    const std::function<bool(const std::string&)>& has_importance);

}  // namespace aurea::quantization
