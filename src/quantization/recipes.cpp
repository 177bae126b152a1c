#include "quantization/recipes.h"

#include <algorithm>
#include <cctype>

#include "core/error.h"

namespace aurea::quantization {
namespace {

using models::ModelDescription;
using models::TensorRole;
using models::TensorSpec;

constexpr Recipe kRecipes[] = {
    {"F32", 0, QuantType::kF32, "32-bit floats: for checking"},
    {"F16", 1, QuantType::kF16, "16-bit floats"},
    {"BF16", 32, QuantType::kBF16, "16-bit brain floats: as the checkpoints are published"},
    {"Q8_0", 7, QuantType::kQ8_0, "8.5 bits per weight: next to no loss"},
    {"Q6_K", 18, QuantType::kQ6_K, "6.6 bits: very small loss"},
    {"Q5_K_M", 17, QuantType::kQ5_K, "5.8 bits: small loss"},
    {"Q5_K_S", 16, QuantType::kQ5_K, "5.5 bits"},
    {"Q4_K_M", 15, QuantType::kQ4_K, "5.0 bits: the usual choice"},
    {"Q4_K_S", 14, QuantType::kQ4_K, "4.6 bits"},
    {"Q4_0", 2, QuantType::kQ4_0, "4.6 bits: simple blocks, for old software"},
};

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    return std::toupper(static_cast<unsigned char>(x)) == std::toupper(static_cast<unsigned char>(y));
  });
}

/// Norms, routers and the tensors that are no matrices stay float32.
bool is_quantizable(const TensorSpec& spec) { return spec.shape.size() >= 2 && spec.role != TensorRole::kRouter; }

/// The rules of the mixes for one tensor. i: running number among the values' tensors or among the down projections.
QuantType mixed_type(const Recipe& recipe, const TensorSpec& spec, size_t i, size_t n_layers, bool tied) {
  const QuantType base = recipe.default_type;
  const auto is = [&](std::string_view name) { return recipe.name == name; };
  switch (spec.role) {
    case TensorRole::kTokenEmbedding:
      if (!tied) return base;
      [[fallthrough]];  // the embedding is the output matrix
    case TensorRole::kOutput:
      if (spec.shape.back() % info(base).block_elements != 0) return QuantType::kQ8_0;
      return base == QuantType::kQ8_0 ? base : QuantType::kQ6_K;
    case TensorRole::kAttnQkv:
    case TensorRole::kAttnV:
      if ((is("Q4_K_M") || is("Q5_K_M")) && gets_more_bits(i, n_layers)) return QuantType::kQ6_K;
      if (is("Q4_K_S") && i < 4) return QuantType::kQ5_K;
      return base;
    case TensorRole::kFfnDown:
      if ((is("Q4_K_M") || is("Q5_K_M")) && gets_more_bits(i, n_layers)) return QuantType::kQ6_K;
      if (is("Q4_K_S") && i < n_layers / 8) return QuantType::kQ5_K;
      return base;
    case TensorRole::kAttnQ:
    case TensorRole::kAttnK:
    case TensorRole::kAttnOutput:
    case TensorRole::kFfnGate:
    case TensorRole::kFfnUp:
    case TensorRole::kRouter:
    case TensorRole::kNorm:
    case TensorRole::kBias:
    case TensorRole::kRopeFactors:
      return base;
  }
  return base;
}

}  // namespace

std::span<const Recipe> recipes() { return kRecipes; }

const Recipe& find_recipe(std::string_view name) {
  std::string names;
  if (same_name(name, "Q4_K")) name = "Q4_K_M";
  if (same_name(name, "Q5_K")) name = "Q5_K_M";
  for (const Recipe& recipe : kRecipes) {
    if (same_name(recipe.name, name)) return recipe;
    names += (names.empty() ? "" : " ") + std::string(recipe.name);
  }
  fail(ErrorCode::kBadArgument, "--type {}: no such type; known: {}", name, names);
}

bool gets_more_bits(size_t i, size_t n) { return i < n / 8 || i >= 7 * n / 8 || (i - n / 8) % 3 == 2; }

QuantType fallback_type(QuantType type, uint64_t cols) {
  if (cols % info(type).block_elements == 0) return type;
  QuantType smaller = type;
  switch (type) {
    case QuantType::kQ2_K:
    case QuantType::kQ3_K: smaller = QuantType::kQ4_0; break;
    case QuantType::kQ4_K: smaller = QuantType::kQ5_0; break;
    case QuantType::kQ5_K: smaller = QuantType::kQ5_1; break;
    case QuantType::kQ6_K: smaller = QuantType::kQ8_0; break;
    default: break;
  }
  return cols % info(smaller).block_elements == 0 ? smaller : QuantType::kF16;
}

std::vector<QuantType> assign_types(const ModelDescription& description, const Recipe& recipe) {
  // The running numbers count in the order of the layers, in which the description lists its tensors.
  size_t n_values = 0, n_down = 0;
  std::vector<QuantType> types;
  for (const TensorSpec& spec : description.tensors) {
    if (!is_quantizable(spec)) {
      types.push_back(QuantType::kF32);
      continue;
    }
    size_t i = 0;
    if (spec.role == TensorRole::kAttnQkv || spec.role == TensorRole::kAttnV) i = n_values++;
    if (spec.role == TensorRole::kFfnDown) i = n_down++;
    const bool plain = is_float(recipe.default_type);
    const QuantType wanted =
        plain ? recipe.default_type
              : mixed_type(recipe, spec, i, description.params.n_layers, description.params.tied_embeddings);
    types.push_back(plain ? wanted : fallback_type(wanted, spec.shape.back()));
  }
  return types;
}

}  // namespace aurea::quantization
