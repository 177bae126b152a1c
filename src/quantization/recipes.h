// The recipes by name: what --type takes, what general.file_type says. The names and numbers are llama.cpp v0.5.0's
// (include/llama.h, tools/quantize/quantize.cpp). Which tensor gets which type is in recipe_rules.h.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/quant_type.h"

namespace aurea::quantization {

/// Chapters of the list, by size and purpose.
enum class RecipeGroup { kWhole, kLarge, kMedium, kSmall, kTiny, kFloats, kTrained };

struct Recipe {
  std::string_view name;   // "Q4_K_M"
  uint32_t file_type;      // general.file_type
  QuantType default_type;  // of what no rule speaks of
  RecipeGroup group;
  double bits_per_weight;  // of Phi-3.5-mini, all tensors; 0: as in the source
  std::string_view summary;
  bool needs_importance = false;  // some of its types are of no use without

  /// COPY: every matrix keeps its type.
  [[nodiscard]] bool copies() const { return name == "COPY"; }
};

/// Group by group, and within one the largest first.
std::span<const Recipe> recipes();
std::string_view title(RecipeGroup group);

/// By name in any case ("Q3_K", "Q4_K", "Q5_K" mean the medium mixes) or by file_type number.
/// Throws kBadArgument with the list of names.
const Recipe& find_recipe(std::string_view name);

}  // namespace aurea::quantization
