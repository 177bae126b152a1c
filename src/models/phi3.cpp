// Phi-3: Phi-3-mini and -medium, Phi-3.5-mini, Phi-4, Phi-4-reasoning, Phi-4-mini (Phi3ForCausalLM).
// RMSNorm blocks, fused query/key/value and gate/up matrices, grouped heads, partial rotary, LongRoPE, sliding window.
// Source of the arithmetic: huggingface/transformers models/phi3/modular_phi3.py; of the GGUF names and keys: llama.cpp v0.5.0
// conversion/phi.py.
#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "models/architecture.h"
#include "models/huggingface_config.h"

namespace aurea::models {
namespace {

constexpr uint64_t kDefaultOriginalContext = 4096;  // Phi3Config's default for original_max_position_embeddings

Hyperparams from_huggingface(const Json& config) {
  Hyperparams p;
  p.vocab_size = required_count(config, "vocab_size");
  p.hidden = required_count(config, "hidden_size");
  p.n_layers = required_count(config, "num_hidden_layers");
  p.n_heads = required_count(config, "num_attention_heads");
  p.n_kv_heads = optional_count(config, "num_key_value_heads").value_or(p.n_heads);
  if (p.n_heads == 0) fail_file("key 'num_attention_heads' is 0");
  p.head_dim = optional_count(config, "head_dim").value_or(p.hidden / p.n_heads);
  p.ffn = required_count(config, "intermediate_size");
  p.context_length = required_count(config, "max_position_embeddings");
  p.sliding_window = optional_count(config, "sliding_window").value_or(0);
  p.norm_eps = optional_number(config, "rms_norm_eps").value_or(1e-5);
  p.tied_embeddings = optional_bool(config, "tie_word_embeddings").value_or(false);
  p.rope = read_rope(config, p.head_dim, p.context_length, 1.0, kDefaultOriginalContext);

  const std::string activation = optional_string(config, "hidden_act").value_or("silu");
  if (activation != "silu") fail(ErrorCode::kUnsupported, "key 'hidden_act': '{}' is not supported here, only silu", activation);
  for (const char* key : {"attention_bias", "mlp_bias", "lm_head_bias"}) {
    if (optional_bool(config, key).value_or(false)) fail(ErrorCode::kUnsupported, "key '{}': biases are not supported here", key);
  }
  return p;
}

std::vector<float> read_factor_tensor(const formats::GgufFile& file, const char* name) {
  const formats::GgufTensor* tensor = file.find(name);
  if (tensor == nullptr) return {};
  if (tensor->view.type != QuantType::kF32) fail_file("tensor '{}': expected F32, found {}", name, aurea::name(tensor->view.type));
  std::vector<float> values(tensor->view.elements());
  const auto bytes = std::as_writable_bytes(std::span(values));
  std::copy_n(tensor->view.data.begin(), bytes.size(), bytes.begin());
  return values;
}

/// Keys that would change the computation into one that is not described here.
void refuse_other_models(const formats::GgufMetadata& keys, uint64_t head_dim) {
  const std::string scaling = keys.optional_string("phi3.rope.scaling.type").value_or("none");
  const double factor = keys.optional_number("phi3.rope.scaling.factor").value_or(1.0);
  if (scaling != "none" && scaling != "longrope" && !(scaling == "linear" && (factor == 0 || factor == 1))) {
    fail(ErrorCode::kUnsupported, "key 'phi3.rope.scaling.type': '{}' is not supported, only none and longrope", scaling);
  }
  if (const uint64_t experts = keys.optional_uint("phi3.expert_count").value_or(0); experts > 0) {
    fail(ErrorCode::kUnsupported, "key 'phi3.expert_count' is {}; expected no experts here", experts);
  }
  if (const uint64_t length = keys.optional_uint("phi3.attention.value_length").value_or(head_dim); length != head_dim) {
    fail(ErrorCode::kUnsupported, "key 'phi3.attention.value_length' is {}; expected the keys' {}", length, head_dim);
  }
}

Hyperparams from_gguf(const formats::GgufFile& file) {
  const formats::GgufMetadata& keys = file.metadata();
  Hyperparams p;
  const formats::GgufTensor* embedding = file.find("token_embd.weight");
  if (embedding == nullptr) fail_file("tensor 'token_embd.weight' is missing");
  p.vocab_size = embedding->view.rows();
  p.hidden = keys.required_uint("phi3.embedding_length");
  p.n_layers = keys.required_uint("phi3.block_count");
  p.n_heads = keys.required_uint("phi3.attention.head_count");
  p.n_kv_heads = keys.optional_uint("phi3.attention.head_count_kv").value_or(p.n_heads);
  if (p.n_heads == 0) fail_file("key 'phi3.attention.head_count' is 0");
  p.head_dim = keys.optional_uint("phi3.attention.key_length").value_or(p.hidden / p.n_heads);
  p.ffn = keys.required_uint("phi3.feed_forward_length");
  p.context_length = keys.required_uint("phi3.context_length");
  p.sliding_window = keys.optional_uint("phi3.attention.sliding_window").value_or(0);
  p.norm_eps = keys.required_number("phi3.attention.layer_norm_rms_epsilon");
  p.tied_embeddings = file.find("output.weight") == nullptr;
  p.rope.dims = keys.optional_uint("phi3.rope.dimension_count").value_or(p.head_dim);
  p.rope.theta = keys.optional_number("phi3.rope.freq_base").value_or(10000.0);
  p.rope.original_context = keys.optional_uint("phi3.rope.scaling.original_context_length").value_or(p.context_length);
  p.rope.short_factors = read_factor_tensor(file, "rope_factors_short.weight");
  p.rope.long_factors = read_factor_tensor(file, "rope_factors_long.weight");
  if (p.rope.has_factors()) {
    const auto original = static_cast<double>(p.rope.original_context);
    p.rope.magnitude = keys.optional_number("phi3.rope.scaling.attn_factor")
                           .value_or(longrope_magnitude(static_cast<double>(p.context_length) / original, original));
  }
  refuse_other_models(keys, p.head_dim);
  return p;
}

void to_gguf(const Hyperparams& p, formats::GgufMetadata& keys) {
  const auto count = [&](const char* key, uint64_t value) {
    keys.set(key, formats::GgufValue::u32(static_cast<uint32_t>(value)));
  };
  const auto real = [&](const char* key, double value) { keys.set(key, formats::GgufValue::f32(static_cast<float>(value))); };
  count("phi3.context_length", p.context_length);
  count("phi3.rope.scaling.original_context_length", p.rope.original_context);
  count("phi3.embedding_length", p.hidden);
  count("phi3.feed_forward_length", p.ffn);
  count("phi3.block_count", p.n_layers);
  count("phi3.attention.head_count", p.n_heads);
  count("phi3.attention.head_count_kv", p.n_kv_heads);
  if (p.head_dim * p.n_heads != p.hidden) {  // a reader would compute another size
    count("phi3.attention.key_length", p.head_dim);
    count("phi3.attention.value_length", p.head_dim);
  }
  real("phi3.attention.layer_norm_rms_epsilon", p.norm_eps);
  count("phi3.rope.dimension_count", p.rope.dims);
  real("phi3.rope.freq_base", p.rope.theta);
  count("phi3.attention.sliding_window", p.sliding_window);
  if (p.rope.has_factors()) real("phi3.rope.scaling.attn_factor", p.rope.magnitude);
}

/// Tensors and nodes of one block; returns its output, the residual stream [n_tokens, hidden].
ValueId describe_block(ModelDescription& d, int layer, ValueId x) {
  const Hyperparams& p = d.params;
  Graph& g = d.graph;
  const auto eps = static_cast<float>(p.norm_eps);
  const uint64_t q_width = p.n_heads * p.head_dim;
  const uint64_t kv_width = p.n_kv_heads * p.head_dim;
  const std::string blk = fmt::format("blk.{}.", layer);
  const std::string hf = fmt::format("model.layers.{}.", layer);
  const auto tensor = [&](const char* name, const char* source, TensorRole role, Shape shape) {
    return d.add_tensor({blk + name + ".weight", hf + source + ".weight", role, layer, std::move(shape), {}});
  };

  const TensorId attn_norm = tensor("attn_norm", "input_layernorm", TensorRole::kNorm, {p.hidden});
  // Rows: all queries, all keys, all values; head after head.
  const TensorId qkv = tensor("attn_qkv", "self_attn.qkv_proj", TensorRole::kAttnQkv, {q_width + 2 * kv_width, p.hidden});
  const TensorId attn_output = tensor("attn_output", "self_attn.o_proj", TensorRole::kAttnOutput, {p.hidden, q_width});
  const TensorId ffn_norm = tensor("ffn_norm", "post_attention_layernorm", TensorRole::kNorm, {p.hidden});
  // Rows: the gate half first, then up.
  const TensorId gate_up = tensor("ffn_up", "mlp.gate_up_proj", TensorRole::kFfnUp, {2 * p.ffn, p.hidden});
  const TensorId ffn_down = tensor("ffn_down", "mlp.down_proj", TensorRole::kFfnDown, {p.hidden, p.ffn});

  const ValueId h = g.rms_norm(x, attn_norm, eps, blk + "attn_norm");
  const ValueId fused = g.linear(h, qkv, q_width + 2 * kv_width, blk + "attn_qkv");
  const ValueId q = g.rope(g.slice(fused, 0, q_width, blk + "q"), p.n_heads, p.head_dim, blk + "q_rope");
  const ValueId k = g.rope(g.slice(fused, q_width, kv_width, blk + "k"), p.n_kv_heads, p.head_dim, blk + "k_rope");
  const ValueId v = g.slice(fused, q_width + kv_width, kv_width, blk + "v");
  const Attention attention{.layer = static_cast<uint32_t>(layer),
                            .n_heads = p.n_heads,
                            .n_kv_heads = p.n_kv_heads,
                            .head_dim = p.head_dim,
                            .scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(p.head_dim))),
                            .window = p.sliding_window};
  const ValueId a = g.attention(q, k, v, attention, blk + "attention");
  x = g.add(x, g.linear(a, attn_output, p.hidden, blk + "attn_output"), blk + "attn_residual");

