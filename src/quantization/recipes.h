// Recipes: which tensor gets which type. The names, numbers and choices are llama.cpp v0.5.0's (src/llama-quant.cpp), so that a
// file made here has the same types tensor by tensor.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/quant_type.h"
#include "models/description.h"

namespace aurea::quantization {

struct Recipe {
  std::string_view name;   // "Q4_K_M"
  uint32_t file_type;      // general.file_type
  QuantType default_type;
  std::string_view summary;  // for help texts
};

std::span<const Recipe> recipes();
/// Any case; "Q4_K" and "Q5_K" mean the medium mixes. Throws kBadArgument with the list of names.
const Recipe& find_recipe(std::string_view name);

/// The type of every tensor of the model, by TensorId. Norms, biases, routers and rope factors are float32 in every recipe.
std::vector<QuantType> assign_types(const models::ModelDescription& description, const Recipe& recipe);

/// Is layer i of n one of those that the medium mixes give more bits: the first and last eighth and every third between.
bool gets_more_bits(size_t i, size_t n);

/// The type to use instead when rows of `cols` elements do not divide into blocks of `type`.
QuantType fallback_type(QuantType type, uint64_t cols);

}  // namespace aurea::quantization
