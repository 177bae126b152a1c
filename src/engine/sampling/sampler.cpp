#include "engine/sampling/sampler.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace aurea::engine {
namespace {

/// More likely first, the lower id first among equals: a total order, so every selection is unique.
bool is_before(const Candidate& a, const Candidate& b) { return a.logit != b.logit ? a.logit > b.logit : a.id < b.id; }

void check_option(bool is_fine, const char* name, double value, const char* expected) {
  if (!is_fine) fail(ErrorCode::kBadArgument, "{} is {}, expected {}", name, value, expected);
}

void check_options(const SamplingOptions& o) {
  check_option(std::isfinite(o.temperature), "temperature", o.temperature, "a number");
  check_option(o.top_p > 0, "top-p", o.top_p, "above 0, at most 1");
  check_option(o.min_p >= 0 && o.min_p <= 1, "min-p", o.min_p, "0 to 1");
  check_option(o.repeat_penalty > 0 && std::isfinite(o.repeat_penalty), "repeat-penalty", o.repeat_penalty, "above 0");
  check_option(o.repeat_last_n >= -1, "repeat-last-n", o.repeat_last_n, "-1 (all), 0 (off) or a count");
  check_option(std::isfinite(o.frequency_penalty), "frequency-penalty", o.frequency_penalty, "a number");
  check_option(std::isfinite(o.presence_penalty), "presence-penalty", o.presence_penalty, "a number");
  for (const auto& [token, bias] : o.logit_bias) {
    check_option(token >= 0, "the token of a logit bias", token, "a token id");
    check_option(bias < HUGE_VALF, "a logit bias", bias, "a number, or minus infinity to ban the token");
  }
}

}  // namespace

Sampler::Sampler(SamplingOptions options) : options_(std::move(options)), random_(options_.seed) {
  check_options(options_);
}

int32_t Sampler::sample(std::span<const float> logits) {
  adjust(logits);
  if (options_.temperature <= 0) {
    choose_most_likely();
    return candidates_.front().id;
  }
  collect();
  keep_top_k();
  keep_top_p();
  keep_min_p();
  return draw();
}

void Sampler::accept(int32_t token) {
  if (token < 0) fail(ErrorCode::kBadArgument, "there is no token {}", token);
  if (options_.repeat_last_n == 0) return;
  const auto id = static_cast<size_t>(token);
  if (counts_.size() <= id) counts_.resize(id + 1);
  ++counts_[id];
  const bool is_full = options_.repeat_last_n > 0 && history_.size() == static_cast<size_t>(options_.repeat_last_n);
  if (!is_full) {
    history_.push_back(token);
    return;
  }
  --counts_[static_cast<size_t>(history_[oldest_])];
  history_[oldest_] = token;
  oldest_ = (oldest_ + 1) % history_.size();
}

void Sampler::adjust(std::span<const float> logits) {
  logits_.assign(logits.begin(), logits.end());
  add_bias();
  add_penalties();
}

void Sampler::add_bias() {
  for (const auto& [token, bias] : options_.logit_bias) {
    if (static_cast<size_t>(token) < logits_.size()) logits_[static_cast<size_t>(token)] += bias;
  }
}

void Sampler::add_penalties() {
  if (options_.repeat_penalty == 1 && options_.frequency_penalty == 0 && options_.presence_penalty == 0) return;
  penalized_.resize(logits_.size());
  for (const int32_t token : history_) {
    const auto id = static_cast<size_t>(token);
    if (id >= logits_.size() || penalized_[id]) continue;
    penalized_[id] = true;
    float& logit = logits_[id];
    logit = logit <= 0 ? logit * options_.repeat_penalty : logit / options_.repeat_penalty;
    logit -= static_cast<float>(counts_[id]) * options_.frequency_penalty + options_.presence_penalty;
  }
  for (const int32_t token : history_) {
    if (static_cast<size_t>(token) < logits_.size()) penalized_[static_cast<size_t>(token)] = false;
  }
}