  const ValueId f = g.rms_norm(x, ffn_norm, eps, blk + "ffn_norm");
  const ValueId both = g.linear(f, gate_up, 2 * p.ffn, blk + "ffn_up");
  const ValueId gate = g.slice(both, 0, p.ffn, blk + "gate");
  const ValueId up = g.slice(both, p.ffn, p.ffn, blk + "up");
  const ValueId inner = g.silu_mul(gate, up, blk + "ffn_act");
  return g.add(x, g.linear(inner, ffn_down, p.hidden, blk + "ffn_down"), blk + "output");
}

ModelDescription describe(const Hyperparams& p) {
  ModelDescription d;
  d.architecture = "phi3";
  d.params = p;
  Graph& g = d.graph;
  const TensorId embedding = d.add_tensor(
      {"token_embd.weight", "model.embed_tokens.weight", TensorRole::kTokenEmbedding, -1, {p.vocab_size, p.hidden}, {}});
  if (p.rope.has_factors()) {
    d.add_tensor({"rope_factors_long.weight", "", TensorRole::kRopeFactors, -1, {p.rope.dims / 2}, p.rope.long_factors});
    d.add_tensor({"rope_factors_short.weight", "", TensorRole::kRopeFactors, -1, {p.rope.dims / 2}, p.rope.short_factors});
  }
  ValueId x = g.embedding(embedding, p.hidden, "token_embd");
  for (uint64_t layer = 0; layer < p.n_layers; ++layer) x = describe_block(d, static_cast<int>(layer), x);

  const TensorId norm = d.add_tensor({"output_norm.weight", "model.norm.weight", TensorRole::kNorm, -1, {p.hidden}, {}});
  const TensorId output =
      p.tied_embeddings
          ? embedding
          : d.add_tensor({"output.weight", "lm_head.weight", TensorRole::kOutput, -1, {p.vocab_size, p.hidden}, {}});
  x = g.rms_norm(g.select_rows(x, "selected"), norm, static_cast<float>(p.norm_eps), "output_norm");
  g.logits = g.linear(x, output, p.vocab_size, "logits");
  return d;
}

}  // namespace

extern const Architecture kPhi3;
const Architecture kPhi3{
    .gguf_name = "phi3",
    .hf_classes = {"Phi3ForCausalLM"},
    .members = "Phi-3-mini, Phi-3-medium, Phi-3.5-mini, Phi-4, Phi-4-reasoning, Phi-4-mini",
    .from_huggingface = from_huggingface,
    .from_gguf = from_gguf,
    .to_gguf = to_gguf,
    .describe = describe,
};

}  // namespace aurea::models
