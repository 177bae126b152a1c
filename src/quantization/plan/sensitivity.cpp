#include "quantization/plan/sensitivity.h"

#include <algorithm>

#include "codecs/codec.h"
#include "core/error.h"
#include "quantization/plan/loss_measure.h"

namespace aurea::quantization {
namespace {

using models::TensorId;
using models::TensorSpec;

class Measurement {
 public:
  Measurement(const models::ModelSource& source, std::span<const std::vector<QuantType>> candidates,
              std::span<const int32_t> tokens, const SensitivityOptions& options, Importance& importance, bool collect,
              const kernels::KernelSet& kernels, ThreadPool& pool, const CancelToken* cancel)
      : source_(source),
        candidates_(candidates),
        options_(options),
        importance_(importance),
        collect_(collect),
        kernels_(kernels),
        pool_(pool),
        cancel_(cancel),
        n_tokens_(tokens.size() / options.calibration.length * options.calibration.length) {
    frequencies_ = token_frequencies(tokens.first(n_tokens_), source.params().vocab_size);
    for (const std::vector<QuantType>& types : candidates) {
      losses.emplace_back();
      for (const QuantType type : types) losses.back().push_back({type});
    }
  }

  void take(MatrixId id, const Curvature& curvature) {
    if (candidates_[id.tensor].empty()) return;
    const TensorSpec& spec = source_.description().tensors[id.tensor];
    if (collect_) collect(id, spec, curvature);
    try {
      measure(id, curvature);
    } catch (Error& error) {
      throw error.add_context(fmt::format("tensor '{}'", spec.name));
    }
  }

  std::vector<std::vector<TypeLoss>> losses;

 private:
  void collect(MatrixId id, const TensorSpec& spec, const Curvature& curvature) {
    ImportanceEntry entry{.n_mat = spec.n_parts(),
                          .sums = std::vector<float>(spec.n_parts() * curvature.n_in),
                          .counts = std::vector<float>(spec.n_parts())};
    for (size_t j = 0; j < curvature.n_in; ++j)
      entry.sums[id.part * curvature.n_in + j] = curvature.input[j * curvature.n_in + j];
    entry.counts[id.part] = static_cast<float>(curvature.n_rows);
    importance_.add(spec.name, entry);
  }

  void measure(MatrixId id, const Curvature& curvature) {
    const TensorSpec& spec = source_.description().tensors[id.tensor];
    const TensorView& matrix = source_.parts(id.tensor)[id.part];
    std::vector<float> columns;
    if (importance_.has(spec.name))
      columns = importance_.column_importance(spec.name, id.part, spec.n_parts(), matrix.cols());
    RowSample sample = curvature.output.empty() ? sample_tokens(frequencies_, options_.sample_rows)
                                                : sample_groups(curvature, options_.sample_rows);
    LossMeasure measure(matrix, curvature, std::move(sample), kernels_, pool_);
    const double share = static_cast<double>(curvature.n_rows) / static_cast<double>(n_tokens_);
    for (TypeLoss& candidate : losses[id.tensor]) {
      if (candidate.type == matrix.type) continue;
      const bool weighted = codecs::codec(candidate.type).uses_importance && !columns.empty();
      candidate.loss += share * measure.loss(candidate.type, weighted ? columns.data() : nullptr, cancel_);
    }
  }

  const models::ModelSource& source_;
  std::span<const std::vector<QuantType>> candidates_;
  const SensitivityOptions& options_;
  Importance& importance_;
  bool collect_;
  const kernels::KernelSet& kernels_;
  ThreadPool& pool_;
  const CancelToken* cancel_;
  size_t n_tokens_;
  std::vector<double> frequencies_;
};

}  // namespace

std::vector<std::vector<TypeLoss>> measure_sensitivity(const models::ModelSource& source,
                                                       std::span<const std::vector<QuantType>> candidates,
                                                       std::span<const int32_t> tokens,
                                                       const SensitivityOptions& options, Importance& importance,
                                                       bool collect, const kernels::KernelSet& kernels,
                                                       ThreadPool& pool, const std::function<void(uint64_t)>& progress,
                                                       const CancelToken* cancel) {
  AUREA_CHECK(candidates.size() == source.description().tensors.size());
  Measurement measurement(source, candidates, tokens, options, importance, collect, kernels, pool, cancel);
  calibrate(
      source, tokens, options.calibration, kernels, pool,
      [&](MatrixId id, const Curvature& curvature) { measurement.take(id, curvature); }, progress, cancel);
  return std::move(measurement.losses);
}

}  // namespace aurea::quantization