void Sampler::choose_most_likely() {
  Candidate best{-1, 0};
  for (size_t i = 0; i < logits_.size(); ++i) {
    if (std::isfinite(logits_[i]) && (best.id < 0 || logits_[i] > best.logit))
      best = {static_cast<int32_t>(i), logits_[i]};
  }
  candidates_.clear();
  kept_ = 0;
  if (best.id < 0)
    fail_file("none of the {} logits is a finite number: the model's weights are broken", logits_.size());
  candidates_.push_back(best);
  kept_ = 1;
}

void Sampler::collect() {
  candidates_.clear();
  for (size_t i = 0; i < logits_.size(); ++i) {
    if (std::isfinite(logits_[i])) candidates_.push_back({static_cast<int32_t>(i), logits_[i]});
  }
  kept_ = candidates_.size();
  sorted_ = 0;
  if (kept_ == 0) fail_file("none of the {} logits is a finite number: the model's weights are broken", logits_.size());
}

/// Puts the `count` most likely candidates in order at the front. Linear in the number of candidates.
void Sampler::sort_front(size_t count) {
  if (count <= sorted_) return;
  const auto begin = candidates_.begin() + static_cast<ptrdiff_t>(sorted_);
  const auto middle = candidates_.begin() + static_cast<ptrdiff_t>(count);
  const auto end = candidates_.begin() + static_cast<ptrdiff_t>(kept_);
  if (middle != end) std::nth_element(begin, middle, end, is_before);
  std::sort(begin, middle, is_before);
  sorted_ = count;
}

void Sampler::keep_top_k() {
  if (options_.top_k <= 0) return;
  const size_t count = std::min(kept_, static_cast<size_t>(options_.top_k));
  sort_front(count);
  kept_ = count;
}

/// Keeps the shortest front whose probabilities add up to top_p, at least one token. The front is sorted only as far as
/// it is needed.
void Sampler::keep_top_p() {
  if (options_.top_p >= 1) return;
  sort_front(1);
  const float highest = candidates_.front().logit;
  const auto weight = [&](const Candidate& candidate) {
    return std::exp(static_cast<double>(candidate.logit - highest));
  };
  double total = 0;
  for (size_t i = 0; i < kept_; ++i) total += weight(candidates_[i]);
  const double wanted = static_cast<double>(options_.top_p) * total;
  double sum = 0;
  for (size_t i = 0; i < kept_; ++i) {
    if (i == sorted_) sort_front(std::min(kept_, std::max<size_t>(256, 4 * sorted_)));
    sum += weight(candidates_[i]);
    if (sum >= wanted) {
      kept_ = i + 1;
      return;
    }
  }
}

/// p(x) >= min_p * p(most likely) is a bound on logits: logit(x) >= highest + log(min_p).
void Sampler::keep_min_p() {
  if (options_.min_p <= 0) return;
  sort_front(1);
  const float least = candidates_.front().logit + std::log(options_.min_p);
  const auto end = candidates_.begin() + static_cast<ptrdiff_t>(kept_);
  const auto is_kept = [&](const Candidate& candidate) { return candidate.logit >= least; };
  const auto first_out =
      std::partition(candidates_.begin() + 1, end, is_kept);  // sorted ones stay at the front, in order
  kept_ = static_cast<size_t>(first_out - candidates_.begin());
  sort_front(kept_);
}

/// Draws by the probabilities of what is left, at the temperature.
int32_t Sampler::draw() {
  float highest = candidates_.front().logit;
  for (size_t i = sorted_; i < kept_; ++i) highest = std::max(highest, candidates_[i].logit);
  weights_.resize(kept_);
  double total = 0;
  for (size_t i = 0; i < kept_; ++i) {
    const double distance = static_cast<double>(candidates_[i].logit) - static_cast<double>(highest);
    total += weights_[i] = std::exp(distance / static_cast<double>(options_.temperature));
  }
  double rest = random_.uniform() * total;
  for (size_t i = 0; i + 1 < kept_; ++i) {
    rest -= weights_[i];
    if (rest < 0) return candidates_[i].id;
  }
  return candidates_[kept_ - 1].id;  // also where rounding leaves a little over
}

}  // namespace aurea::engine
