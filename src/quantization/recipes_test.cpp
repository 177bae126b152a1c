// Recipes against llama.cpp v0.5.0's own dry runs: bytes of all tensors for the published shapes, and types layer by layer.
#include "quantization/recipes.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "models/architecture.h"

namespace aurea::quantization {
namespace {

models::ModelDescription describe(uint64_t hidden, uint64_t layers, uint64_t heads, uint64_t kv_heads, uint64_t ffn, uint64_t vocab,
                                  size_t rope_pairs, bool tied) {
  models::Hyperparams p;
  p.hidden = hidden, p.n_layers = layers, p.n_heads = heads, p.n_kv_heads = kv_heads, p.head_dim = hidden / heads, p.ffn = ffn;
  p.vocab_size = vocab, p.context_length = 4096, p.tied_embeddings = tied;
  p.rope.dims = rope_pairs > 0 ? 2 * rope_pairs : p.head_dim;
  p.rope.short_factors.assign(rope_pairs, 1.0f);
  p.rope.long_factors.assign(rope_pairs, 1.0f);
  return models::architecture_for_gguf("phi3").describe(p);
}

models::ModelDescription phi35_mini() { return describe(3072, 32, 32, 32, 8192, 32064, 48, false); }
models::ModelDescription phi4_mini() { return describe(3072, 32, 24, 8, 8192, 200064, 48, true); }
models::ModelDescription phi4() { return describe(5120, 40, 40, 10, 17920, 100352, 0, false); }

models::ModelDescription phi35_moe() {
  models::Hyperparams p;
  p.hidden = 4096, p.n_layers = 32, p.n_heads = 32, p.n_kv_heads = 8, p.head_dim = 128, p.ffn = 6400, p.vocab_size = 32064;
  p.context_length = 131072, p.n_experts = 16, p.attention_bias = p.output_bias = true, p.rope.dims = 128;
  p.rope.short_factors.assign(64, 1.0f);
  p.rope.long_factors.assign(64, 1.0f);
  return models::architecture_for_gguf("phimoe").describe(p);
}

uint64_t tensor_bytes(const models::ModelDescription& description, const Recipe& recipe) {
  const std::vector<QuantType> types = assign_types(description, recipe);
  uint64_t total = 0;
  for (size_t id = 0; id < types.size(); ++id) {
    uint64_t rows = 1;
    const Shape& shape = description.tensors[id].shape;
    for (size_t d = 0; d + 1 < shape.size(); ++d) rows *= shape[d];
    total += rows * row_bytes(types[id], shape.back());
  }
  return total;
}

struct Expected {
  const char* recipe;
  uint64_t phi35_mini, phi4_mini, phi4, phi35_moe;
};

constexpr Expected kDryRuns[] = {
    {"Q4_0", 2'175'438'720, 2'316'899'712, 8'379'863'040, 23'597'640'192},
    {"Q4_K_S", 2'202'177'408, 2'337'346'944, 8'456'867'840, 23'809'452'544},
    {"Q4_K_M", 2'396'032'896, 2'485'589'376, 9'055'703'040, 25'345'092'096},
    {"Q5_K_S", 2'640'736'128, 2'719'552'896, 10'148'024'320, 28'814'993'920},
    {"Q5_K_M", 2'754'375'552, 2'806'453'632, 10'496'184'320, 29'715'196'416},
    {"Q6_K", 3'135'114'624, 3'147'371'904, 12'026'695'680, 34'358'432'256},
    {"Q8_0", 4'060'483'968, 4'076'360'064, 15'576'944'640, 44'498'862'592},
    {"F16", 7'642'558'848, 7'672'443'264, 29'319'843'840, 83'752'141'312},
    {"BF16", 7'642'558'848, 7'672'443'264, 29'319'843'840, 83'752'141'312},
};

TEST(Recipes, BytesAreThoseOfLlamaQuantizesDryRun) {
  for (const Expected& row : kDryRuns) {
    const Recipe& recipe = find_recipe(row.recipe);
    EXPECT_EQ(tensor_bytes(phi35_mini(), recipe), row.phi35_mini) << row.recipe;
    EXPECT_EQ(tensor_bytes(phi4_mini(), recipe), row.phi4_mini) << row.recipe;
    EXPECT_EQ(tensor_bytes(phi4(), recipe), row.phi4) << row.recipe;
    // The dry run was made of a listing without the biases of the output and of the norm before it.
    EXPECT_EQ(tensor_bytes(phi35_moe(), recipe), row.phi35_moe + (32064 + 4096) * sizeof(float)) << row.recipe;
  }
}

TEST(Recipes, MediumMixRaisesHalfOfTheLayers) {
  std::vector<size_t> raised;
  for (size_t i = 0; i < 32; ++i) {
    if (gets_more_bits(i, 32)) raised.push_back(i);
  }
  EXPECT_EQ(raised, (std::vector<size_t>{0, 1, 2, 3, 6, 9, 12, 15, 18, 21, 24, 27, 28, 29, 30, 31}));
  const auto description = phi35_mini();
  const auto types = assign_types(description, find_recipe("q4_k_m"));
  for (size_t id = 0; id < types.size(); ++id) {
    const models::TensorSpec& spec = description.tensors[id];
    QuantType expected = QuantType::kQ4_K;
    if (spec.role == models::TensorRole::kNorm || spec.role == models::TensorRole::kRopeFactors) expected = QuantType::kF32;
    if (spec.role == models::TensorRole::kOutput) expected = QuantType::kQ6_K;
    const bool v_like = spec.role == models::TensorRole::kAttnQkv || spec.role == models::TensorRole::kFfnDown;
    if (v_like && gets_more_bits(static_cast<size_t>(spec.layer), 32)) expected = QuantType::kQ6_K;
    EXPECT_EQ(types[id], expected) << spec.name;
  }
}

TEST(Recipes, RowsThatDoNotDivideFallBack) {
  EXPECT_EQ(fallback_type(QuantType::kQ4_K, 3072), QuantType::kQ4_K);
  EXPECT_EQ(fallback_type(QuantType::kQ4_K, 960), QuantType::kQ5_0);
  EXPECT_EQ(fallback_type(QuantType::kQ5_K, 960), QuantType::kQ5_1);
  EXPECT_EQ(fallback_type(QuantType::kQ6_K, 448), QuantType::kQ8_0);
  EXPECT_EQ(fallback_type(QuantType::kQ2_K, 448), QuantType::kQ4_0);
  EXPECT_EQ(fallback_type(QuantType::kQ8_0, 100), QuantType::kF16);
  EXPECT_EQ(fallback_type(QuantType::kQ6_K, 100), QuantType::kF16);
}

TEST(Recipes, NamesInAnyCaseAndUnknownOnesWithTheList) {
  EXPECT_EQ(find_recipe("q4_k").name, "Q4_K_M");
  EXPECT_EQ(find_recipe("Q5_K").file_type, 17u);
  try {
    find_recipe("Q9");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("Q4_K_M"), std::string::npos);
  }
}

}  // namespace
}  // namespace aurea::quantization
