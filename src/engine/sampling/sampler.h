// Choosing the next token from logits. Names, defaults, meanings and order are llama.cpp's: logit bias, penalties,
// top-k, top-p, min-p, temperature. (Top-p and min-p therefore look at the probabilities before the temperature changes
// them.)
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "engine/sampling/random.h"

namespace aurea::engine {

struct SamplingOptions {
  float temperature = 0.8f;  // 0 or less: always the most likely token, the lowest id among equals
  int top_k = 40;            // only the k most likely tokens; 0 or less: all
  float top_p = 0.95f;       // only the fewest tokens whose probabilities add up to p; 1 or more: all
  float min_p = 0.05f;       // only tokens at least p times as likely as the most likely one; 0: all
  /// Over the last repeat_last_n accepted tokens (0: none, -1: all). A token among them has its logit divided by
  /// repeat_penalty if positive, multiplied if not; then frequency_penalty times its count and presence_penalty are
  /// taken off.
  float repeat_penalty = 1.0f;
  int repeat_last_n = 64;
  float frequency_penalty = 0.0f;
  float presence_penalty = 0.0f;
  uint64_t seed = 0;
  std::map<int32_t, float> logit_bias;  // added to the logits of tokens; minus infinity bans one
};

/// A token that may still be chosen.
struct Candidate {
  int32_t id;
  float logit;  // with bias and penalties, before temperature
};

/// One sequence's sampler: it remembers the accepted tokens and its place in the random numbers.
class Sampler {
 public:
  /// Throws kBadArgument, naming the option, for a value that means nothing.
  explicit Sampler(SamplingOptions options);

  /// The next token for `logits` [n_vocab], whose index is the token id. Logits that are not finite cannot be chosen;
  /// throws kBadFile if none is finite. Does not accept the token.
  int32_t sample(std::span<const float> logits);

  /// Adds a token to those that penalties look at. To do as llama.cpp does, the prompt's tokens are accepted too.
  void accept(int32_t token);

  /// What the last sample() chose from: most likely first, unless every filter is off. Just the chosen one if greedy.
  [[nodiscard]] std::span<const Candidate> candidates() const { return {candidates_.data(), kept_}; }

 private:
  void adjust(std::span<const float> logits);
  void add_bias();
  void add_penalties();
  void choose_most_likely();
  void collect();
  void sort_front(size_t count);
  void keep_top_k();
  void keep_top_p();
  void keep_min_p();
  int32_t draw();

  SamplingOptions options_;
  Random random_;

  // The accepted tokens within repeat_last_n: a ring once it is full.
  std::vector<int32_t> history_;
  size_t oldest_ = 0;
  std::vector<uint32_t> counts_;  // [largest accepted id + 1], of each token in history_

  // Buffers of one call, kept for the next.
  std::vector<float> logits_;          // [n_vocab], adjusted
  std::vector<bool> penalized_;        // [n_vocab], all false between calls
  std::vector<Candidate> candidates_;  // the first kept_ are what is left
  std::vector<double> weights_;        // [kept_]
  size_t kept_ = 0;
  size_t sorted_ = 0;  // the first of candidates_ that are in order, and before all others
};

}  // namespace aurea::engine
