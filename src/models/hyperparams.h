// The numbers that fix a model's shape and arithmetic, whichever file they were read from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace aurea::models {

/// Rotary position embedding, plain or LongRoPE (arXiv:2402.13753).
struct RopeParams {
  uint64_t dims = 0;     // rotated entries of each head, even
  double theta = 10000;
  /// LongRoPE: one divisor per pair (dims / 2 each), the short list for sequences of at most original_context tokens, the
  /// long list for longer ones. Both empty: plain rotary embedding.
  std::vector<float> short_factors, long_factors;
  uint64_t original_context = 0;
  double short_magnitude = 1, long_magnitude = 1;  // cos and sin are multiplied by it, with either list

  [[nodiscard]] bool has_factors() const { return !short_factors.empty(); }
};

struct Hyperparams {
  uint64_t vocab_size = 0;
  uint64_t hidden = 0;
  uint64_t n_layers = 0;
  uint64_t n_heads = 0;
  uint64_t n_kv_heads = 0;
  uint64_t head_dim = 0;
  uint64_t ffn = 0;             // inner width of the MLP
  uint64_t context_length = 0;  // tokens the model was made for
  uint64_t sliding_window = 0;  // visible keys, the token's own included; 0: none
  double norm_eps = 1e-5;
  bool tied_embeddings = false;  // the output matrix is the embedding
  bool fused_qkv = false;        // one matrix for query, key and value where an architecture has both forms
  bool qk_norm = false;          // queries and keys are normalized head by head
  bool attention_bias = false;   // of the query, key, value and output projections
  bool output_bias = false;      // of the output matrix
  uint64_t n_experts = 0;        // per block; 0: a plain MLP
  double router_jitter = 0;      // of the sparse mixer that chooses experts
  RopeParams rope;
};

/// Throws kBadFile, naming the field, when a number is outside what any model has or contradicts another.
void validate(const Hyperparams& params);

/// Frequencies of the rotated pairs, [dims / 2], for one factor list (empty: all ones): 1 / (factor_i * theta^(2i / dims)).
std::vector<double> rope_frequencies(const RopeParams& rope, const std::vector<float>& factors);

/// LongRoPE's magnitude: sqrt(1 + ln(s) / ln(original)), s = extended / original; 1 if s <= 1. arXiv:2402.13753, and
/// transformers modeling_rope_utils.py.
double longrope_magnitude(double scale, double original_context);

}  // namespace aurea::models
