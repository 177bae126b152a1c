#include "models/huggingface_config.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace aurea::models {
namespace {

/// The object that holds rope settings: `rope_scaling`, or `rope_parameters` in files of transformers 5. Null if neither.
const Json* rope_object(const Json& config) {
  for (const char* key : {"rope_scaling", "rope_parameters"}) {
    const auto it = config.find(key);
    if (it == config.end() || it->is_null()) continue;
    if (!it->is_object()) fail_file("key '{}': expected an object or null, found {}", key, it->type_name());
    return &*it;
  }
  return nullptr;
}

/// A number that may stand at the top or inside the rope object; two different values are a contradiction.
std::optional<double> either_place(const Json& config, const Json* rope, const char* key) {
  const auto top = optional_number(config, key);
  const auto inside = rope != nullptr ? optional_number(*rope, key) : std::nullopt;
  if (top && inside && *top != *inside) {
    fail_file("key '{}': {} at the top but {} inside the rope settings; which one holds?", key, *top, *inside);
  }
  return top ? top : inside;
}

std::vector<float> read_factors(const Json& rope, const char* key) {
  const auto it = rope.find(key);
  if (it == rope.end() || !it->is_array()) fail_file("rope settings: key '{}' must be a list of numbers", key);
  std::vector<float> factors;
  for (const Json& item : *it) {
    if (!item.is_number()) fail_file("rope settings: key '{}' holds a {}", key, item.type_name());
    factors.push_back(item.get<float>());
  }
  return factors;
}

/// `attention_factor` wins; else the formula of the type, with s from `factor` or from the two lengths.
double read_magnitude(const Json& rope, const std::string& type, double max_positions, double original) {
  if (const auto given = optional_number(rope, "attention_factor")) return *given;
  const double scale = optional_number(rope, "factor").value_or(max_positions / original);
  // Early Phi-3 files say "yarn" for the same lists; the code published beside them used YaRN's magnitude.
  if (type == "yarn") return scale <= 1 ? 1.0 : 0.1 * std::log(scale) + 1.0;
  return longrope_magnitude(scale, original);
}

}  // namespace

uint64_t required_count(const Json& config, const char* key) {
  const int64_t value = required_int(config, key);
  if (value < 0) fail_file("key '{}': {} is negative", key, value);
  return static_cast<uint64_t>(value);
}

std::optional<uint64_t> optional_count(const Json& config, const char* key) {
  return optional_int(config, key) ? std::optional(required_count(config, key)) : std::nullopt;
}

const char* present(const Json& config, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (const auto it = config.find(key); it != config.end() && !it->is_null()) return key;
  }
  return *keys.begin();
}

Hyperparams read_common(const Json& config) {
  Hyperparams p;
  p.vocab_size = required_count(config, "vocab_size");
  p.hidden = required_count(config, present(config, {"hidden_size", "n_embd"}));
  p.n_layers = required_count(config, present(config, {"num_hidden_layers", "n_layer"}));
  const char* heads = present(config, {"num_attention_heads", "n_head"});
  p.n_heads = required_count(config, heads);
  if (p.n_heads == 0) fail_file("key '{}' is 0", heads);
  p.n_kv_heads = optional_count(config, present(config, {"num_key_value_heads", "n_head_kv"})).value_or(p.n_heads);
  p.head_dim = optional_count(config, "head_dim").value_or(p.hidden / p.n_heads);
  p.ffn = optional_count(config, present(config, {"intermediate_size", "n_inner"})).value_or(0);
  p.context_length = required_count(config, present(config, {"max_position_embeddings", "n_positions"}));
  p.tied_embeddings = optional_bool(config, "tie_word_embeddings").value_or(false);
  return p;
}

void require_activation(const Json& config, const char* key, std::initializer_list<std::string_view> supported) {
  const std::string found = optional_string(config, key).value_or(std::string(*supported.begin()));
  if (std::ranges::find(supported, found) != supported.end()) return;
  fail(ErrorCode::kUnsupported, "key '{}': '{}' is not supported here, only {}", key, found, fmt::join(supported, " or "));
}

RopeParams read_rope(const Json& config, uint64_t head_dim, uint64_t max_positions, const RopeDefaults& defaults) {
  const Json* rope = rope_object(config);
  RopeParams params;
  const double partial = either_place(config, rope, "partial_rotary_factor").value_or(defaults.partial);
  if (!(partial > 0) || partial > 1) fail_file("key 'partial_rotary_factor': {} is not in (0, 1]", partial);
  params.dims = static_cast<uint64_t>(partial * static_cast<double>(head_dim));
  params.theta = either_place(config, rope, "rope_theta").value_or(defaults.theta);
  const double original =
      either_place(config, rope, "original_max_position_embeddings").value_or(static_cast<double>(defaults.original_context));
  if (!(original >= 0) || original > 1e9 || original != std::floor(original)) {
    fail_file("key 'original_max_position_embeddings': {} is not a token count", original);
  }
  params.original_context = static_cast<uint64_t>(original);
  if (rope == nullptr) return params;

  std::string type = optional_string(*rope, "rope_type").value_or("");
  if (type.empty()) type = optional_string(*rope, "type").value_or("default");
  if (type == "default") return params;
  if (type != "longrope" && type != "su" && type != "yarn") {
    fail(ErrorCode::kUnsupported, "rope scaling of type '{}' is not supported; supported: longrope (also spelled su), default", type);
  }
  params.short_factors = read_factors(*rope, "short_factor");
  params.long_factors = read_factors(*rope, "long_factor");
  const double magnitude = read_magnitude(*rope, type, static_cast<double>(max_positions), original);
  // A float32 in the original's arithmetic, and in a GGUF file.
  const auto of_list = [&](const char* key) {
    return static_cast<float>((defaults.own_magnitudes ? optional_number(*rope, key) : std::nullopt).value_or(magnitude));
  };
  params.short_magnitude = of_list("short_mscale");
  params.long_magnitude = of_list("long_mscale");
  return params;
}

}  // namespace aurea::models
