#include "cli/evaluation_output.h"

#include <fmt/format.h>

namespace aurea::cli {

Json to_json(const quantization::Evaluation& evaluation) {
  Json json = {{"tokens", evaluation.tokens},
               {"context", evaluation.context},
               {"perplexity", evaluation.perplexity},
               {"perplexity_stderr", evaluation.perplexity_stderr}};
  if (const auto& comparison = evaluation.comparison) {
    const quantization::KlStatistics& kl = comparison->kl;
    json["reference_perplexity"] = comparison->reference_perplexity;
    json["kl_divergence"] = {{"mean", kl.mean}, {"stderr", kl.stderr_of_mean},
                             {"p50", kl.p50},   {"p90", kl.p90},
                             {"p99", kl.p99},   {"p999", kl.p999},
                             {"max", kl.max}};
    json["top1_agreement"] = comparison->top1_agreement;
    json["rms_delta_p"] = comparison->rms_delta_p;
  }
  return json;
}

std::string summary(const quantization::Evaluation& evaluation) {
  const quantization::Comparison& comparison = evaluation.comparison.value();
  return fmt::format(
      "perplexity {:.4f} (source {:.4f}), KL divergence {:.6f} +- {:.6f}, same first choice {:.2f} %, {} tokens",
      evaluation.perplexity, comparison.reference_perplexity, comparison.kl.mean, comparison.kl.stderr_of_mean,
      100 * comparison.top1_agreement, evaluation.tokens);
}

}  // namespace aurea::cli
