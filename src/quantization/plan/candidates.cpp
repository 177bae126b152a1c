#include "quantization/plan/candidates.h"

#include <algorithm>

#include "core/error.h"
#include "quantization/type_override.h"
#include "quantization/type_rules.h"

namespace aurea::quantization {

std::span<const QuantType> default_plan_types() {
  using enum QuantType;
  static constexpr QuantType kTypes[] = {kQ8_0,  kQ6_K,    kQ5_K, kQ4_K,  kIQ4_XS, kQ3_K,
                                         kIQ3_S, kIQ3_XXS, kQ2_K, kIQ2_S, kIQ2_XS, kIQ2_XXS};
  return kTypes;
}

std::vector<QuantType> parse_plan_types(std::string_view text, const std::string& option) {
  std::vector<QuantType> types;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    std::string_view word = text.substr(begin, end - begin);
    begin = end + 1;
    while (word.starts_with(' ')) word.remove_prefix(1);
    while (word.ends_with(' ')) word.remove_suffix(1);
    const QuantType type = parse_quant_type(word, option);
    if (std::ranges::find(types, type) == types.end()) types.push_back(type);
  }
  return types;
}

std::vector<std::vector<QuantType>> plan_candidates(const models::ModelDescription& description,
                                                    std::span<const QuantType> allowed,
                                                    const std::function<bool(const std::string&)>& has_importance) {
  const Recipe& plain = find_recipe("Q4_K_M");  // a recipe without rules of its own about importance
  std::vector<std::vector<QuantType>> candidates;
  for (const models::TensorSpec& spec : description.tensors) {
    std::vector<QuantType>& types = candidates.emplace_back();
    if (!is_quantizable(spec)) continue;
    for (const QuantType wanted : allowed) {
      const QuantType type = fallback_type(wanted, spec.shape.back());
      if (std::ranges::find(types, type) != types.end()) continue;
      if (needs_importance(spec, type, plain) && !has_importance(spec.name)) continue;
      types.push_back(type);
    }
    if (types.empty()) {
      fail(ErrorCode::kBadArgument,
           "tensor '{}': none of the types to choose from is of use without importance data, which it lacks; add "
           "another, such as Q2_K",
           spec.name);
    }
  }
  return candidates;
}

}  // namespace aurea::quantization
