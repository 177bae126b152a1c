// Phi: phi-1, phi-1.5, phi-2 (PhiForCausalLM).
// Attention and MLP side by side behind one LayerNorm, biases everywhere, partial rotary, tanh-GELU; optionally grouped heads
// and a LayerNorm on each head's queries and keys.
// Source of the arithmetic: huggingface/transformers models/phi/modeling_phi.py; of the GGUF names and keys: llama.cpp v0.5.0
// conversion/phi.py. Names and keys of older checkpoints: mlc-ai/mlc-llm python/mlc_llm/model/phi/phi_loader.py.
#include <utility>

#include "core/error.h"
#include "models/architecture.h"
#include "models/builder.h"
#include "models/gguf_keys.h"
#include "models/huggingface_config.h"

namespace aurea::models {
namespace {

constexpr const char* kFusedName = "model.layers.0.self_attn.Wqkv.weight";

Hyperparams from_huggingface(const Json& config, const StoredShape& stored) {
  Hyperparams p = read_common(config);
  if (p.ffn == 0) p.ffn = 4 * p.hidden;
  p.norm_eps = optional_number(config, present(config, {"layer_norm_eps", "layer_norm_epsilon"})).value_or(1e-5);
  p.rope = read_rope(config, p.head_dim, p.context_length, {.partial = 0.5, .original_context = p.context_length});
  if (const auto dims = optional_count(config, "rotary_dim")) p.rope.dims = *dims;
  if (p.rope.has_factors()) fail(ErrorCode::kUnsupported, "rope settings: LongRoPE is not supported here, only plain rotary embedding");
  p.attention_bias = p.output_bias = true;
  p.qk_norm = optional_bool(config, "qk_layernorm").value_or(false);
  p.fused_qkv = stored(kFusedName) != nullptr;
  require_activation(config, present(config, {"hidden_act", "activation_function"}), {"gelu_new", "gelu_pytorch_tanh"});
  return p;
}

Hyperparams from_gguf(const formats::GgufFile& file) {
  const GgufKeys keys(file, "phi2");
  Hyperparams p = keys.common();
  p.norm_eps = keys.number("attention.layer_norm_epsilon");
  p.attention_bias = p.output_bias = true;
  p.qk_norm = file.find("blk.0.attn_q_norm.weight") != nullptr;
  if (p.n_experts > 0) fail(ErrorCode::kUnsupported, "key '{}' is {}; expected no experts here", keys.full("expert_count"), p.n_experts);
  p.fused_qkv = file.find("blk.0.attn_qkv.weight") != nullptr;
  return p;
}

void to_gguf(const Hyperparams& p, formats::GgufMetadata& metadata) {
  GgufKeyWriter keys(metadata, "phi2");
  keys.common(p);
  keys.number("attention.layer_norm_epsilon", p.norm_eps);
  if (p.rope.theta != 10000.0) keys.number("rope.freq_base", p.rope.theta);
}

ValueId describe_block(ModelDescription& d, int layer, ValueId x) {
  const Hyperparams& p = d.params;
  Graph& g = d.graph;
  Builder b(d, layer, fmt::format("blk.{}.", layer), fmt::format("model.layers.{}.", layer));

  const ValueId h = b.layer_norm(x, "attn_norm", "input_layernorm");
  auto [q, k, v] = b.project(h, true);
  if (p.qk_norm) {
    q = b.layer_norm(q, "attn_q_norm", "self_attn.q_layernorm", p.head_dim);
    k = b.layer_norm(k, "attn_k_norm", "self_attn.k_layernorm", p.head_dim);
  }
  q = g.rope(q, p.n_heads, p.head_dim, b.value("q_rope"));
  k = g.rope(k, p.n_kv_heads, p.head_dim, b.value("k_rope"));
  const ValueId a = b.attention(q, k, v);
  const ValueId attended = b.linear(a, "attn_output", "self_attn.dense", TensorRole::kAttnOutput, p.hidden, true);
  const ValueId inner = g.gelu(b.linear(h, "ffn_up", "mlp.fc1", TensorRole::kFfnUp, p.ffn, true), b.value("ffn_act"));
  const ValueId mlp = b.linear(inner, "ffn_down", "mlp.fc2", TensorRole::kFfnDown, p.hidden, true);
  return g.add(g.add(attended, mlp, b.value("branches")), x, b.value("output"));
}

ModelDescription describe(const Hyperparams& p) {
  ModelDescription d{.architecture = "phi2", .params = p, .tensors = {}, .copies = {}, .graph = {}};
  ValueId x = add_embedding(d);
  for (uint64_t layer = 0; layer < p.n_layers; ++layer) x = describe_block(d, static_cast<int>(layer), x);
  x = Builder(d, -1, "", "model.").layer_norm(d.graph.select_rows(x, "selected"), "output_norm", "final_layernorm");
  add_output(d, x);
  return d;
}

/// Names of two older forms: "transformer.h.3.mixer.Wqkv.weight" (model_type phi-msft) and "layers.4.mixer.Wqkv.weight"
/// (mixformer-sequential, where the embedding is layer 0 and the head the last one).
std::string current_name(std::string_view stored, const Json& config) {
  std::string part;  // what stands behind the layer's number
  std::string layer;
  const auto split = [&](std::string_view prefix) {
    const std::string_view rest = stored.substr(prefix.size());
    const size_t dot = std::min(rest.find('.'), rest.size());
    layer = rest.substr(0, dot);
    part = rest.substr(std::min(dot + 1, rest.size()));
  };
  const auto renamed = [&](std::string_view from, std::string_view to) {
    return part.starts_with(from) ? std::string(to) + part.substr(from.size()) : std::string();
  };
  if (stored.starts_with("transformer.embd.wte.")) return "model.embed_tokens." + std::string(stored.substr(21));
  if (stored.starts_with("lm_head.ln.")) return "model.final_layernorm." + std::string(stored.substr(11));
  if (stored.starts_with("lm_head.linear.")) return "lm_head." + std::string(stored.substr(15));
  if (stored.starts_with("transformer.h.")) {
    split("transformer.h.");
  } else if (stored.starts_with("layers.")) {
    split("layers.");
    const uint64_t n_layers = required_count(config, present(config, {"num_hidden_layers", "n_layer"}));
    uint64_t number = 0;
    for (const char c : layer) {
      if (c < '0' || c > '9' || number > n_layers) return std::string(stored);
      number = 10 * number + static_cast<uint64_t>(c - '0');
    }
    if (number == 0) return renamed("wte.", "model.embed_tokens.");
    if (number == n_layers + 1) {
      const std::string norm = renamed("ln.", "model.final_layernorm.");
      return norm.empty() ? renamed("linear.", "lm_head.") : norm;
    }
    layer = fmt::format("{}", number - 1);
  } else {
    return std::string(stored);
  }
  for (const auto& [from, to] : {std::pair{"ln.", "input_layernorm."}, {"mixer.Wqkv.", "self_attn.Wqkv."}, {"mixer.out_proj.", "self_attn.dense."},
                                 {"mlp.fc1.", "mlp.fc1."}, {"mlp.fc2.", "mlp.fc2."}, {"mixer.rotary_emb.", "self_attn.rotary_emb."}}) {
    if (const std::string rest = renamed(from, to); !rest.empty()) return fmt::format("model.layers.{}.{}", layer, rest);
  }
  return std::string(stored);
}

}  // namespace

extern const Architecture kPhi2;
const Architecture kPhi2{
    .gguf_name = "phi2",
    .hf_classes = {"PhiForCausalLM", "MixFormerSequentialForCausalLM"},
    .hf_model_types = {"phi", "phi-msft", "mixformer-sequential"},
    .members = "phi-1, phi-1.5, phi-2",
    .from_huggingface = from_huggingface,
    .from_gguf = from_gguf,
    .to_gguf = to_gguf,
    .describe = describe,
    .current_name = current_name,
};

}  // namespace aurea::models
