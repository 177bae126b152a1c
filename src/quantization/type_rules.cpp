#include "quantization/type_rules.h"

#include <algorithm>
#include <map>

#include "core/error.h"
#include "quantization/recipe_rules.h"

namespace aurea::quantization {
namespace {

using models::ModelDescription;
using models::TensorId;
using models::TensorRole;
using models::TensorSpec;

bool is_value(TensorRole role) { return role == TensorRole::kAttnV || role == TensorRole::kAttnQkv; }
bool is_ffn(TensorRole role) {
  return role == TensorRole::kFfnUp || role == TensorRole::kFfnGate || role == TensorRole::kFfnDown;
}

void check_choices(const ModelDescription& description, const TypeRules& rules) {
  const Recipe& recipe = *rules.recipe;
  const bool chosen =
      !rules.overrides.empty() || rules.token_embedding || rules.output || rules.pure || rules.leave_output;
  if (recipe.copies() && chosen) {
    fail(ErrorCode::kBadArgument,
         "--type COPY keeps every tensor as it is; it cannot be combined with other choices of types");
  }
  if (is_float(recipe.default_type) && !rules.overrides.empty()) {
    fail(ErrorCode::kBadArgument,
         "{}: --type {} makes every matrix {}, whatever other types are given; use a quantized --type, and "
         "\"--tensor-type .={}\" after "
         "the others for the rest",
         rules.overrides.front().origin, recipe.name, name(recipe.default_type), name(recipe.default_type));
  }
  if (rules.leave_output && rules.output)
    fail(ErrorCode::kBadArgument, "--leave-output-tensor and --output-tensor-type exclude each other");
  if (rules.leave_output && description.params.tied_embeddings) {
    fail(ErrorCode::kBadArgument,
         "--leave-output-tensor: this model has no output matrix of its own, the embedding serves as one; use "
         "--token-embedding-type");
  }
}

/// Walks the tensors in the order of the blocks, which is the description's, and counts the kinds that the rules count.
class Assigner {
 public:
  Assigner(const ModelDescription& description, const TypeRules& rules, std::span<const QuantType> stored,
           bool has_importance)
      : description_(description),
        rules_(rules),
        stored_(stored),
        has_importance_(has_importance),
        used_(rules.overrides.size()) {
    n_values_ = static_cast<uint64_t>(std::ranges::count_if(
        description.tensors, [](const TensorSpec& spec) { return is_quantizable(spec) && is_value(spec.role); }));
  }

  TypeAssignment run() {
    TypeAssignment result;
    for (TensorId id = 0; id < description_.tensors.size(); ++id) {
      const TensorSpec& spec = description_.tensors[id];
      const QuantType wanted = type_of(id);
      result.types.push_back(is_quantizable(spec) ? fallback_type(wanted, spec.shape.back()) : wanted);
      if (result.types.back() != wanted) result.fallbacks.push_back({id, wanted});
    }
    for (size_t i = 0; i < used_.size(); ++i) {
      if (used_[i]) continue;
      fail(ErrorCode::kBadArgument, "{}: '{}' is found in no matrix's name; they are spelled like '{}'",
           rules_.overrides[i].origin, rules_.overrides[i].pattern.text(), example_name());
    }
    return result;
  }

 private:
  QuantType type_of(TensorId id) {
    const TensorSpec& spec = description_.tensors[id];
    const Recipe& recipe = *rules_.recipe;
    if (!is_quantizable(spec)) return QuantType::kF32;
    if (recipe.copies()) return stored_[id];
    const TypeOverride* override =
        find_override(spec.name);  // looked for even where another choice wins: then it was no misspelling
    if (spec.role == TensorRole::kOutput && rules_.leave_output) return stored_[id];
    if (spec.role == TensorRole::kOutput && rules_.output) return *rules_.output;
    if (spec.role == TensorRole::kTokenEmbedding && rules_.token_embedding) return *rules_.token_embedding;
    if (override != nullptr) return override->type;
    if (is_output(spec) && rules_.output) return *rules_.output;
    if (is_float(recipe.default_type) || rules_.pure) return recipe.default_type;
    return type_by_rules(recipe, place_of(spec));
  }

  [[nodiscard]] bool is_output(const TensorSpec& spec) const {
    return spec.role == TensorRole::kOutput ||
           (spec.role == TensorRole::kTokenEmbedding && description_.params.tied_embeddings);
  }

  /// Marks all patterns that fit: one that an earlier one forestalls is no misspelling.
  const TypeOverride* find_override(const std::string& name) {
    const TypeOverride* first = nullptr;
    for (size_t i = 0; i < rules_.overrides.size(); ++i) {
      if ((first != nullptr && used_[i]) || !rules_.overrides[i].pattern.found_in(name)) continue;
      used_[i] = true;
      if (first == nullptr) first = &rules_.overrides[i];
    }
    return first;
  }

