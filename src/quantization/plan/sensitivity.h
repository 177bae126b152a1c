// How much each matrix suffers from each type that it could get, out of one calibration pass; and the importance of its
// columns, if there is none yet.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "core/cancel.h"
#include "quantization/calibration/calibrator.h"
#include "quantization/importance.h"

namespace aurea::quantization {

/// A tensor in a type: its loss estimates the KL divergence per token that its rounding adds.
struct TypeLoss {
  QuantType type;
  double loss = 0;
};

struct SensitivityOptions {
  CalibrateOptions calibration;
  size_t sample_rows = 512;  // of a matrix, see loss_measure.h
};

/// By TensorId: the losses of the candidates (none: not asked), in their order. `importance` weights the columns as it
/// will when the file is made. With `collect` it is empty at first and gets the squares that the calibration shows, for
/// every matrix with candidates, under the names of the file; the embedding's columns count by the gradients of its
/// rows. A stacked tensor's loss is the sum over its matrices, each by the share of tokens that reach it. The type that
/// a matrix has already costs nothing. `progress` gets the work done, of calibration_work. Throws as calibrate and the
/// codecs do.
std::vector<std::vector<TypeLoss>> measure_sensitivity(const models::ModelSource& source,
                                                       std::span<const std::vector<QuantType>> candidates,
                                                       std::span<const int32_t> tokens,
                                                       const SensitivityOptions& options, Importance& importance,
                                                       bool collect, const kernels::KernelSet& kernels,
                                                       ThreadPool& pool, const std::function<void(uint64_t)>& progress,
                                                       const CancelToken* cancel);

}  // namespace aurea::quantization
