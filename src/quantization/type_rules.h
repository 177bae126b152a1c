// The choice of types for a whole model: a recipe, and what the user wants otherwise. The options' meanings and their
// order are those of llama.cpp v0.5.0's llama-quantize.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/quant_type.h"
#include "models/description.h"
#include "quantization/recipes.h"
#include "quantization/type_override.h"

namespace aurea::quantization {

struct TypeRules {
  const Recipe* recipe;
  std::vector<TypeOverride> overrides = {};       // the first one whose pattern is found in a name decides
  std::optional<QuantType> token_embedding = {};  // the embedding's type
  std::optional<QuantType> output = {};           // the output matrix's, or that of the embedding which serves as one
  bool pure = false;                              // the recipe's default type for every matrix
  bool leave_output = false;                      // the output matrix keeps its type
};

/// A matrix whose rows did not divide into blocks of the wanted type.
struct Fallback {
  models::TensorId tensor;
  QuantType wanted;
};

struct TypeAssignment {
  std::vector<QuantType> types;  // by TensorId
  std::vector<Fallback> fallbacks;
};

/// The type of every tensor. Norms, biases, routers and rope factors are float32 in every recipe. For each matrix the
/// first of: its own option (token_embedding, output), a recipe of floats, an override, `pure`, the recipe's rules;
/// then, if need be, the type that its rows divide into. `stored`: the types in the source, by TensorId.
/// `has_importance`: some recipes take fewer bits then. Throws kBadArgument for choices that exclude each other or
/// would change nothing, naming the option.
TypeAssignment assign_types(const models::ModelDescription& description, const TypeRules& rules,
                            std::span<const QuantType> stored, bool has_importance);

/// A matrix that types are chosen for: not a norm, a bias, a router or rope factors, which stay float32.
bool is_quantizable(const models::TensorSpec& spec);

/// The type to use instead when rows of `cols` elements do not divide into blocks of `type`: one with small blocks of
/// at least as many bits, or F16.
QuantType fallback_type(QuantType type, uint64_t cols);

/// Would this tensor be useless in its type without importance data? Never true for embedding and output matrix, as in
/// llama.cpp.
bool needs_importance(const models::TensorSpec& spec, QuantType type, const Recipe& recipe);

}  // namespace aurea::quantization
