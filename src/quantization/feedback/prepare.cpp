#include "quantization/feedback/prepare.h"

#include <algorithm>

#include "codecs/recoder.h"
#include "core/error.h"
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

}  // namespace

void prepare_with_feedback(const models::ModelSource& source, std::span<const std::optional<QuantType>> types, std::span<const int32_t> tokens,
                           const PrepareOptions& options, const kernels::KernelSet& kernels, ThreadPool& pool, PreparedTensors& prepared,
                           const std::function<void(uint64_t)>& progress, const CancelToken* cancel) {
  const CurvatureSink round = [&](std::map<MatrixId, Curvature>& curvatures) {
    for (auto& [id, curvature] : curvatures) {
      if (cancel != nullptr) cancel->check();
      const std::optional<QuantType> type = types[id.tensor];
      const TensorView& matrix = source.parts(id.tensor)[id.part];
      if (!type || is_float(*type) || *type == matrix.type || curvature.n_rows == 0) continue;
      try {
        const std::span<std::byte> out = prepared.add(id, *type, matrix.rows(), matrix.cols());
        if (codecs::recoder(*type) != nullptr) {
          round_matrix(matrix, curvature, *type, options.rounding, kernels, pool, out);
        } else {
          encode_weighted(matrix, curvature, *type, pool, cancel, out);
        }
        prepared.settle(id);
      } catch (Error& error) {
        throw error.add_context(fmt::format("tensor '{}'", source.description().tensors[id.tensor].name));
      }
      curvature = {};
    }
  };
  calibrate(source, tokens, options.calibration, kernels, pool, round, progress, cancel);
}

}  // namespace aurea::quantization
