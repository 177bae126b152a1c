#include "engine/sampling/sampler.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.h"

namespace aurea::engine {
namespace {

void check_option(bool fine, const char* name, double value, const char* expected) {
  if (!fine) fail(ErrorCode::kBadArgument, "{} is {}, expected {}", name, value, expected);
}

bool likelier(float logit_a, int32_t id_a, float logit_b, int32_t id_b) {
  return logit_a != logit_b ? logit_a > logit_b : id_a < id_b;
}

}  // namespace

Sampler::Sampler(SamplingOptions options) : options_(std::move(options)), random_state_(options_.seed) {
  const SamplingOptions& o = options_;
  check_option(std::isfinite(o.temperature), "temperature", o.temperature, "a number");
  check_option(o.top_p > 0, "top-p", o.top_p, "above 0, at most 1");
  check_option(o.min_p >= 0 && o.min_p <= 1, "min-p", o.min_p, "0 to 1");
  check_option(o.repeat_penalty > 0 && std::isfinite(o.repeat_penalty), "repeat-penalty", o.repeat_penalty, "above 0");
  check_option(o.repeat_last_n >= -1, "repeat-last-n", o.repeat_last_n, "-1 (all), 0 (off) or a count");
  check_option(std::isfinite(o.frequency_penalty), "frequency-penalty", o.frequency_penalty, "a number");
  check_option(std::isfinite(o.presence_penalty), "presence-penalty", o.presence_penalty, "a number");
}

int32_t Sampler::sample(std::span<const float> logits) {
  collect(logits);
  apply_penalties();
  if (options_.temperature <= 0) return greedy();
  keep_top_k();
  keep_top_p();
  keep_min_p();
  return draw();
}

void Sampler::accept(int32_t token) {
  const auto window = static_cast<size_t>(std::max(options_.repeat_last_n, 0));
  if (options_.repeat_last_n == 0) return;
  ++counts_[token];
  if (options_.repeat_last_n < 0 || recent_.size() < window) {
    recent_.push_back(token);
    return;
  }
  const int32_t oldest = std::exchange(recent_[recent_at_], token);
  recent_at_ = (recent_at_ + 1) % window;
  if (--counts_[oldest] == 0) counts_.erase(oldest);
}

void Sampler::collect(std::span<const float> logits) {
  candidates_.clear();
  for (size_t id = 0; id < logits.size(); ++id) {
    if (std::isfinite(logits[id])) candidates_.push_back({static_cast<int32_t>(id), logits[id]});
  }
  if (candidates_.empty()) fail_file("none of the {} logits is a finite number: the model's weights are broken", logits.size());
  if (options_.logit_bias.empty()) return;
  for (Candidate& candidate : candidates_) {
    if (const auto found = options_.logit_bias.find(candidate.id); found != options_.logit_bias.end()) candidate.logit += found->second;
  }
}

void Sampler::apply_penalties() {
  if (counts_.empty()) return;
  if (options_.repeat_penalty == 1 && options_.frequency_penalty == 0 && options_.presence_penalty == 0) return;
  for (Candidate& candidate : candidates_) {
    const auto found = counts_.find(candidate.id);
    if (found == counts_.end()) continue;
    float& logit = candidate.logit;
    logit = logit > 0 ? logit / options_.repeat_penalty : logit * options_.repeat_penalty;
    logit -= static_cast<float>(found->second) * options_.frequency_penalty + options_.presence_penalty;
  }
}

int32_t Sampler::greedy() const {
  const Candidate* best = &candidates_.front();
  for (const Candidate& candidate : candidates_) {
    if (candidate.logit > best->logit) best = &candidate;
  }
  return best->id;
}

void Sampler::keep_top_k() {
  const auto order = [](const Candidate& a, const Candidate& b) { return likelier(a.logit, a.id, b.logit, b.id); };
  const size_t k = options_.top_k > 0 ? std::min<size_t>(static_cast<size_t>(options_.top_k), candidates_.size()) : candidates_.size();
  const auto middle = candidates_.begin() + static_cast<ptrdiff_t>(k);
  if (k < candidates_.size()) {
    std::nth_element(candidates_.begin(), middle, candidates_.end(), order);
    candidates_.resize(k);
  }
  std::sort(candidates_.begin(), candidates_.end(), order);
}

void Sampler::keep_top_p() {
  if (options_.top_p >= 1) return;
  const double highest = candidates_.front().logit;
  weights_.clear();
  double total = 0;
  for (const Candidate& candidate : candidates_) {
    weights_.push_back(std::exp(candidate.logit - highest));
    total += weights_.back();
  }
  double sum = 0;
  for (size_t i = 0; i < weights_.size(); ++i) {
    sum += weights_[i];
    if (sum >= static_cast<double>(options_.top_p) * total) {
      candidates_.resize(i + 1);
      return;
    }
  }
}

void Sampler::keep_min_p() {
  if (options_.min_p <= 0) return;
  const double lowest = static_cast<double>(candidates_.front().logit) + std::log(static_cast<double>(options_.min_p));
  const auto first_out = std::find_if(candidates_.begin() + 1, candidates_.end(), [&](const Candidate& c) { return c.logit < lowest; });
  candidates_.erase(first_out, candidates_.end());
}

int32_t Sampler::draw() {
  const double highest = candidates_.front().logit;
  weights_.clear();
  double total = 0;
  for (const Candidate& candidate : candidates_) {
    total += std::exp((candidate.logit - highest) / static_cast<double>(options_.temperature));
    weights_.push_back(total);
  }
  const double wanted = next_uniform() * total;
  const auto found = std::upper_bound(weights_.begin(), weights_.end(), wanted);
  const auto place = std::min<size_t>(static_cast<size_t>(found - weights_.begin()), weights_.size() - 1);
  return candidates_[place].id;
}

/// splitmix64: uniform in [0, 1), 53 bits.
double Sampler::next_uniform() {
  uint64_t z = random_state_ += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  z ^= z >> 31;
  return static_cast<double>(z >> 11) * 0x1p-53;
}

}  // namespace aurea::engine
