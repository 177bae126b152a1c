#include "quantization/evaluate.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/error.h"

namespace aurea::quantization {
namespace {

using engine::Engine;
using engine::StepItem;
using engine::WantLogits;

// Rows that both models compute before they are compared: bounds the reference's logits held in memory (64 rows of a
// 200,000-word vocabulary are 51 MB).
constexpr size_t kRowsAtOnce = 64;

struct Row {
  std::span<const float> logits;
  double log_sum = 0;  // log of the sum of exp(logit)
  size_t best = 0;

  explicit Row(std::span<const float> values) : logits(values) {
    best = static_cast<size_t>(std::ranges::max_element(values) - values.begin());
    const double highest = values[best];
    double sum = 0;
    for (const float value : values) sum += std::exp(value - highest);
    log_sum = highest + std::log(sum);
    if (!std::isfinite(log_sum)) fail_file("the logits are not finite numbers; the weights are damaged, or too large for float32");
  }
  [[nodiscard]] double log_probability(size_t id) const { return logits[id] - log_sum; }
};

double kl_divergence(const Row& reference, const Row& candidate) {
  double sum = 0;
  for (size_t id = 0; id < reference.logits.size(); ++id) {
    const double log_p = reference.log_probability(id);
    sum += std::exp(log_p) * (log_p - candidate.log_probability(id));
  }
  return std::max(sum, 0.0);  // rounding may leave -1e-16
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

/// Standard error of the mean.
double stderr_of(const std::vector<double>& values, double mean) {
  if (values.size() < 2) return 0;
  double sum = 0;
  for (const double value : values) sum += (value - mean) * (value - mean);
  const auto n = static_cast<double>(values.size());
  return std::sqrt(sum / (n - 1) / n);
}

/// Value below which a share q of the sorted values lies, interpolated.
double quantile(const std::vector<double>& sorted, double q) {
  const double place = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - static_cast<double>(below));
}

class Scorer {
 public:
  void add(std::span<const float> candidate_logits, int32_t target) { add_candidate(Row(candidate_logits), target); }

  void add(std::span<const float> candidate_logits, std::span<const float> reference_logits, int32_t target) {
    const Row candidate(candidate_logits), reference(reference_logits);
    add_candidate(candidate, target);
    const auto id = static_cast<size_t>(target);
    reference_loss_.push_back(-reference.log_probability(id));
    kl_.push_back(kl_divergence(reference, candidate));
    agreed_ += candidate.best == reference.best ? 1 : 0;
    const double delta = std::exp(candidate.log_probability(id)) - std::exp(reference.log_probability(id));
    squared_delta_ += delta * delta;
  }

  [[nodiscard]] Evaluation result() const {
    Evaluation result;
    const auto n = static_cast<double>(loss_.size());
    const double mean = mean_of(loss_);
    result.tokens = loss_.size();
    result.perplexity = std::exp(mean);
    result.perplexity_stderr = result.perplexity * stderr_of(loss_, mean);
    if (kl_.empty()) return result;
    Comparison comparison;
    comparison.reference_perplexity = std::exp(mean_of(reference_loss_));
    comparison.kl.mean = mean_of(kl_);
    comparison.kl.stderr_of_mean = stderr_of(kl_, comparison.kl.mean);
    std::vector<double> sorted = kl_;
    std::ranges::sort(sorted);
    comparison.kl.p50 = quantile(sorted, 0.5);
    comparison.kl.p90 = quantile(sorted, 0.9);
    comparison.kl.p99 = quantile(sorted, 0.99);
    comparison.kl.p999 = quantile(sorted, 0.999);
    comparison.kl.max = sorted.back();
    comparison.top1_agreement = static_cast<double>(agreed_) / n;
    comparison.rms_delta_p = std::sqrt(squared_delta_ / n);
    result.comparison = comparison;
    return result;
  }

 private:
  void add_candidate(const Row& row, int32_t target) { loss_.push_back(-row.log_probability(static_cast<size_t>(target))); }

  std::vector<double> loss_, reference_loss_, kl_;
  size_t agreed_ = 0;
  double squared_delta_ = 0;
};

}  // namespace

Evaluation evaluate(Engine& candidate, Engine* reference, std::span<const int32_t> tokens, const EvaluateOptions& options,
                    const std::function<void(uint64_t)>& progress, const CancelToken* cancel) {
  const size_t bos_tokens = options.bos ? 1 : 0;
  if (tokens.size() + bos_tokens < 2) fail(ErrorCode::kBadArgument, "at least two tokens are needed to score a text");
  if (options.context < 2) fail(ErrorCode::kBadArgument, "windows of {} tokens leave nothing to score", options.context);
  if (reference != nullptr && reference->source().params().vocab_size != candidate.source().params().vocab_size) {
    fail(ErrorCode::kBadArgument, "the reference has a vocabulary of {} tokens, the model one of {}: they cannot be compared",
         reference->source().params().vocab_size, candidate.source().params().vocab_size);
  }
  Scorer scorer;
  const size_t stride = options.context - bos_tokens;
  const size_t vocab = candidate.source().params().vocab_size;
  for (const int32_t id : tokens) {  // the last one is only a target, which the engine never sees
    if (id < 0 || static_cast<size_t>(id) >= vocab) fail(ErrorCode::kBadArgument, "token id {} is outside the vocabulary of {}", id, vocab);
  }
  std::vector<float> reference_rows(reference != nullptr ? kRowsAtOnce * vocab : 0);
  for (size_t first = 0; first < tokens.size(); first += stride) {
    std::vector<int32_t> window(bos_tokens, options.bos.value_or(0));
    for (const int32_t id : tokens.subspan(first, std::min(stride, tokens.size() - first))) window.push_back(id);
    const engine::ScopedSequence ours(candidate);
    std::optional<engine::ScopedSequence> theirs;
    if (reference != nullptr) theirs.emplace(*reference);
    const size_t at_once = reference != nullptr ? kRowsAtOnce : window.size();
    for (size_t begin = 0; begin + 1 < window.size(); begin += at_once) {
      const auto rows = std::span(window).subspan(begin, std::min(at_once, window.size() - 1 - begin));
      if (reference != nullptr) {
        const StepItem item{theirs->id(), rows, WantLogits::kAll, window.size()};
        reference->step({&item, 1}, [&](size_t, size_t index, std::span<const float> logits) {
          std::copy_n(logits.data(), vocab, reference_rows.data() + index * vocab);
        }, cancel);
      }
      const StepItem item{ours.id(), rows, WantLogits::kAll, window.size()};
      candidate.step({&item, 1}, [&](size_t, size_t index, std::span<const float> logits) {
        const int32_t target = window[begin + index + 1];
        if (reference == nullptr) return scorer.add(logits, target);
        scorer.add(logits, std::span(reference_rows).subspan(index * vocab, vocab), target);
      }, cancel);
      progress(first + begin + rows.size());
    }
  }
  Evaluation result = scorer.result();
  result.context = options.context;
  return result;
}

}  // namespace aurea::quantization
