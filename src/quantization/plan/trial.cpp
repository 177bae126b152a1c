#include "quantization/plan/trial.h"

#include <algorithm>

#include "codecs/codec.h"
#include "core/error.h"
#include "quantization/quantize_tensor.h"

namespace aurea::quantization {

Trials::Trials(const models::ModelSource& source, const Importance* importance, const std::filesystem::path& scratch,
               std::span<const int32_t> tokens, size_t length, const engine::EngineOptions& options)
    : source_(source),
      importance_(importance),
      rounded_(scratch),
      tokens_(tokens),
      length_(length),
      options_(options) {}

TensorView Trials::rounded(models::TensorId id, size_t part, QuantType type, ThreadPool& pool,
                           const CancelToken* cancel) {
  if (const TensorView* known = rounded_.find({id, part}, type)) return *known;
  const models::TensorSpec& spec = source_.description().tensors[id];
  const TensorView& matrix = source_.parts(id)[part];
  std::vector<float> columns;
  if (importance_ != nullptr && codecs::codec(type).uses_importance && importance_->has(spec.name)) {
    columns = importance_->column_importance(spec.name, part, spec.n_parts(), matrix.cols());
  }
  const std::span<std::byte> out = rounded_.add({id, part}, type, matrix.rows(), matrix.cols());
  size_t written = 0;
  quantize_tensor(matrix, type, {.importance = columns.empty() ? nullptr : columns.data(), .cancel = cancel}, pool,
                  [&](std::span<const std::byte> piece) {
                    std::ranges::copy(piece, out.begin() + static_cast<std::ptrdiff_t>(written));
                    written += piece.size();
                  });
  rounded_.settle({id, part}, type);
  return *rounded_.find({id, part}, type);
}

Comparison Trials::run(std::span<const QuantType> types,
                       const std::function<void(uint64_t, const std::string&)>& progress, const CancelToken* cancel) {
  models::ModelSource candidate = models::ModelSource::open(source_.path());
  {
    ThreadPool pool(options_.n_threads);
    for (models::TensorId id = 0; id < types.size(); ++id) {
      for (size_t part = 0; part < source_.parts(id).size(); ++part) {
        if (source_.parts(id)[part].type == types[id]) continue;
        progress(0, source_.description().tensors[id].name);
        try {
          candidate.replace(id, part, rounded(id, part, types[id], pool, cancel));
        } catch (Error& error) {
          throw error.add_context(fmt::format("tensor '{}'", source_.description().tensors[id].name));
        }
      }
    }
  }
  engine::Engine ours(candidate, options_), theirs(source_, options_);
  return *evaluate(
              ours, &theirs, tokens_, {.context = length_, .bos = std::nullopt},
              [&](uint64_t done) { progress(done, ""); }, cancel)
              .comparison;
}

}  // namespace aurea::quantization
