#include "engine/speculation/draft_length.h"

#include <algorithm>

namespace aurea::engine {
namespace {

constexpr double kKept = 0.9;  // of a sum, with every new draft
// Before anything is known: as if one guess and a few tokens had been seen.
constexpr double kFirstShare = 0.5;
constexpr double kFirstCost = 0.1;  // of a token, in plain steps
constexpr double kFirstTokens = 4;
constexpr double kLowestCost = 0.01, kHighestCost = 2;
// What took so many times as long as expected was disturbed by another program, and counts for no more. If it was not,
// the next ones are expected to take longer.
constexpr double kDisturbedStep = 1.5, kDisturbedDraft = 3;
constexpr size_t kMostInTurn = 64;    // drafts; then a plain step shows again what it takes
constexpr double kProbeShare = 0.02;  // of the time goes into guesses that do not pay, to see when they do again

}  // namespace

DraftLength::DraftLength(size_t min_tokens, size_t max_tokens)
    : min_tokens_(std::max<size_t>(min_tokens, 1)), max_tokens_(std::max(max_tokens, min_tokens_)) {}

double DraftLength::right_share() const { return (right_ + kFirstShare) / (tried_ + 1); }

/// Of a drafted token, in plain steps.
double DraftLength::token_cost() const {
  const double seconds = (extra_seconds_ + kFirstTokens * kFirstCost * plain_seconds_) / (extra_tokens_ + kFirstTokens);
  return std::clamp(seconds / plain_seconds_, kLowestCost, kHighestCost);
}

/// With a share p of right guesses a draft of k tokens brings 1 + p + p^2 + ... + p^k tokens on average, in the time of
/// 1 + k cost plain steps.
size_t DraftLength::choose() {
  chosen_ = 0;
  is_probe_ = false;
  if (plain_seconds_ <= 0 || drafts_in_turn_ == kMostInTurn) return 0;
  const double share = right_share(), cost = token_cost();
  double best = 1, tokens = 1, power = 1;
  for (size_t k = 1; k <= max_tokens_; ++k) {
    power *= share;
    tokens += power;
    const double speed = tokens / (1 + static_cast<double>(k) * cost);
    if (k < min_tokens_ || speed <= best) continue;
    best = speed;
    chosen_ = k;
  }
  const double probe_cost = static_cast<double>(min_tokens_) * cost;
  probe_budget_ = std::min(probe_budget_ + kProbeShare, probe_cost);
  if (chosen_ == 0 && probe_budget_ >= probe_cost) {
    is_probe_ = true;
    chosen_ = min_tokens_;
  }
  return chosen_;
}

/// The quicker the likelier undisturbed: the estimate falls at once, and rises slowly.
void DraftLength::see_plain_step(double seconds) {
  if (plain_seconds_ <= 0) {
    plain_seconds_ = seconds;
  } else if (seconds < plain_seconds_) {
    plain_seconds_ = (plain_seconds_ + seconds) / 2;
  } else {
    plain_seconds_ = kKept * plain_seconds_ + (1 - kKept) * std::min(seconds, kDisturbedStep * plain_seconds_);
  }
}

void DraftLength::record(size_t drafted, size_t accepted, double draft_seconds, double step_seconds) {
  if (drafted == 0) {
    see_plain_step(step_seconds);
  } else {
    plain_seconds_ = std::min(plain_seconds_, step_seconds);  // without the draft it would have taken no longer
  }
  drafts_in_turn_ = drafted == 0 ? 0 : drafts_in_turn_ + 1;
  if (chosen_ == 0) return;
  const double tokens = static_cast<double>(drafted), behind = drafted > 0 ? step_seconds - plain_seconds_ : 0;
  const double most = kDisturbedDraft * token_cost() * std::max(tokens, 1.0) * plain_seconds_;
  const double extra = std::clamp(draft_seconds + behind, 0.0, most);
  if (is_probe_) probe_budget_ -= extra / plain_seconds_;
  if (drafted == 0 && extra < kLowestCost * plain_seconds_) return;  // nothing found at no cost: nothing learnt
  extra_seconds_ = kKept * extra_seconds_ + extra;
  extra_tokens_ = kKept * extra_tokens_ + tokens;
  if (drafted == 0) return;
  right_ = kKept * right_ + static_cast<double>(accepted);
  tried_ = kKept * tried_ + static_cast<double>(std::min(accepted + 1, drafted));
}

}  // namespace aurea::engine
