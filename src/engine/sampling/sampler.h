// Picks the next token from a row of logits. Options, their order and their defaults are llama.cpp's (common/sampling):
// penalties, top-k, top-p, min-p, temperature, then a draw.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <unordered_map>
#include <vector>

namespace aurea::engine {

struct SamplingOptions {
  float temperature = 0.8f;  // 0 or less: greedy, the lowest id among equals
  int top_k = 40;            // the k likeliest; 0 or less: all
  float top_p = 0.95f;       // the fewest likeliest tokens whose probabilities reach p; 1: all
  float min_p = 0.05f;       // tokens with at least min_p times the likeliest one's probability; 0: all
  float repeat_penalty = 1.0f;   // divides positive logits of recent tokens, multiplies negative ones; 1: off
  int repeat_last_n = 64;        // how many tokens back the penalties look; -1: all, 0: off
  float frequency_penalty = 0;   // subtracted for every recent occurrence
  float presence_penalty = 0;    // subtracted once if there is one
  uint64_t seed = 0;
  std::map<int32_t, float> logit_bias;  // added to a token's logit before everything else
};

class Sampler {
 public:
  /// Throws kBadArgument, naming the option, for a value that means nothing.
  explicit Sampler(SamplingOptions options);

  /// The next token. The same seed and the same rows give the same tokens on every machine whose exp() rounds alike.
  /// Throws kBadFile when no logit is a finite number (broken weights).
  int32_t sample(std::span<const float> logits);

  /// Tells the penalties that a token was added to the text, by the prompt or by sample().
  void accept(int32_t token);

 private:
  struct Candidate {
    int32_t id;
    float logit;
  };
  void collect(std::span<const float> logits);
  void apply_penalties();
  [[nodiscard]] int32_t greedy() const;
  void keep_top_k();
  void keep_top_p();
  void keep_min_p();
  int32_t draw();
  double next_uniform();

  SamplingOptions options_;
  std::vector<Candidate> candidates_;   // reused from call to call
  std::vector<double> weights_;
  std::vector<int32_t> recent_;         // ring of the last repeat_last_n tokens (all of them for -1)
  size_t recent_at_ = 0;
  std::unordered_map<int32_t, int> counts_;  // of the tokens in recent_
  uint64_t random_state_;
};

}  // namespace aurea::engine
