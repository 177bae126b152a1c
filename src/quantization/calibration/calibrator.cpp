#include "quantization/calibration/calibrator.h"

#include <algorithm>

namespace aurea::quantization {
namespace {

class CurvatureVisitor : public MatrixVisitor {
 public:
  CurvatureVisitor(const models::ModelSource& source, OutputCurvature& outputs, const CurvatureSink& sink)
      : source_(source), outputs_(outputs), sink_(sink) {}

  bool wants(MatrixId id) override { return id != embedding_id(source_); }
  void visit(MatrixId id, const MatrixInputs& inputs) override {
    sink_(id, matrix_curvature(source_.parts(id.tensor)[id.part], id, inputs.gram, inputs.n_rows, outputs_));
  }

 private:
  const models::ModelSource& source_;
  OutputCurvature& outputs_;
  const CurvatureSink& sink_;
};

}  // namespace

MatrixId embedding_id(const models::ModelSource& source) {
  return {std::get<models::Embedding>(source.description().graph.nodes.front().op).table};
}

Curvature embedding_curvature(const models::ModelSource& source, const OutputCurvature& outputs) {
  const MatrixId id = embedding_id(source);
  const TensorView& table = source.tensor(id.tensor);
  Curvature curvature;
  curvature.n_in = table.cols();
  curvature.n_out = table.rows();
  curvature.n_rows = curvature.n_output_rows = outputs.n_tokens;
  curvature.input = outputs.embedding;
  curvature.group = std::min(kOutputGroup, curvature.n_out);
  curvature.output_mean = 1 / static_cast<double>(curvature.n_out);  // each token looks up one row
  if (std::get<models::Linear>(source.description().graph.nodes.back().op).weight == id.tensor) {
    // Per row: as often as it is looked up, 1 / n_out, times g g^T; and each time, logit_mean times x x^T.
    const auto ratio = static_cast<float>(outputs.logit_mean / curvature.output_mean);
    for (size_t i = 0; i < curvature.n_in; ++i) {
      for (size_t j = i; j < curvature.n_in; ++j) curvature.input[i * curvature.n_in + j] += ratio * outputs.final_rows[i * curvature.n_in + j];
    }
  }
  return curvature;
}

Curvature matrix_curvature(const TensorView& matrix, MatrixId id, std::vector<float> gram, uint64_t n_rows, OutputCurvature& outputs) {
  Curvature curvature;
  curvature.n_in = matrix.cols();
  curvature.n_out = matrix.rows();
  curvature.n_rows = n_rows;
  curvature.input = std::move(gram);
  curvature.group = std::min(kOutputGroup, curvature.n_out);
  if (const auto found = outputs.matrices.find(id); found != outputs.matrices.end()) {
    curvature.n_output_rows = found->second.n_rows;
    curvature.output = std::move(found->second.groups);
    outputs.matrices.erase(found);
  } else {
    curvature.output_mean = outputs.logit_mean;  // the output matrix, or an expert that the gradients missed
  }
  return curvature;
}

void calibrate(const models::ModelSource& source, std::span<const int32_t> tokens, const CalibrateOptions& options,
               const kernels::KernelSet& kernels, ThreadPool& pool, const CurvatureSink& sink, const std::function<void(uint64_t)>& progress,
               const CancelToken* cancel) {
  const uint64_t first = output_curvature_work(source, tokens.size());
  OutputCurvature outputs = collect_output_curvature(source, tokens, options, kernels, pool, progress, cancel);
  sink(embedding_id(source), embedding_curvature(source, outputs));
  CurvatureVisitor visitor(source, outputs, sink);
  visit_matrices(source, tokens, options, nullptr, visitor, kernels, pool, [&](uint64_t done) { progress(first + done); }, cancel);
}

uint64_t calibration_work(const models::ModelSource& source, size_t n_tokens) {
  return output_curvature_work(source, n_tokens) + matrix_visit_work(source, n_tokens, false);
}

}  // namespace aurea::quantization
