// The figures of an evaluation as they are printed.
#pragma once

#include <string>

#include "core/json.h"
#include "quantization/evaluate.h"

namespace aurea::cli {

/// tokens, context, perplexity, perplexity_stderr; with a comparison reference_perplexity, kl_divergence,
/// top1_agreement and rms_delta_p as well.
Json to_json(const quantization::Evaluation& evaluation);

/// One line about an evaluation with a comparison.
std::string summary(const quantization::Evaluation& evaluation);

}  // namespace aurea::cli
