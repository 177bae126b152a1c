// What a matrix' rounding to a type costs, in the measure of its curvature: the estimate of the KL divergence that it
// adds.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "core/cancel.h"
#include "core/tensor_view.h"
#include "core/thread_pool.h"
#include "kernels/kernel_set.h"
#include "quantization/calibration/curvature.h"

namespace aurea::quantization {

/// Rows of a matrix that stand for all of them.
struct RowSample {
  std::vector<uint64_t> rows;  // ascending
  /// By row of the sample: its own curvature times how many rows it stands for. With groups of G (below) 1 each.
  std::vector<float> weight;
  /// With groups of G: the numbers of the groups sampled, whole, and how much larger the loss of all groups is.
  std::vector<size_t> groups;
  double scale = 1;
};

/// Whole groups of G, evenly spread, of at most `most_rows` rows together (at least one group); the others count by the
/// share of their trace. `curvature` has an `output`.
RowSample sample_groups(const Curvature& curvature, size_t most_rows);

/// For a matrix with a row per token: `frequency` [n_out] is how often a token occurs, sum 1. The most frequent rows
/// themselves, and others evenly spread, that stand for all the rest.
RowSample sample_tokens(std::span<const double> frequency, size_t most_rows);

/// How often tokens occur, [n_vocab], sum 1. Those that the text has not share the probability that a next token is a
/// new one, as the tokens seen once tell it (Good, "The population frequencies of species", Biometrika 1953).
std::vector<double> token_frequencies(std::span<const int32_t> tokens, size_t n_vocab);

/// tr(G D H D^T) / 2 with D what the sampled rows lose, H and G means per row that the matrix saw (not damped: a plain
/// search does not know of the directions that a short text leaves out). Where G is not known, the rows' weights are
/// taken for its diagonal, of the mean that the curvature tells.
class LossMeasure {
 public:
  LossMeasure(const TensorView& source, const Curvature& curvature, RowSample sample, const kernels::KernelSet& kernels,
              ThreadPool& pool);

  /// `importance` [cols] as for the type's codec; null: none. Throws as the codec does, kCancelled.
  double loss(QuantType type, const float* importance, const CancelToken* cancel);

 private:
  [[nodiscard]] double weigh();

  const Curvature& curvature_;
  const RowSample sample_;
  const kernels::KernelSet& kernels_;
  ThreadPool& pool_;
  size_t n_in_;
  std::vector<float> rows_;     // [n, n_in]: the source's
  std::vector<float> lost_;     // [n, n_in]: D
  std::vector<float> product_;  // [n, n_in]: D H
  std::vector<float> h_;        // [n_in, n_in], symmetric
};

}  // namespace aurea::quantization
