// How much an error in a matrix costs: second-order statistics of what goes in and of how the model's output depends on
// what comes out.
//
// For a matrix W [n_out, n_in] with the error D = W - Q, inputs x and gradients g of the log-likelihood with respect to the
// results, the expected KL divergence grows by about half the mean of (g D x)^2, which is taken apart as tr(G D H D^T) / 2
// with H the mean of x x^T and G the mean of g g^T (Kronecker-factored curvature: arXiv:1503.05671).
#pragma once

#include <cstdint>
#include <vector>

#include "models/graph.h"

namespace aurea::quantization {

/// A matrix: a tensor, or one part of a stacked one.
struct MatrixId {
  models::TensorId tensor;
  size_t part = 0;
  auto operator<=>(const MatrixId&) const = default;
};

struct Curvature {
  size_t n_in = 0, n_out = 0;
  uint64_t n_rows = 0, n_output_rows = 0;  // tokens summed in `input` and in `output`
  std::vector<float> input;     // sum of x x^T, as add_gram leaves it: upper triangle of [n_in, n_in]
  size_t group = 0;             // rows of W whose gradients are held together; the last group may be smaller
  std::vector<std::vector<float>> output;  // per group of rows, the same: sum of g g^T; empty: all rows count alike
  double output_mean = 1;       // then, the mean over rows of g^2
};

/// Rows of a matrix that share one block of G: enough to hold a head's or a group's dependence, few enough for 256 KiB.
inline constexpr size_t kOutputGroup = 256;

}  // namespace aurea::quantization
