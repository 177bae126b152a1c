// PhiMoE: Phi-3.5-MoE, Phi-mini-MoE, Phi-tiny-MoE (PhiMoEForCausalLM).
// LayerNorm blocks with biases, grouped heads, LongRoPE with magnitudes of its own, and a mixture of experts of which the sparse
// mixer chooses two per token.
// Source of the arithmetic: huggingface/transformers models/phimoe/modular_phimoe.py; of the GGUF names and keys: llama.cpp
// v0.5.0 conversion/phi.py. llama.cpp's own graph computes another function (docs/howto/add-an-architecture.md); its files hold all
// the weights, so that they are computed here as the original does.
#include <cmath>

#include "core/error.h"
#include "models/architecture.h"
#include "models/builder.h"
#include "models/gguf_keys.h"
#include "models/huggingface_config.h"

namespace aurea::models {
namespace {

// What Phi-3.5-MoE's configuration says and llama.cpp's converter does not write down.
constexpr double kPublishedMagnitude = 1.243163121016122;
constexpr double kPublishedJitter = 0.01;

/// The checkpoint's own rows tell the head size: Phi-tiny-MoE's is not hidden / heads.
uint64_t head_size(const StoredShape& stored, const Hyperparams& p) {
  if (const Shape* shape = stored("model.layers.0.self_attn.q_proj.weight"); shape != nullptr && shape->size() == 2) return (*shape)[0] / p.n_heads;
  return p.head_dim;
}

Hyperparams from_huggingface(const Json& config, const StoredShape& stored) {
  Hyperparams p = read_common(config);
  p.head_dim = head_size(stored, p);
  p.sliding_window = optional_count(config, "sliding_window").value_or(0);
  p.norm_eps = optional_number(config, "rms_norm_eps").value_or(1e-5);
  p.attention_bias = optional_bool(config, "attention_bias").value_or(false);
  p.output_bias = optional_bool(config, "lm_head_bias").value_or(false);
  p.rope = read_rope(config, p.head_dim, p.context_length, {.theta = 1e6, .original_context = p.context_length, .own_magnitudes = true});
  p.n_experts = required_count(config, "num_local_experts");
  if (p.n_experts < 2) fail_file("key 'num_local_experts' is {}; expected two experts or more", p.n_experts);
  p.router_jitter = optional_number(config, "router_jitter_noise").value_or(kPublishedJitter);
  const uint64_t used = optional_count(config, "num_experts_per_tok").value_or(2);
  if (used != 2) fail(ErrorCode::kUnsupported, "key 'num_experts_per_tok': {} experts per token are not supported, only 2", used);
  require_activation(config, "hidden_act", {"silu"});
  return p;
}

Hyperparams from_gguf(const formats::GgufFile& file) {
  const GgufKeys keys(file, "phimoe");
  Hyperparams p = keys.common();
  p.sliding_window = keys.optional_count("attention.sliding_window").value_or(0);
  p.norm_eps = keys.number("attention.layer_norm_rms_epsilon");
  p.fused_qkv = file.find("blk.0.attn_qkv.weight") != nullptr;
  p.attention_bias = file.find(p.fused_qkv ? "blk.0.attn_qkv.bias" : "blk.0.attn_q.bias") != nullptr;
  p.output_bias = file.find("output.bias") != nullptr;
  keys.read_longrope(p);
  if (p.rope.has_factors()) {
    const auto original = static_cast<double>(p.rope.original_context);
    const double formula = longrope_magnitude(static_cast<double>(p.context_length) / original, original);
    const auto written_here = keys.optional_number("rope.scaling.short_mscale");
    if (written_here) {
      p.rope.short_magnitude = *written_here;
      p.rope.long_magnitude = keys.number("rope.scaling.long_mscale");
    } else if (std::abs(p.rope.short_magnitude - formula) < 1e-6) {
      // llama.cpp's converter writes the formula's value for every model; the one published with these lists has another.
      p.rope.short_magnitude = p.rope.long_magnitude = kPublishedMagnitude;
    }
  }
  if (p.n_experts < 2) fail_file("key '{}' is {}; expected two experts or more", keys.full("expert_count"), p.n_experts);
  p.router_jitter = keys.optional_number("router_jitter_noise").value_or(kPublishedJitter);
  if (const uint64_t used = keys.optional_count("expert_used_count").value_or(2); used != 2) {
    fail(ErrorCode::kUnsupported, "key '{}': {} experts per token are not supported, only 2", keys.full("expert_used_count"), used);
  }
  return p;
}

void to_gguf(const Hyperparams& p, formats::GgufMetadata& metadata) {
  GgufKeyWriter keys(metadata, "phimoe");
  keys.common(p);
  keys.count("rope.scaling.original_context_length", p.rope.original_context);
  keys.number("attention.layer_norm_rms_epsilon", p.norm_eps);
  keys.number("rope.freq_base", p.rope.theta);
  keys.count("attention.sliding_window", p.sliding_window);
  keys.count("expert_count", p.n_experts);
  keys.count("expert_used_count", 2);
  keys.number("router_jitter_noise", p.router_jitter);
  if (p.rope.has_factors()) {
    keys.number("rope.scaling.attn_factor", p.rope.short_magnitude);
    keys.number("rope.scaling.short_mscale", p.rope.short_magnitude);
    keys.number("rope.scaling.long_mscale", p.rope.long_magnitude);
  }
}

ValueId describe_block(ModelDescription& d, int layer, ValueId x) {
  const Hyperparams& p = d.params;
  Graph& g = d.graph;
  Builder b(d, layer, fmt::format("blk.{}.", layer), fmt::format("model.layers.{}.", layer));

  const ValueId h = b.layer_norm(x, "attn_norm", "input_layernorm");
  const auto [q, k, v] = b.project(h, p.attention_bias);
  const ValueId q_rotated = g.rope(q, p.n_heads, p.head_dim, b.value("q_rope"));
  const ValueId k_rotated = g.rope(k, p.n_kv_heads, p.head_dim, b.value("k_rope"));
  const ValueId a = b.attention(q_rotated, k_rotated, v);
  const ValueId attended = b.linear(a, "attn_output", "self_attn.o_proj", TensorRole::kAttnOutput, p.hidden, p.attention_bias);
  x = g.add(x, attended, b.value("attn_residual"));

  const ValueId f = b.layer_norm(x, "ffn_norm", "post_attention_layernorm");
  const ValueId scores = b.linear(f, "ffn_gate_inp", "block_sparse_moe.gate", TensorRole::kRouter, p.n_experts);
  const ValueId routing = g.sparse_mixer(scores, static_cast<float>(p.router_jitter), b.value("routing"));
  const Experts experts{
      b.stacked("ffn_gate_exps", "block_sparse_moe.experts.{}.w1", TensorRole::kFfnGate, {p.n_experts, p.ffn, p.hidden}),
      b.stacked("ffn_up_exps", "block_sparse_moe.experts.{}.w3", TensorRole::kFfnUp, {p.n_experts, p.ffn, p.hidden}),
      b.stacked("ffn_down_exps", "block_sparse_moe.experts.{}.w2", TensorRole::kFfnDown, {p.n_experts, p.hidden, p.ffn})};
  return g.add(x, g.experts(f, routing, experts, b.value("experts")), b.value("output"));
}

ModelDescription describe(const Hyperparams& p) {
  ModelDescription d{.architecture = "phimoe", .params = p, .tensors = {}, .copies = {}, .graph = {}};
  ValueId x = add_embedding(d);
  for (uint64_t layer = 0; layer < p.n_layers; ++layer) x = describe_block(d, static_cast<int>(layer), x);
  x = Builder(d, -1, "", "model.").layer_norm(d.graph.select_rows(x, "selected"), "output_norm", "norm");
  add_output(d, x);
  return d;
}

}  // namespace

extern const Architecture kPhiMoe;
const Architecture kPhiMoe{
    .gguf_name = "phimoe",
    .hf_classes = {"PhiMoEForCausalLM", "PhimoeForCausalLM"},
    .hf_model_types = {"phimoe"},
    .members = "Phi-3.5-MoE, Phi-mini-MoE, Phi-tiny-MoE",
    .from_huggingface = from_huggingface,
    .from_gguf = from_gguf,
    .to_gguf = to_gguf,
    .describe = describe,
};

}  // namespace aurea::models
