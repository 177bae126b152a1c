// Parts of config.json that several architectures share.
#pragma once

#include "core/json.h"
#include "models/hyperparams.h"

namespace aurea::models {

/// A required count; throws kBadFile when it is negative.
uint64_t required_count(const Json& config, const char* key);
std::optional<uint64_t> optional_count(const Json& config, const char* key);

/// The first of these keys that is there and not null; the first one if none is.
const char* present(const Json& config, std::initializer_list<const char*> keys);

/// Sizes, heads, context and tied embeddings, in today's spelling or that of phi's first checkpoints (n_embd, n_head, ...). The head size
/// is hidden / heads where `head_dim` does not say; the MLP's width may be absent (0).
Hyperparams read_common(const Json& config);

/// Reads rope_theta, partial_rotary_factor and rope_scaling (or rope_parameters, transformers 5's form) with LongRoPE's lists.
/// Throws kUnsupported for another scaling type, kBadFile for contradictions.
struct RopeDefaults {  // what holds when the file does not say
  double partial = 1.0;  // the share of each head that is rotated
  double theta = 10000.0;
  uint64_t original_context;  // the length up to which the short list holds
  bool own_magnitudes = false;  // short_mscale and long_mscale count, as PhiMoE's code has it and Phi-3's has not
};
RopeParams read_rope(const Json& config, uint64_t head_dim, uint64_t max_positions, const RopeDefaults& defaults);

/// Throws kUnsupported unless the key names one of these activation functions, the first of which is the default.
void require_activation(const Json& config, const char* key, std::initializer_list<std::string_view> supported);

}  // namespace aurea::models
