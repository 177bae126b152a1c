#include "quantization/recipe_rules.h"

#include <algorithm>
#include <string_view>

namespace aurea::quantization {
namespace {

using models::TensorRole;
using Place = TensorPlace;

// Columns of the table: kinds of tensors. A tensor has one; a rule may name several.
enum Column : unsigned {
  kOutput = 1,     // the output matrix, tied embeddings among them
  kEmbedding = 2,  // of its own
  kValues = 4,     // fused query/key/value as well
  kKeys = 8,
  kQueries = 16,
  kAttnOut = 32,
  kDown = 64,
  kUpGate = 128,
  kAll = 255,
};

unsigned column_of(const Place& place) {
  if (place.is_output) return kOutput;
  switch (place.role) {
    case TensorRole::kOutput:
      return kOutput;
    case TensorRole::kTokenEmbedding:
      return kEmbedding;
    case TensorRole::kAttnQkv:
    case TensorRole::kAttnV:
      return kValues;
    case TensorRole::kAttnK:
      return kKeys;
    case TensorRole::kAttnQ:
      return kQueries;
    case TensorRole::kAttnOutput:
      return kAttnOut;
    case TensorRole::kFfnDown:
      return kDown;
    case TensorRole::kFfnGate:
    case TensorRole::kFfnUp:
      return kUpGate;
    case TensorRole::kRouter:
    case TensorRole::kNorm:
    case TensorRole::kBias:
    case TensorRole::kRopeFactors:
      break;  // float32 in every recipe; they never come here
  }
  return 0;
}

// Conditions.
using When = bool (*)(const Place&);
constexpr When always = [](const Place&) { return true; };
constexpr When grouped = [](const Place& p) { return p.gqa >= 4; };
constexpr When grouped_or_4_experts = [](const Place& p) { return p.gqa >= 4 || p.n_experts >= 4; };
constexpr When experts_8 = [](const Place& p) { return p.n_experts == 8; };
constexpr When not_experts_8 = [](const Place& p) { return p.n_experts != 8; };
constexpr When experts_8_more_bits = [](const Place& p) { return p.n_experts == 8 && gets_more_bits(p.i, p.n); };
constexpr When more_bits = [](const Place& p) { return gets_more_bits(p.i, p.n); };
constexpr When first_2 = [](const Place& p) { return p.i < 2; };
constexpr When first_4 = [](const Place& p) { return p.i < 4; };
constexpr When first_8th = [](const Place& p) { return p.i < p.n / 8; };
constexpr When first_8th_seen = [](const Place& p) { return p.n_seen < p.n / 8; };
constexpr When first_16th = [](const Place& p) { return p.i < p.n / 16; };
constexpr When middle = [](const Place& p) { return p.i >= p.n / 8 && p.i < 7 * p.n / 8; };
constexpr When no_importance = [](const Place& p) { return !p.has_importance; };
constexpr When importance_first_8th = [](const Place& p) { return p.has_importance && p.i < p.n / 8; };
constexpr When no_importance_first_8th = [](const Place& p) { return !p.has_importance && p.i < p.n / 8; };
constexpr When one_matrix = [](const Place& p) { return !p.stacked; };
constexpr When broken_rows = [](const Place& p) { return p.broken_rows; };

struct Rule {
  std::string_view recipes;  // names with spaces between; empty: every recipe
  unsigned columns;
  When when;
  QuantType type;
};

constexpr std::string_view kSmallest = "IQ1_S IQ1_M IQ2_XXS IQ2_XS";
constexpr std::string_view kSmall = "IQ2_S IQ2_M";
constexpr std::string_view kBelow3Bits = "IQ1_S IQ1_M IQ2_XXS IQ2_XS IQ2_S IQ2_M";

// The first rule that fits decides; a tensor that none fits has the recipe's default type. Rules of llama.cpp for
// architectures that are none of ours (falcon, the 70B Llamas) are left out.
constexpr Rule kRules[] = {
    // The output matrix.
    {"MXFP4_MOE Q8_0", kOutput, always, QuantType::kQ8_0},
    {"", kOutput, broken_rows, QuantType::kQ8_0},
    {kBelow3Bits, kOutput, always, QuantType::kQ5_K},
    {"IQ3_XXS", kOutput, always, QuantType::kQ5_K},
    {"", kOutput, always, QuantType::kQ6_K},

    // The embedding, when it is not the output matrix. It is looked up, never multiplied with: float blocks would bring
    // it nothing.
    {kSmallest, kEmbedding, always, QuantType::kQ2_K},
    {"IQ2_S IQ2_M IQ3_XXS", kEmbedding, always, QuantType::kIQ3_S},
    {"TQ1_0 TQ2_0 Q2_0 MXFP4 NVFP4", kEmbedding, always, QuantType::kQ4_K},

    {"MXFP4_MOE", kAll, one_matrix, QuantType::kQ8_0},

    // Below 3 bits.
    {kBelow3Bits, kValues, grouped_or_4_experts, QuantType::kQ4_K},
    {kSmallest, kValues, always, QuantType::kQ2_K},
    {kSmall, kValues, always, QuantType::kIQ3_S},
    {kBelow3Bits, kKeys, experts_8, QuantType::kQ4_K},
    {kSmallest, kDown, first_8th_seen, QuantType::kQ2_K},
    {kSmall, kDown, first_8th_seen, QuantType::kIQ3_S},
    {kBelow3Bits, kAttnOut, experts_8, QuantType::kQ5_K},
    {"IQ1_S IQ1_M", kAttnOut, always, QuantType::kIQ2_XXS},
    {kSmall, kAttnOut, always, QuantType::kIQ3_S},

    // Eight experts: attention is a small part of the whole.
    {"", kValues | kKeys, experts_8, QuantType::kQ8_0},
    {"Q2_K Q3_K_S Q3_K_M Q4_K_S Q4_K_M IQ3_XXS IQ3_XS IQ3_S IQ3_M IQ4_NL IQ4_XS", kAttnOut, experts_8,
     QuantType::kQ5_K},

    {"Q2_K", kValues, grouped, QuantType::kQ4_K},
    {"Q2_K", kValues | kDown | kAttnOut, always, QuantType::kQ3_K},
    {"Q2_K_S", kValues, grouped, QuantType::kQ4_K},
    {"Q2_K_S", kDown, first_8th, QuantType::kQ4_K},

    {"Q3_K_M", kValues, first_2, QuantType::kQ5_K},
    {"Q3_K_M", kDown, first_16th, QuantType::kQ5_K},
    {"Q3_K_M", kValues | kDown | kAttnOut, always, QuantType::kQ4_K},
    {"Q3_K_L", kValues | kDown, always, QuantType::kQ5_K},
    {"Q3_K_L", kAttnOut, not_experts_8, QuantType::kQ5_K},

    {"Q4_K_S", kValues, first_4, QuantType::kQ5_K},
    {"Q4_K_S", kDown, first_8th, QuantType::kQ5_K},
    {"Q4_K_M Q5_K_M", kValues | kDown, more_bits, QuantType::kQ6_K},

    {"Q4_0", kDown, importance_first_8th, QuantType::kQ4_1},
    {"Q5_0", kDown, importance_first_8th, QuantType::kQ5_1},

    {"IQ3_XXS IQ3_XS IQ3_S", kValues, grouped, QuantType::kQ4_K},
    {"IQ3_XXS", kValues, no_importance, QuantType::kIQ3_S},
    {"IQ3_XXS", kKeys | kQueries, always, QuantType::kIQ2_S},
    {"IQ3_XXS", kDown, no_importance_first_8th, QuantType::kQ4_K},
    {"IQ3_XXS", kDown, no_importance, QuantType::kQ3_K},
    {"IQ3_XXS", kAttnOut, always, QuantType::kIQ3_S},
    {"IQ3_XS", kKeys | kQueries, always, QuantType::kIQ3_XXS},
    {"IQ3_XS", kUpGate, middle, QuantType::kIQ3_XXS},
    {"IQ3_M", kValues | kAttnOut, always, QuantType::kQ4_K},
    {"IQ3_M", kDown, first_8th, QuantType::kQ4_K},
    {"IQ3_M", kDown, experts_8_more_bits, QuantType::kQ4_K},

    {"IQ4_NL IQ4_XS", kValues, grouped, QuantType::kQ5_K},
    {"IQ4_NL IQ4_XS", kDown, no_importance_first_8th, QuantType::kQ5_K},
};

/// Is `word` one of the words of `list`?
bool has_word(std::string_view list, std::string_view word) {
  for (size_t begin = 0; begin < list.size();) {
    const size_t end = std::min(list.find(' ', begin), list.size());
    if (list.substr(begin, end - begin) == word) return true;
    begin = end + 1;
  }
  return false;
}

}  // namespace

QuantType type_by_rules(const Recipe& recipe, const TensorPlace& place) {
  const unsigned column = column_of(place);
  for (const Rule& rule : kRules) {
    const bool of_recipe = rule.recipes.empty() || has_word(rule.recipes, recipe.name);
    if ((rule.columns & column) != 0 && of_recipe && rule.when(place)) return rule.type;
  }
  return recipe.default_type;
}

}  // namespace aurea::quantization
