// The curvature of every matrix of a model on a text: how much an error in it costs.
#pragma once

#include <functional>

#include "quantization/calibration/matrix_visit.h"

namespace aurea::quantization {

/// Gets the curvature of one matrix, which is dropped afterwards. The embedding comes first, then the order of execution,
/// the output matrix last. A tied matrix comes once, as the embedding.
using CurvatureSink = std::function<void(MatrixId, const Curvature&)>;

/// tokens: cut into sequences of options.length; a shorter rest is left out. Throws kBadArgument when no sequence remains,
/// kCancelled. `progress` gets the work done, of `calibration_work`.
void calibrate(const models::ModelSource& source, std::span<const int32_t> tokens, const CalibrateOptions& options,
               const kernels::KernelSet& kernels, ThreadPool& pool, const CurvatureSink& sink, const std::function<void(uint64_t)>& progress,
               const CancelToken* cancel);

/// Work of a calibration with that many tokens (whole sequences): tokens through segments.
uint64_t calibration_work(const models::ModelSource& source, size_t n_tokens);

MatrixId embedding_id(const models::ModelSource& source);

/// The embedding's: its rows count by the gradients of what it gives, and, where it is the output matrix as well, by the
/// final rows, too.
Curvature embedding_curvature(const models::ModelSource& source, const OutputCurvature& outputs);

/// That of another matrix that saw `inputs`; takes the sums out of both.
Curvature matrix_curvature(const TensorView& matrix, MatrixId id, std::vector<float> gram, uint64_t n_rows, OutputCurvature& outputs);

}  // namespace aurea::quantization
