// Collects the curvature of every matrix from a text: one pass forward, segment by segment, then one back.
#pragma once

#include <filesystem>
#include <functional>
#include <map>

#include "core/cancel.h"
#include "quantization/calibration/curvature.h"
#include "quantization/calibration/segment_pass.h"

namespace aurea::quantization {

/// A matrix: a tensor, or one part of a stacked one.
struct MatrixId {
  models::TensorId tensor;
  size_t part = 0;
  auto operator<=>(const MatrixId&) const = default;
};

struct CalibrateOptions {
  size_t length = 256;        // tokens of a sequence
  size_t batch_rows = 1024;   // tokens worked on together
  uint64_t seed = 1;          // of the sampled tokens whose gradients are taken
};

/// Gets the curvatures of one segment's matrices; they are dropped afterwards. Segments come from the last to the first:
/// the output matrix, the blocks, the embedding (whose `input` is the sum of g g^T over the tokens' rows).
using CurvatureSink = std::function<void(std::map<MatrixId, Curvature>&)>;

/// tokens: cut into sequences of options.length; a shorter rest is left out. Throws kBadArgument when no sequence remains.
/// `progress` gets the work done, of `calibration_work`.
void calibrate(const models::ModelSource& source, std::span<const int32_t> tokens, const CalibrateOptions& options,
               const kernels::KernelSet& kernels, ThreadPool& pool, const CurvatureSink& sink, const std::function<void(uint64_t)>& progress,
               const CancelToken* cancel);

/// Work of a calibration with that many tokens (whole sequences): tokens through segments.
uint64_t calibration_work(const models::ModelSource& source, size_t n_tokens);

}  // namespace aurea::quantization
