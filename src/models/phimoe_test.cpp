// The PhiMoE description: published sizes, what a configuration must say, experts as stacks of matrices.
#include <gtest/gtest.h>

#include "core/error.h"
#include "models/architecture.h"
#include "models/source.h"
#include "models/test_checkpoint.h"
#include "tests/support/test_support.h"

namespace aurea::models {
namespace {

Json config_of(int heads, int kv_heads, int ffn) {
  return {{"architectures", {"PhiMoEForCausalLM"}}, {"attention_bias", true}, {"hidden_act", "silu"}, {"hidden_size", 4096},
          {"intermediate_size", ffn}, {"lm_head_bias", true}, {"max_position_embeddings", 4096}, {"num_attention_heads", heads},
          {"num_experts_per_tok", 2}, {"num_hidden_layers", 32}, {"num_key_value_heads", kv_heads}, {"num_local_experts", 16},
          {"rms_norm_eps", 1e-5}, {"rope_theta", 10000.0}, {"vocab_size", 32064}};
}

Hyperparams read(const Json& config, const Shape* query = nullptr) {
  const Hyperparams params = architecture_for_huggingface(config).from_huggingface(config, [&](const std::string& name) {
    return name == "model.layers.0.self_attn.q_proj.weight" ? query : nullptr;
  });
  validate(params);
  return params;
}

uint64_t parameters(const Hyperparams& params) {
  uint64_t total = 0;
  for (const TensorSpec& spec : architecture_for_gguf("phimoe").describe(params).tensors) total += test::count_of(spec.shape);
  return total;
}

TEST(PhiMoe, ParameterCountsAreThePublishedOnes) {
  EXPECT_EQ(parameters(read(config_of(32, 8, 6400))), 41'873'153'344u);  // Phi-3.5-MoE: "41.9B"
  const Shape query = {2048, 4096};
  const Hyperparams tiny = read(config_of(16, 4, 448), &query);  // the configuration alone would give heads of 256
  EXPECT_EQ(tiny.head_dim, 128u);
  EXPECT_EQ(parameters(tiny), 3'755'220'288u);
}

TEST(PhiMoe, MagnitudesOfTheLists) {
  Json config = config_of(32, 8, 6400);
  config["max_position_embeddings"] = 131072;
  config["rope_scaling"] = {{"type", "longrope"}, {"short_factor", std::vector<double>(64, 1.0)}, {"long_factor", std::vector<double>(64, 1.0)},
                            {"original_max_position_embeddings", 4096}, {"short_mscale", 1.25}, {"long_mscale", 1.5}};
  const Hyperparams params = read(config);
  EXPECT_EQ(params.rope.short_magnitude, 1.25);
  EXPECT_EQ(params.rope.long_magnitude, 1.5);
  EXPECT_EQ(params.rope.original_context, 4096u);
}

TEST(PhiMoe, WhatWouldChangeTheFunctionIsRefused) {
  const auto refused = [](const char* key, const Json& value) {
    Json config = config_of(32, 8, 6400);
    config[key] = value;
    EXPECT_THROW(read(config), Error) << key;
  };
  refused("hidden_act", "gelu");
  refused("num_experts_per_tok", 4);
  refused("num_local_experts", 0);
  refused("num_local_experts", 1);
  refused("num_local_experts", 100000);
  refused("router_jitter_noise", -1);
}

TEST(PhiMoe, EveryExpertMustBeThereWithTheSameShape) {
  const aurea::test::ScratchDir scratch;
  Json config = config_of(4, 2, 32);
  config["hidden_size"] = 32, config["num_hidden_layers"] = 2, config["vocab_size"] = 24, config["num_local_experts"] = 3;
  const test::Checkpoint whole = test::make_checkpoint(architecture_for_gguf("phimoe").describe(read(config)));
  test::write_checkpoint(scratch / "whole", config, whole);
  const ModelSource source = ModelSource::open(scratch / "whole");
  for (TensorId id = 0; id < source.description().tensors.size(); ++id) {
    EXPECT_EQ(source.parts(id).size(), source.description().tensors[id].shape.size() == 3 ? 3u : 1u);
  }
  const auto expect_named = [&](const test::Checkpoint& broken, const std::string& name) {
    test::write_checkpoint(scratch / "broken", config, broken);
    try {
      ModelSource::open(scratch / "broken");
      ADD_FAILURE() << "accepted";
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(name), std::string::npos) << error.what();
    }
  };
  for (const std::string name : {"model.layers.1.block_sparse_moe.experts.0.w2.weight", "model.layers.1.block_sparse_moe.experts.2.w1.weight"}) {
    test::Checkpoint broken = whole;
    broken.erase(name);
    expect_named(broken, name);
    broken = whole;
    broken[name].shape = {16, 64};
    expect_named(broken, name);
  }
  test::Checkpoint more = whole;
  more["model.layers.0.block_sparse_moe.experts.3.w1.weight"] = more["model.layers.0.block_sparse_moe.experts.2.w1.weight"];
  expect_named(more, "experts.3.w1");
}

}  // namespace
}  // namespace aurea::models
