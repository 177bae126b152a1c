// Error-feedback rounding of one matrix into the blocks of a type: every column takes on what the columns before it lost,
// every row what the rows before it lost, in the measure of the curvature.
//
// With H = R R^T and G = S S^T (R, S upper triangular) the loss tr(G D H D^T) is the squared norm of S^T D R; its entries
// can be made small one after another, because entry (i, j) holds no error of later rows and columns. Source of the one-sided
// form: GPTQ (arXiv:2210.17323), LDLQ of QuIP (arXiv:2307.13304); two-sided: YAQA (arXiv:2505.22988).
#pragma once

#include <span>
#include <vector>

#include "core/cancel.h"
#include "core/tensor_view.h"
#include "core/thread_pool.h"
#include "kernels/kernel_set.h"
#include "quantization/calibration/curvature.h"

namespace aurea::quantization {

struct RoundOptions {
  float damping = 0.01f;         // of H, in parts of its mean diagonal
  float few_tokens = 0.3f;       // more of it, times n_in / n_rows: few tokens tell little about many inputs
  float output_damping = 0.1f;   // of G
  int rounds = 2;                // times that the scales are searched anew for the values as the feedback left them
  int sweeps = 4;                // of coordinate descent over the codes of a window
};

/// The loss tr(G D H D^T) / 2 per token of the result, an estimate of the KL divergence that it adds.
struct RoundResult {
  double loss = 0;
};

/// out: the encoded matrix. The bytes depend on neither the number of threads nor the CPU. `type` has a Recoder.
RoundResult round_matrix(const TensorView& source, const Curvature& curvature, QuantType type, const RoundOptions& options,
                         const kernels::KernelSet& kernels, ThreadPool& pool, std::span<std::byte> out);

}  // namespace aurea::quantization
