// Which two experts a token goes to, and with which weights: the definition of models::SparseMixer.
// Source: transformers models/phimoe, sparsemixer, the branch for inference.
#pragma once

#include <cstddef>

namespace aurea::engine {

inline constexpr size_t kExpertChoices = 2;

/// scores [n_experts] of one token -> out [4]: first and second expert (their numbers), their weights. The same bits on
/// every CPU.
void mix_sparsely(const float* scores, size_t n_experts, float jitter, float* out);

}  // namespace aurea::engine
