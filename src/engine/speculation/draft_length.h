// How many tokens are worth guessing: by the share of guesses that were right of late, and by what steps took with and
// without. It sees to it that a text without luck loses a few percent at most, whatever a further token of a step
// costs: a tenth of a step where weights come from memory, far more in a mixture of experts or in a model that fits
// into the cache.
#pragma once

#include <cstddef>

namespace aurea::engine {

class DraftLength {
 public:
  /// Drafts of min_tokens to max_tokens, 1 at least.
  DraftLength(size_t min_tokens, size_t max_tokens);

  /// Tokens to ask the drafter for; 0: none, a plain step.
  [[nodiscard]] size_t choose();

  /// What came of the step behind a choose(): the drafted tokens (0: none), how many were right, and the seconds for
  /// the draft and for the step.
  void record(size_t drafted, size_t accepted, double draft_seconds, double step_seconds);

 private:
  void see_plain_step(double seconds);
  [[nodiscard]] double right_share() const;
  [[nodiscard]] double token_cost() const;

  const size_t min_tokens_, max_tokens_;
  size_t chosen_ = 0;
  bool is_probe_ = false;    // chosen to find out, not because it pays
  double probe_budget_ = 0;  // in plain steps
  size_t drafts_in_turn_ = 0;
  double plain_seconds_ = 0;  // of a step without a draft; 0: not known
  // Sums in which what is long past counts less and less.
  double right_ = 0, tried_ = 0;                 // guesses, up to the first wrong one of each draft
  double extra_seconds_ = 0, extra_tokens_ = 0;  // what drafts took beyond a plain step, and their tokens
};

}  // namespace aurea::engine