  /// As in llama.cpp, tensors whose type is chosen otherwise are not counted: the next one takes their number.
  TensorPlace place_of(const TensorSpec& spec) {
    const models::Hyperparams& params = description_.params;
    TensorPlace place{.role = spec.role,
                      .is_output = is_output(spec),
                      .stacked = spec.n_parts() > 1,
                      .broken_rows = spec.shape.back() % info(rules_.recipe->default_type).block_elements != 0,
                      .gqa = params.n_heads / params.n_kv_heads,
                      .n_experts = params.n_experts,
                      .has_importance = has_importance_};
    if (is_value(spec.role)) {
      place.i = place.n_seen = seen_[TensorRole::kAttnV]++;  // fused or not
      place.n = n_values_;
    } else if (is_ffn(spec.role)) {
      place.n_seen = seen_[spec.role]++;
      place.i = params.n_experts > 1 ? static_cast<uint64_t>(spec.layer) : place.n_seen;
      place.n = params.n_layers;
    }
    return place;
  }

  [[nodiscard]] std::string example_name() const {
    const auto spec =
        std::ranges::find_if(description_.tensors, [](const TensorSpec& s) { return s.role == TensorRole::kFfnDown; });
    return spec != description_.tensors.end() ? spec->name : "token_embd.weight";
  }

  const ModelDescription& description_;
  const TypeRules& rules_;
  std::span<const QuantType> stored_;
  bool has_importance_;
  std::vector<bool> used_;  // by override: its pattern was found in a name
  uint64_t n_values_ = 0;
  std::map<TensorRole, uint64_t> seen_;
};

}  // namespace

bool is_quantizable(const TensorSpec& spec) { return spec.shape.size() >= 2 && spec.role != TensorRole::kRouter; }

QuantType fallback_type(QuantType type, uint64_t cols) {
  struct Row {
    QuantType type, instead;
  };
  // llama.cpp's, but for the last two, which it has none for: another type of the same size or the next larger one.
  static constexpr Row kFallbacks[] = {
      {QuantType::kIQ1_S, QuantType::kIQ4_NL},   {QuantType::kIQ1_M, QuantType::kIQ4_NL},
      {QuantType::kIQ2_XXS, QuantType::kIQ4_NL}, {QuantType::kIQ2_XS, QuantType::kIQ4_NL},
      {QuantType::kIQ2_S, QuantType::kIQ4_NL},   {QuantType::kIQ3_XXS, QuantType::kIQ4_NL},
      {QuantType::kIQ3_S, QuantType::kIQ4_NL},   {QuantType::kIQ4_XS, QuantType::kIQ4_NL},
      {QuantType::kQ2_0, QuantType::kQ4_0},      {QuantType::kQ2_K, QuantType::kQ4_0},
      {QuantType::kQ3_K, QuantType::kQ4_0},      {QuantType::kTQ1_0, QuantType::kQ4_0},
      {QuantType::kTQ2_0, QuantType::kQ4_0},     {QuantType::kQ4_K, QuantType::kQ5_0},
      {QuantType::kQ5_K, QuantType::kQ5_1},      {QuantType::kQ6_K, QuantType::kQ8_0},
      {QuantType::kNVFP4, QuantType::kIQ4_NL},   {QuantType::kQ1_0, QuantType::kQ4_0},
  };
  if (cols % info(type).block_elements == 0) return type;
  const auto* row = std::ranges::find(kFallbacks, type, &Row::type);
  if (row != std::end(kFallbacks) && cols % info(row->instead).block_elements == 0) return row->instead;
  return QuantType::kF16;
}

bool needs_importance(const TensorSpec& spec, QuantType type, const Recipe& recipe) {
  static constexpr QuantType kTypes[] = {QuantType::kIQ1_S,  QuantType::kIQ1_M, QuantType::kIQ2_XXS,
                                         QuantType::kIQ2_XS, QuantType::kIQ2_S, QuantType::kIQ3_XXS};
  if (spec.role == TensorRole::kTokenEmbedding || spec.role == TensorRole::kOutput) return false;
  return std::ranges::find(kTypes, type) != std::end(kTypes) || (type == QuantType::kQ2_K && recipe.name == "Q2_K_S");
}

TypeAssignment assign_types(const ModelDescription& description, const TypeRules& rules,
                            std::span<const QuantType> stored, bool has_importance) {
  AUREA_CHECK(stored.size() == description.tensors.size());
  check_choices(description, rules);
  return Assigner(description, rules, stored, has_importance).run();
}

}  // namespace aurea::quantization
