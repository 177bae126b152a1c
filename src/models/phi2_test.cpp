// The Phi description: published sizes, the names and keys of older checkpoints, and what is refused.
#include <gtest/gtest.h>

#include "core/error.h"
#include "models/architecture.h"
#include "models/source.h"
#include "models/test_checkpoint.h"
#include "tests/support/test_support.h"

namespace aurea::models {
namespace {

Json config_of(int hidden, int layers, int heads, double partial) {
  return {{"architectures", {"PhiForCausalLM"}}, {"hidden_act", "gelu_new"}, {"hidden_size", hidden}, {"intermediate_size", 4 * hidden},
          {"layer_norm_eps", 1e-5}, {"max_position_embeddings", 2048}, {"num_attention_heads", heads}, {"num_hidden_layers", layers},
          {"partial_rotary_factor", partial}, {"rope_theta", 10000.0}, {"vocab_size", 51200}};
}

Hyperparams read(const Json& config) {
  const Hyperparams params = architecture_for_huggingface(config).from_huggingface(config, [](const std::string&) { return nullptr; });
  validate(params);
  return params;
}

uint64_t parameters_of(const Json& config) {
  uint64_t total = 0;
  for (const TensorSpec& spec : architecture_for_huggingface(config).describe(read(config)).tensors) total += test::count_of(spec.shape);
  return total;
}

TEST(Phi2, ParameterCountsAreThePublishedOnes) {
  EXPECT_EQ(parameters_of(config_of(2560, 32, 32, 0.4)), 2'779'683'840u);
  EXPECT_EQ(parameters_of(config_of(2048, 24, 32, 0.5)), 1'418'270'720u);
  EXPECT_EQ(read(config_of(2560, 32, 32, 0.4)).rope.dims, 32u);
}

TEST(Phi2, ShareOfTheHeadThatRotatesIsHalfWhenTheFileDoesNotSay) {
  Json config = config_of(2560, 32, 32, 0.4);
  config.erase("partial_rotary_factor");
  EXPECT_EQ(read(config).rope.dims, 40u);
}

TEST(Phi2, WhatWouldChangeTheFunctionIsRefused) {
  const auto refused = [](const char* key, const Json& value) {
    Json config = config_of(2560, 32, 32, 0.4);
    config[key] = value;
    EXPECT_THROW(read(config), Error) << key;
  };
  refused("hidden_act", "gelu");
  refused("rope_scaling", {{"type", "linear"}, {"factor", 2.0}});
  refused("rope_scaling", {{"type", "longrope"}, {"short_factor", std::vector<double>(16, 1.0)}, {"long_factor", std::vector<double>(16, 1.0)}});
  refused("num_attention_heads", 0);
}

/// The same weights under the names of an older form, query, key and value stacked.
test::Checkpoint rename(const test::Checkpoint& current, const std::function<std::string(std::string)>& old_name) {
  test::Checkpoint old;
  for (const auto& [name, tensor] : current) {
    const size_t q = name.find("self_attn.q_proj");
    if (q == std::string::npos) {
      if (name.find("k_proj") == std::string::npos && name.find("v_proj") == std::string::npos) old[old_name(name)] = tensor;
      continue;
    }
    test::StoredTensor fused{tensor.shape, {}};
    fused.shape[0] *= 3;
    for (const char* part : {"q_proj", "k_proj", "v_proj"}) {
      const auto& values = current.at(std::string(name).replace(q + 10, 6, part)).values;
      fused.values.insert(fused.values.end(), values.begin(), values.end());
    }
    old[old_name(std::string(name).replace(q, 16, "self_attn.Wqkv"))] = std::move(fused);
  }
  return old;
}

std::string replaced(std::string text, const std::vector<std::pair<std::string, std::string>>& pairs) {
  for (const auto& [from, to] : pairs) {
    if (const size_t at = text.find(from); at != std::string::npos) text.replace(at, from.size(), to);
  }
  return text;
}

const std::vector<std::pair<std::string, std::string>> kOldParts = {
    {"input_layernorm", "ln"}, {"self_attn.Wqkv", "mixer.Wqkv"}, {"self_attn.dense", "mixer.out_proj"}};

std::string phi_msft_name(std::string name) {
  name = replaced(std::move(name), {{"model.embed_tokens", "transformer.embd.wte"}, {"model.layers.", "transformer.h."},
                                    {"lm_head.", "lm_head.linear."}, {"model.final_layernorm", "lm_head.ln"}});
  return replaced(std::move(name), kOldParts);
}

std::string mixformer_name(std::string name) {
  name = replaced(std::move(name), {{"model.embed_tokens", "layers.0.wte"}, {"lm_head.", "layers.3.linear."},
                                    {"model.final_layernorm", "layers.3.ln"}, {"model.layers.1.", "layers.2."}, {"model.layers.0.", "layers.1."}});
  return replaced(std::move(name), kOldParts);
}

TEST(Phi2, OlderCheckpointsHoldTheSameModel) {
  const aurea::test::ScratchDir scratch;
  Json config = config_of(32, 2, 4, 0.5);
  config["vocab_size"] = 24;
  const test::Checkpoint checkpoint = test::make_checkpoint(architecture_for_huggingface(config).describe(read(config)));
  test::write_checkpoint(scratch / "new", config, checkpoint);
  const ModelSource expected = ModelSource::open(scratch / "new");

  Json old = {{"activation_function", "gelu_new"}, {"layer_norm_epsilon", 1e-5}, {"n_embd", 32}, {"n_head", 4}, {"n_head_kv", nullptr},
              {"n_inner", nullptr}, {"n_layer", 2}, {"n_positions", 2048}, {"rotary_dim", 4}, {"vocab_size", 24}};
  old["model_type"] = "phi-msft";
  old["architectures"] = {"PhiForCausalLM"};
  test::write_checkpoint(scratch / "phi-msft", old, rename(checkpoint, phi_msft_name));
  old["model_type"] = "mixformer-sequential";
  old["architectures"] = {"MixFormerSequentialForCausalLM"};
  test::write_checkpoint(scratch / "mixformer", old, rename(checkpoint, mixformer_name));

  for (const char* folder : {"phi-msft", "mixformer"}) {
    SCOPED_TRACE(folder);
    const ModelSource found = ModelSource::open(scratch / folder);
    EXPECT_TRUE(found.params().fused_qkv);
    EXPECT_EQ(found.params().rope.dims, 4u);
    EXPECT_EQ(found.parameter_count(), expected.parameter_count());
    const auto bytes = [](const ModelSource& source, const std::string& name) {
      for (TensorId id = 0; id < source.description().tensors.size(); ++id) {
        const std::span<const std::byte> data = source.tensor(id).data;
        if (source.description().tensors[id].name == name) return std::vector<std::byte>(data.begin(), data.end());
      }
      return std::vector<std::byte>();
    };
    for (const TensorSpec& spec : found.description().tensors) {
      std::vector<std::byte> theirs = bytes(expected, spec.name);
      if (const size_t at = spec.name.find("attn_qkv"); at != std::string::npos) {
        for (const char* part : {"attn_q", "attn_k", "attn_v"}) {
          const auto piece = bytes(expected, std::string(spec.name).replace(at, 8, part));
          theirs.insert(theirs.end(), piece.begin(), piece.end());
        }
      }
      EXPECT_FALSE(theirs.empty()) << spec.name;
      EXPECT_EQ(bytes(found, spec.name), theirs) << spec.name;
    }
  }
}

}  // namespace
}  // namespace aurea::models
