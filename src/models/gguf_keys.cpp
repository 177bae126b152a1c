#include "models/gguf_keys.h"

#include <algorithm>

#include "core/error.h"

namespace aurea::models {
namespace {

std::vector<float> read_factors(const formats::GgufFile& file, const char* name) {
  const formats::GgufTensor* tensor = file.find(name);
  if (tensor == nullptr) return {};
  if (tensor->view.type != QuantType::kF32) fail_file("tensor '{}': expected F32, found {}", name, aurea::name(tensor->view.type));
  std::vector<float> values(tensor->view.elements());
  const auto bytes = std::as_writable_bytes(std::span(values));
  std::copy_n(tensor->view.data.begin(), bytes.size(), bytes.begin());
  return values;
}

}  // namespace

Hyperparams GgufKeys::common() const {
  Hyperparams p;
  const formats::GgufTensor* embedding = file_.find("token_embd.weight");
  if (embedding == nullptr) fail_file("tensor 'token_embd.weight' is missing");
  p.vocab_size = embedding->view.rows();
  p.hidden = count("embedding_length");
  p.n_layers = count("block_count");
  p.n_heads = count("attention.head_count");
  p.n_kv_heads = optional_count("attention.head_count_kv").value_or(p.n_heads);
  if (p.n_heads == 0) fail_file("key '{}' is 0", full("attention.head_count"));
  p.head_dim = optional_count("attention.key_length").value_or(p.hidden / p.n_heads);
  p.ffn = count("feed_forward_length");
  p.context_length = count("context_length");
  p.tied_embeddings = file_.find("output.weight") == nullptr;
  p.rope.dims = optional_count("rope.dimension_count").value_or(p.head_dim);
  p.rope.theta = optional_number("rope.freq_base").value_or(10000.0);

  const std::string scaling = optional_string("rope.scaling.type").value_or("none");
  const double factor = optional_number("rope.scaling.factor").value_or(1.0);
  if (scaling != "none" && scaling != "longrope" && scaling != "linear") {
    fail(ErrorCode::kUnsupported, "key '{}': '{}' is not supported, only none and longrope", full("rope.scaling.type"), scaling);
  }
  if (factor != 0 && factor != 1) fail(ErrorCode::kUnsupported, "key '{}' is {}; expected rope that is not stretched (1)", full("rope.scaling.factor"), factor);
  if (file_.find("rope_factors_short.weight") == nullptr && optional_number("rope.scaling.attn_factor").value_or(1.0) != 1.0) {
    fail(ErrorCode::kUnsupported, "key '{}' without the tensors rope_factors_short and rope_factors_long", full("rope.scaling.attn_factor"));
  }
  if (const uint64_t length = optional_count("attention.value_length").value_or(p.head_dim); length != p.head_dim) {
    fail(ErrorCode::kUnsupported, "key '{}' is {}; expected the keys' {}", full("attention.value_length"), length, p.head_dim);
  }
  p.n_experts = optional_count("expert_count").value_or(0);
  return p;
}

void GgufKeys::read_longrope(Hyperparams& p) const {
  p.rope.original_context = optional_count("rope.scaling.original_context_length").value_or(p.context_length);
  p.rope.short_factors = read_factors(file_, "rope_factors_short.weight");
  p.rope.long_factors = read_factors(file_, "rope_factors_long.weight");
  if (!p.rope.has_factors()) return;
  const auto original = static_cast<double>(p.rope.original_context);
  const double formula = longrope_magnitude(static_cast<double>(p.context_length) / original, original);
  p.rope.short_magnitude = p.rope.long_magnitude = optional_number("rope.scaling.attn_factor").value_or(formula);
}

void GgufKeyWriter::count(const char* key, uint64_t value) {
  metadata_.set(prefix_ + key, formats::GgufValue::u32(static_cast<uint32_t>(value)));
}

void GgufKeyWriter::number(const char* key, double value) {
  metadata_.set(prefix_ + key, formats::GgufValue::f32(static_cast<float>(value)));
}

void GgufKeyWriter::common(const Hyperparams& p) {
  count("context_length", p.context_length);
  count("embedding_length", p.hidden);
  count("feed_forward_length", p.ffn);
  count("block_count", p.n_layers);
  count("attention.head_count", p.n_heads);
  count("attention.head_count_kv", p.n_kv_heads);
  if (p.head_dim * p.n_heads != p.hidden) {  // a reader would compute another size
    count("attention.key_length", p.head_dim);
    count("attention.value_length", p.head_dim);
  }
  count("rope.dimension_count", p.rope.dims);
}

}  // namespace aurea::models
