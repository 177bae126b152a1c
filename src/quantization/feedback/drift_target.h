// What a matrix should be when the matrices before it were replaced: the one whose results on the inputs as they are now
// come nearest to what the original model has there.
//
// With inputs x in the original and x' behind replaced matrices, and r, r' the residual stream that the result is added to,
// min E |W x + r - (V x' + r')|^2 has the solution V = W + (W E[(x - x') x'^T] + E[(r - r') x'^T]) E[x' x'^T]^-1. Sources: GPTAQ
// (arXiv:2504.02692) and Qronos (arXiv:2505.11695) for the first term.
#pragma once

#include <vector>

#include "core/tensor_view.h"
#include "quantization/calibration/matrix_visit.h"

namespace aurea::quantization {

/// [n_out, n_in]. The sums come from few tokens beside the many numbers they decide, so that the change is held back: the
/// diagonal of the Gram matrix is raised by a share that grows with n_in / n_rows, and half of the residual stream's drift
/// is left to the matrices that follow.
std::vector<float> drift_target(const TensorView& matrix, const MatrixInputs& inputs, const kernels::KernelSet& kernels, ThreadPool& pool);

}  // namespace aurea::quantization
