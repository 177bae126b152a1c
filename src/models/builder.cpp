#include "models/builder.h"

#include <fmt/format.h>

#include <cmath>

namespace aurea::models {

TensorId Builder::tensor(const std::string& name, const std::string& source, TensorRole role, Shape shape, const char* kind) {
  return d_.add_tensor({fmt::format("{}{}.{}", gguf_, name, kind), {fmt::format("{}{}.{}", hf_, source, kind)}, role, layer_, std::move(shape), {}});
}

TensorId Builder::stacked(const std::string& name, const std::string& source, TensorRole role, Shape shape) {
  std::vector<std::string> sources;
  for (uint64_t part = 0; part < shape[0]; ++part) sources.push_back(fmt::format(fmt::runtime(hf_ + source + ".weight"), part));
  return d_.add_tensor({gguf_ + name + ".weight", std::move(sources), role, layer_, std::move(shape), {}});
}

ValueId Builder::rms_norm(ValueId x, const std::string& name, const std::string& source) {
  const uint64_t width = graph().values[x].width;
  return graph().rms_norm(x, tensor(name, source, TensorRole::kNorm, {width}), eps(), gguf_ + name);
}

ValueId Builder::layer_norm(ValueId x, const std::string& name, const std::string& source, uint64_t width) {
  if (width == 0) width = graph().values[x].width;
  const TensorId weight = tensor(name, source, TensorRole::kNorm, {width});
  const TensorId bias = tensor(name, source, TensorRole::kBias, {width}, "bias");
  return graph().layer_norm(x, weight, bias, eps(), gguf_ + name);
}

ValueId Builder::linear(ValueId x, const std::string& name, const std::string& source, TensorRole role, uint64_t rows, bool bias) {
  const TensorId weight = tensor(name, source, role, {rows, graph().values[x].width});
  std::optional<TensorId> added;
  if (bias) added = tensor(name, source, TensorRole::kBias, {rows}, "bias");
  return graph().linear(x, weight, added, rows, gguf_ + name);
}

Builder::Projected Builder::project(ValueId h, bool bias) {
  const Hyperparams& p = d_.params;
  const uint64_t q_width = p.n_heads * p.head_dim, kv_width = p.n_kv_heads * p.head_dim;
  if (!p.fused_qkv) {
    const ValueId q = linear(h, "attn_q", "self_attn.q_proj", TensorRole::kAttnQ, q_width, bias);
    const ValueId k = linear(h, "attn_k", "self_attn.k_proj", TensorRole::kAttnK, kv_width, bias);
    return {q, k, linear(h, "attn_v", "self_attn.v_proj", TensorRole::kAttnV, kv_width, bias)};
  }
  // Rows: all queries, all keys, all values.
  const ValueId fused = linear(h, "attn_qkv", "self_attn.Wqkv", TensorRole::kAttnQkv, q_width + 2 * kv_width, bias);
  const ValueId q = graph().slice(fused, 0, q_width, value("q"));
  const ValueId k = graph().slice(fused, q_width, kv_width, value("k"));
  return {q, k, graph().slice(fused, q_width + kv_width, kv_width, value("v"))};
}

ValueId Builder::attention(ValueId q, ValueId k, ValueId v) {
  const Hyperparams& p = d_.params;
  const Attention op{.layer = static_cast<uint32_t>(layer_),
                     .n_heads = p.n_heads,
                     .n_kv_heads = p.n_kv_heads,
                     .head_dim = p.head_dim,
                     .scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(p.head_dim))),
                     .window = p.sliding_window};
  return graph().attention(q, k, v, op, value("attention"));
}

ValueId add_embedding(ModelDescription& d) {
  const Hyperparams& p = d.params;
  const TensorId table =
      d.add_tensor({"token_embd.weight", {"model.embed_tokens.weight"}, TensorRole::kTokenEmbedding, -1, {p.vocab_size, p.hidden}, {}});
  if (p.rope.has_factors()) {
    d.add_tensor({"rope_factors_long.weight", {}, TensorRole::kRopeFactors, -1, {p.rope.dims / 2}, p.rope.long_factors});
    d.add_tensor({"rope_factors_short.weight", {}, TensorRole::kRopeFactors, -1, {p.rope.dims / 2}, p.rope.short_factors});
  }
  return d.graph.embedding(table, p.hidden, "token_embd");
}

void add_output(ModelDescription& d, ValueId x) {
  const Hyperparams& p = d.params;
  TensorId weight = 0;  // the embedding
  if (p.tied_embeddings) {
    d.copies.push_back("lm_head.weight");  // some savers write it all the same
  } else {
    weight = d.add_tensor({"output.weight", {"lm_head.weight"}, TensorRole::kOutput, -1, {p.vocab_size, p.hidden}, {}});
  }
  std::optional<TensorId> bias;
  if (p.output_bias) bias = d.add_tensor({"output.bias", {"lm_head.bias"}, TensorRole::kBias, -1, {p.vocab_size}, {}});
  d.graph.logits = d.graph.linear(x, weight, bias, p.vocab_size, "logits");
}

}  // namespace aurea::models
