// --quality best: every matrix rounded under the curvature that a calibration text shows (round_matrix.h).
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "quantization/feedback/prepared_tensors.h"
#include "quantization/feedback/round_matrix.h"

namespace aurea::quantization {

struct PrepareOptions {
  CalibrateOptions calibration;
  RoundOptions rounding;
};

/// Encodes every matrix of `source` for which `types` (by TensorId) names a block type and the text shows a curvature.
/// Types that cannot be rounded column by column get the ordinary search, weighted by the diagonal of the curvature. A
/// matrix that no token reached (an expert) is not prepared, nor is a float type.
/// `progress` gets the work done, of calibration_work. Throws as calibrate and quantize_tensor do.
void prepare_with_feedback(const models::ModelSource& source, std::span<const std::optional<QuantType>> types, std::span<const int32_t> tokens,
                           const PrepareOptions& options, const kernels::KernelSet& kernels, ThreadPool& pool, PreparedTensors& prepared,
                           const std::function<void(uint64_t)>& progress, const CancelToken* cancel);

}  // namespace aurea::quantization
