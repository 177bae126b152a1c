// How the model's output depends on what its matrices give: one pass forward and back over a text, batch by batch.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <vector>

#include "core/cancel.h"
#include "quantization/calibration/curvature.h"
#include "quantization/calibration/segment_pass.h"

namespace aurea::quantization {

struct CalibrateOptions {
  size_t length = 256;       // tokens of a sequence
  size_t batch_rows = 1024;  // tokens worked on together
  uint64_t seed = 1;         // of the sampled tokens whose gradients are taken
};

/// Sums of products of gradients of the log-likelihood of a token that is drawn from the model's own prediction: the mean
/// of their square is the curvature of the KL divergence.
struct OutputCurvature {
  struct Matrix {
    uint64_t n_rows = 0;  // tokens summed
    std::vector<std::vector<float>> groups;  // by group of kOutputGroup rows: sum of g g^T, as add_gram leaves it
  };
  std::map<MatrixId, Matrix> matrices;  // but for the embedding and the output matrix
  uint64_t n_tokens = 0;
  std::vector<float> embedding;   // sum of g g^T of the embedding's rows, [hidden, hidden]
  std::vector<float> final_rows;  // sum of x x^T of what the output matrix sees
  double logit_mean = 0;          // mean over vocabulary and tokens of (p - e_y)^2, the gradient of a logit squared
};

/// The sequences of a text that a calibration works on: pieces of `length`; a shorter rest is left out.
struct Batch {
  size_t first;  // token
  BatchShape shape;
};
std::vector<Batch> cut_into_batches(size_t n_tokens, const CalibrateOptions& options);

/// Only one batch's values and gradients are in memory beside the sums: n_out * kOutputGroup floats per matrix.
/// `progress` gets steps of work, `output_curvature_work` in all. Throws kBadArgument when there is no whole sequence,
/// kCancelled.
OutputCurvature collect_output_curvature(const models::ModelSource& source, std::span<const int32_t> tokens, const CalibrateOptions& options,
                                         const kernels::KernelSet& kernels, ThreadPool& pool, const std::function<void(uint64_t)>& progress,
                                         const CancelToken* cancel);

/// In tokens through segments, one way.
uint64_t output_curvature_work(const models::ModelSource& source, size_t n_tokens);

}  // namespace aurea::quantization
