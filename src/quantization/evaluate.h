// How good a model is, and how far it is from another: perplexity, KL divergence, top-1 agreement.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "core/cancel.h"
#include "engine/engine.h"

namespace aurea::quantization {

/// KL divergence of the candidate from the reference, over the scored positions, in nats.
struct KlStatistics {
  double mean = 0, stderr_of_mean = 0;
  double p50 = 0, p90 = 0, p99 = 0, p999 = 0, max = 0;
};

struct Comparison {
  double reference_perplexity = 0;
  KlStatistics kl;
  double top1_agreement = 0;  // share of positions where both put the same token first
  double rms_delta_p = 0;     // root mean square difference of the probability of the text's token
};

struct Evaluation {
  uint64_t tokens = 0;  // scored: all but the first of every window
  size_t context = 0;
  double perplexity = 0, perplexity_stderr = 0;
  std::optional<Comparison> comparison;
};

struct EvaluateOptions {
  size_t context = 512;        // tokens per window, BOS included; every window starts with an empty context
  std::optional<int32_t> bos;  // put in front of every window
};

/// Scores `tokens` in windows of options.context. `reference` may be null; it sees the same windows, and its logits are
/// compared row by row as they come, in float32 (log-probabilities in float64).
/// `progress` gets the number of tokens done. Throws kBadArgument when there are fewer than two tokens.
Evaluation evaluate(engine::Engine& candidate, engine::Engine* reference, std::span<const int32_t> tokens,
                    const EvaluateOptions& options, const std::function<void(uint64_t)>& progress,
                    const CancelToken* cancel = nullptr);

}  // namespace aurea::quantization
