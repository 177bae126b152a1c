// --quality best: every matrix rounded under the curvature that a calibration text shows (round_matrix.h), from the first to
// the last, each making up for what the matrices before it lost (drift_target.h).
#pragma once

#include <optional>
#include <span>

#include "quantization/feedback/round_matrix.h"
#include "quantization/feedback/rounding_work.h"

namespace aurea::quantization {

struct PrepareOptions {
  CalibrateOptions calibration;
  size_t gradient_tokens = 8192;  // the first of the text, that the curvature of the model's output is taken from
  RoundOptions rounding;
};

/// Encodes every matrix of `source` for which `types` (by TensorId) names a block type into `work`; those that are there are
/// left as they are. Types that cannot be rounded column by column get the ordinary search, weighted by the diagonal of the
/// curvature. A matrix that no token reached (an expert) is not prepared, nor is a float type.
/// `progress` gets the work done, of `prepare_work`. Throws kBadArgument for a text without a whole sequence, kCancelled, and
/// as quantize_tensor does.
void prepare_with_feedback(const models::ModelSource& source, std::span<const std::optional<QuantType>> types, std::span<const int32_t> tokens,
                           const PrepareOptions& options, const kernels::KernelSet& kernels, ThreadPool& pool, RoundingWork& work,
                           const std::function<void(uint64_t)>& progress, const CancelToken* cancel);

uint64_t prepare_work(const models::ModelSource& source, size_t n_tokens, const PrepareOptions& options);

}  // namespace aurea::quantization
