#include "quantization/feedback/prepare.h"

#include <algorithm>

#include "codecs/recoder.h"
#include "core/error.h"
#include "quantization/calibration/calibrator.h"
#include "quantization/feedback/drift_target.h"
#include "quantization/quantize_tensor.h"

namespace aurea::quantization {
namespace {

/// The ordinary search, weighted by how much each column is driven.
void encode_weighted(const TensorView& source, const Curvature& curvature, QuantType type, ThreadPool& pool, const CancelToken* cancel,
                     std::span<std::byte> out) {
  std::vector<float> importance(curvature.n_in);
  for (size_t j = 0; j < curvature.n_in; ++j) {
    importance[j] = static_cast<float>(curvature.input[j * curvature.n_in + j] / static_cast<double>(curvature.n_rows));
  }
  size_t written = 0;
  quantize_tensor(source, type, {.importance = importance.data(), .cancel = cancel}, pool, [&](std::span<const std::byte> piece) {
    std::ranges::copy(piece, out.begin() + static_cast<std::ptrdiff_t>(written));
    written += piece.size();
  });
}

class Rounding : public MatrixVisitor {
 public:
  Rounding(const models::ModelSource& source, std::span<const std::optional<QuantType>> types, const PrepareOptions& options,
           const kernels::KernelSet& kernels, ThreadPool& pool, RoundingWork& work, const CancelToken* cancel)
      : source_(source), types_(types), options_(options), kernels_(kernels), pool_(pool), work_(work), cancel_(cancel) {}

  bool wants(MatrixId id) override {
    const std::optional<QuantType> type = types_[id.tensor];
    return type && !is_float(*type) && *type != source_.parts(id.tensor)[id.part].type && !work_.matrices().contains(id);
  }

  void visit(MatrixId id, const MatrixInputs& inputs) override {
    const TensorView& matrix = source_.parts(id.tensor)[id.part];
    OutputCurvature outputs;
    if (OutputCurvature::Matrix own = work_.load(id); own.n_rows > 0) outputs.matrices[id] = std::move(own);
    const Curvature curvature = matrix_curvature(matrix, id, inputs.gram, inputs.n_rows, outputs);
    const std::vector<float> target = drift_target(matrix, inputs, kernels_, pool_);
    round(id, {QuantType::kF32, matrix.shape, std::as_bytes(std::span(target))}, curvature);
  }

  void round(MatrixId id, const TensorView& target, const Curvature& curvature) {
    if (cancel_ != nullptr) cancel_->check();
    const QuantType type = *types_[id.tensor];
    std::vector<std::byte> encoded(row_bytes(type, target.cols()) * target.rows());
    try {
      if (codecs::recoder(type) != nullptr) {
        round_matrix(target, curvature, type, options_.rounding, kernels_, pool_, encoded);
      } else {
        encode_weighted(target, curvature, type, pool_, cancel_, encoded);
      }
    } catch (Error& error) {
      throw error.add_context(fmt::format("tensor '{}'", source_.description().tensors[id.tensor].name));
    }
    work_.add(id, type, target.rows(), target.cols(), encoded);
  }

 private:
  const models::ModelSource& source_;
  std::span<const std::optional<QuantType>> types_;
  const PrepareOptions& options_;
  const kernels::KernelSet& kernels_;
  ThreadPool& pool_;
  RoundingWork& work_;
  const CancelToken* cancel_;
};

size_t n_gradient_tokens(size_t n_tokens, const PrepareOptions& options) {
  return std::min(n_tokens, std::max(options.gradient_tokens, options.calibration.length));
}

}  // namespace

void prepare_with_feedback(const models::ModelSource& source, std::span<const std::optional<QuantType>> types, std::span<const int32_t> tokens,
                           const PrepareOptions& options, const kernels::KernelSet& kernels, ThreadPool& pool, RoundingWork& work,
                           const std::function<void(uint64_t)>& progress, const CancelToken* cancel) {
  const std::span<const int32_t> first = tokens.first(n_gradient_tokens(tokens.size(), options));
  if (!work.has_curvature()) {
    work.put_curvature(collect_output_curvature(source, first, options.calibration, kernels, pool, progress, cancel));
  }
  Rounding rounding(source, types, options, kernels, pool, work, cancel);
  if (const MatrixId embedding = embedding_id(source); rounding.wants(embedding)) {
    rounding.round(embedding, source.tensor(embedding.tensor), embedding_curvature(source, work.curvature()));
  }
  const uint64_t done = output_curvature_work(source, first.size());
  visit_matrices(source, tokens, options.calibration, &work.matrices(), rounding, kernels, pool,
                 [&](uint64_t more) { progress(done + more); }, cancel);
}

uint64_t prepare_work(const models::ModelSource& source, size_t n_tokens, const PrepareOptions& options) {
  return output_curvature_work(source, n_gradient_tokens(n_tokens, options)) + matrix_visit_work(source, n_tokens, true);
}

}  // namespace aurea::quantization
