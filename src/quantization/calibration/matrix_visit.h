// Goes through a model from its first matrix to its last with what each one sees on a text. Matrices may be replaced on the
// way: those behind them then see the inputs as the replaced ones make them, beside those of the original model.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "core/cancel.h"
#include "quantization/calibration/output_curvature.h"

namespace aurea::quantization {

/// Inputs of a matrix W [n_out, n_in]: x in the original model, x' behind replaced matrices. Sums over n_rows tokens.
struct MatrixInputs {
  size_t n_in = 0;
  uint64_t n_rows = 0;
  std::vector<float> gram;   // of x' x'^T, as add_gram leaves it
  std::vector<float> drift;  // [n_in, n_in] of (x - x') x'^T; empty: nothing can have been replaced
  /// [n_out, n_in] of (r - r') x'^T for a matrix whose result is added to the residual stream r; empty for all others.
  std::vector<float> residual_drift;
};

class MatrixVisitor {
 public:
  virtual ~MatrixVisitor() = default;
  /// Whether `visit` wants this matrix; sums are only made for those.
  virtual bool wants(MatrixId id) = 0;
  /// Called in the order of execution; experts that no token reached are left out.
  virtual void visit(MatrixId id, const MatrixInputs& inputs) = 0;
};

/// All matrices behind the embedding; the output matrix comes last. `replacements`: which the visitor may add to, and
/// which may hold the embedding already; null: none. Results have the same bits on any number of threads.
/// `progress` gets steps of work, `matrix_visit_work` in all. Throws kCancelled.
void visit_matrices(const models::ModelSource& source, std::span<const int32_t> tokens, const CalibrateOptions& options,
                    const Replacements* replacements, MatrixVisitor& visitor, const kernels::KernelSet& kernels, ThreadPool& pool,
                    const std::function<void(uint64_t)>& progress, const CancelToken* cancel);

/// In tokens through segments, one way.
uint64_t matrix_visit_work(const models::ModelSource& source, size_t n_tokens, bool replaces);

}  // namespace aurea::quantization
