// Which tensor gets which type in a recipe: llama.cpp v0.5.0's choices (src/llama-quant.cpp) as a table.
#pragma once

#include <cstdint>

#include "core/quant_type.h"
#include "models/description.h"
#include "quantization/recipes.h"

namespace aurea::quantization {

/// What the rules ask about a tensor.
struct TensorPlace {
  models::TensorRole role;
  bool is_output = false;    // the output matrix, or the embedding that serves as one
  bool stacked = false;      // one matrix per expert
  bool broken_rows = false;  // they do not divide into blocks of the recipe's default type
  uint64_t
      i = 0,
      n = 0;  // number among its kind (values', gate, up and down matrices, each counted apart), and how many there are
  uint64_t n_seen = 0;  // as i, but never the block's number
  uint64_t gqa = 1;     // query heads per key/value head
  uint64_t n_experts = 0;
  bool has_importance = false;
};

/// The type by the first rule that fits, or the recipe's default. `recipe` is not COPY.
QuantType type_by_rules(const Recipe& recipe, const TensorPlace& place);

/// Is layer i of n one of those that the medium mixes give more bits: the first and last eighth and every third
/// between.
constexpr bool gets_more_bits(uint64_t i, uint64_t n) { return i < n / 8 || i >= 7 * n / 8 || (i - n / 8) % 3 == 2; }

}  // namespace aurea::quantization
