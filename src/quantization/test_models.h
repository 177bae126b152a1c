// For tests: descriptions of published models, without their weights.
#pragma once

#include "models/architecture.h"
#include "quantization/type_rules.h"

namespace aurea::quantization::test {

inline models::ModelDescription dense(uint64_t hidden, uint64_t layers, uint64_t heads, uint64_t kv_heads, uint64_t ffn,
                                      uint64_t vocab, size_t rope_pairs, bool tied) {
  models::Hyperparams p;
  p.hidden = hidden, p.n_layers = layers, p.n_heads = heads, p.n_kv_heads = kv_heads, p.head_dim = hidden / heads,
  p.ffn = ffn;
  p.vocab_size = vocab, p.context_length = 4096, p.tied_embeddings = tied;
  p.rope.dims = rope_pairs > 0 ? 2 * rope_pairs : p.head_dim;
  p.rope.short_factors.assign(rope_pairs, 1.0f);
  p.rope.long_factors.assign(rope_pairs, 1.0f);
  return models::architecture_for_gguf("phi3").describe(p);
}

inline models::ModelDescription phi35_mini() { return dense(3072, 32, 32, 32, 8192, 32064, 48, false); }
inline models::ModelDescription phi4_mini() { return dense(3072, 32, 24, 8, 8192, 200064, 48, true); }
inline models::ModelDescription phi4() { return dense(5120, 40, 40, 10, 17920, 100352, 0, false); }

inline models::ModelDescription mixture(uint64_t n_experts) {
  models::Hyperparams p;
  p.hidden = 4096, p.n_layers = 32, p.n_heads = 32, p.n_kv_heads = 8, p.head_dim = 128, p.ffn = 6400,
  p.vocab_size = 32064;
  p.context_length = 131072, p.n_experts = n_experts, p.attention_bias = p.output_bias = true, p.rope.dims = 128;
  p.rope.short_factors.assign(64, 1.0f);
  p.rope.long_factors.assign(64, 1.0f);
  return models::architecture_for_gguf("phimoe").describe(p);
}
inline models::ModelDescription phi35_moe() { return mixture(16); }

inline TypeAssignment assign(const models::ModelDescription& description, const TypeRules& rules,
                             bool has_importance = false) {
  const std::vector<QuantType> stored(description.tensors.size(), QuantType::kBF16);
  return assign_types(description, rules, stored, has_importance);
}

/// Of all tensors, by TensorId.
inline std::vector<QuantType> types_of(const models::ModelDescription& description, const char* recipe,
                                       bool has_importance = false) {
  return assign(description, {.recipe = &find_recipe(recipe)}, has_importance).types;
}

/// The type of the tensor of this name.
inline QuantType type_of(const models::ModelDescription& description, const std::vector<QuantType>& types,
                         const std::string& name) {
  for (size_t id = 0; id < types.size(); ++id) {
    if (description.tensors[id].name == name) return types[id];
  }
  fail_file("no tensor '{}'", name);
}

inline uint64_t tensor_bytes(const models::ModelDescription& description, const std::vector<QuantType>& types) {
  uint64_t total = 0;
  for (size_t id = 0; id < types.size(); ++id) {
    uint64_t rows = 1;
    const Shape& shape = description.tensors[id].shape;
    for (size_t d = 0; d + 1 < shape.size(); ++d) rows *= shape[d];
    total += rows * row_bytes(types[id], shape.back());
  }
  return total;
}

}  // namespace aurea::quantization::test
