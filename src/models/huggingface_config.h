// Parts of config.json that several architectures share.
#pragma once

#include "core/json.h"
#include "models/hyperparams.h"

namespace aurea::models {

/// A required count; throws kBadFile when it is negative.
uint64_t required_count(const Json& config, const char* key);
std::optional<uint64_t> optional_count(const Json& config, const char* key);

/// Reads rope_theta, partial_rotary_factor and rope_scaling (or rope_parameters, transformers 5's form) with LongRoPE's lists.
/// `default_partial`: the share of each head that is rotated, `default_original`: the length up to which the short list
/// holds, when the file does not say. Throws kUnsupported for another scaling type, kBadFile for contradictions.
RopeParams read_rope(const Json& config, uint64_t head_dim, uint64_t max_positions, double default_partial,
                     uint64_t default_original);

}  // namespace aurea::models
