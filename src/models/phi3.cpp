// Phi-3: Phi-3-mini and -medium, Phi-3.5-mini, Phi-4, Phi-4-reasoning, Phi-4-mini (Phi3ForCausalLM).
// RMSNorm blocks, fused query/key/value and gate/up matrices, grouped heads, partial rotary, LongRoPE, sliding window.
// Source of the arithmetic: huggingface/transformers models/phi3/modular_phi3.py; of the GGUF names and keys: llama.cpp v0.5.0
// conversion/phi.py.
#include "core/error.h"
#include "models/architecture.h"
#include "models/builder.h"
#include "models/gguf_keys.h"
#include "models/huggingface_config.h"

namespace aurea::models {
namespace {

constexpr uint64_t kDefaultOriginalContext = 4096;  // Phi3Config's default for original_max_position_embeddings

Hyperparams from_huggingface(const Json& config, const StoredShape&) {
  Hyperparams p = read_common(config);
  p.sliding_window = optional_count(config, "sliding_window").value_or(0);
  p.norm_eps = optional_number(config, "rms_norm_eps").value_or(1e-5);
  p.rope = read_rope(config, p.head_dim, p.context_length, {.original_context = kDefaultOriginalContext});
  require_activation(config, "hidden_act", {"silu"});
  for (const char* key : {"attention_bias", "mlp_bias", "lm_head_bias"}) {
    if (optional_bool(config, key).value_or(false)) fail(ErrorCode::kUnsupported, "key '{}': biases are not supported here", key);
  }
  return p;
}

Hyperparams from_gguf(const formats::GgufFile& file) {
  const GgufKeys keys(file, "phi3");
  Hyperparams p = keys.common();
  p.sliding_window = keys.optional_count("attention.sliding_window").value_or(0);
  p.norm_eps = keys.number("attention.layer_norm_rms_epsilon");
  keys.read_longrope(p);
  if (p.n_experts > 0) fail(ErrorCode::kUnsupported, "key '{}' is {}; expected no experts here", keys.full("expert_count"), p.n_experts);
  return p;
}

void to_gguf(const Hyperparams& p, formats::GgufMetadata& metadata) {
  GgufKeyWriter keys(metadata, "phi3");
  keys.common(p);
  keys.count("rope.scaling.original_context_length", p.rope.original_context);
  keys.number("attention.layer_norm_rms_epsilon", p.norm_eps);
  keys.number("rope.freq_base", p.rope.theta);
  keys.count("attention.sliding_window", p.sliding_window);
  if (p.rope.has_factors()) keys.number("rope.scaling.attn_factor", p.rope.short_magnitude);
}

/// One block; returns its output, the residual stream [n_tokens, hidden].
ValueId describe_block(ModelDescription& d, int layer, ValueId x) {
  const Hyperparams& p = d.params;
  Graph& g = d.graph;
  const uint64_t q_width = p.n_heads * p.head_dim;
  const uint64_t kv_width = p.n_kv_heads * p.head_dim;
  Builder b(d, layer, fmt::format("blk.{}.", layer), fmt::format("model.layers.{}.", layer));

  const ValueId h = b.rms_norm(x, "attn_norm", "input_layernorm");
  // Rows: all queries, all keys, all values; head after head.
  const ValueId fused = b.linear(h, "attn_qkv", "self_attn.qkv_proj", TensorRole::kAttnQkv, q_width + 2 * kv_width);
  const ValueId q = g.rope(g.slice(fused, 0, q_width, b.value("q")), p.n_heads, p.head_dim, b.value("q_rope"));
  const ValueId k = g.rope(g.slice(fused, q_width, kv_width, b.value("k")), p.n_kv_heads, p.head_dim, b.value("k_rope"));
  const ValueId v = g.slice(fused, q_width + kv_width, kv_width, b.value("v"));
  const ValueId a = b.attention(q, k, v);
  x = g.add(x, b.linear(a, "attn_output", "self_attn.o_proj", TensorRole::kAttnOutput, p.hidden), b.value("attn_residual"));

  const ValueId f = b.rms_norm(x, "ffn_norm", "post_attention_layernorm");
  // Rows: the gate half first, then up.
  const ValueId both = b.linear(f, "ffn_up", "mlp.gate_up_proj", TensorRole::kFfnUp, 2 * p.ffn);
  const ValueId gate = g.slice(both, 0, p.ffn, b.value("gate"));
  const ValueId up = g.slice(both, p.ffn, p.ffn, b.value("up"));
  const ValueId inner = g.silu_mul(gate, up, b.value("ffn_act"));
  return g.add(x, b.linear(inner, "ffn_down", "mlp.down_proj", TensorRole::kFfnDown, p.hidden), b.value("output"));
}

ModelDescription describe(const Hyperparams& p) {
  ModelDescription d{.architecture = "phi3", .params = p, .tensors = {}, .copies = {}, .graph = {}};
  ValueId x = add_embedding(d);
  for (uint64_t layer = 0; layer < p.n_layers; ++layer) x = describe_block(d, static_cast<int>(layer), x);
  x = Builder(d, -1, "", "model.").rms_norm(d.graph.select_rows(x, "selected"), "output_norm", "norm");
  add_output(d, x);
  return d;
}

}  // namespace

extern const Architecture kPhi3;
const Architecture kPhi3{
    .gguf_name = "phi3",
    .hf_classes = {"Phi3ForCausalLM"},
    .hf_model_types = {"phi3"},
    .members = "Phi-3-mini, Phi-3-medium, Phi-3.5-mini, Phi-4, Phi-4-reasoning, Phi-4-mini",
    .from_huggingface = from_huggingface,
    .from_gguf = from_gguf,
    .to_gguf = to_gguf,
    .describe = describe,
};

}  // namespace aurea::models
