// What a choice of types really costs: the model with its matrices rounded as they would be in the file, evaluated
// against the original, without a file.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <vector>

#include "core/cancel.h"
#include "engine/engine.h"
#include "quantization/evaluate.h"
#include "quantization/importance.h"
#include "quantization/plan/scratch_matrices.h"

namespace aurea::quantization {

class Trials {
 public:
  /// `scratch`: a folder for the rounded matrices (see ScratchMatrices); all types that were tried together may take as
  /// much as a few results. `importance` may be null. Sequences of `length` tokens are evaluated each for itself.
  Trials(const models::ModelSource& source, const Importance* importance, const std::filesystem::path& scratch,
         std::span<const int32_t> tokens, size_t length, const engine::EngineOptions& options);

  /// `types` by TensorId; a type that the source has already is kept. Called again, it rounds only what it has not
  /// before. `progress` gets tokens done and, before the first of them, the tensor that is being rounded. Throws as the
  /// codecs, ScratchMatrices and evaluate do.
  Comparison run(std::span<const QuantType> types, const std::function<void(uint64_t, const std::string&)>& progress,
                 const CancelToken* cancel);

 private:
  TensorView rounded(models::TensorId id, size_t part, QuantType type, ThreadPool& pool, const CancelToken* cancel);

  const models::ModelSource& source_;
  const Importance* importance_;
  ScratchMatrices rounded_;
  std::span<const int32_t> tokens_;
  size_t length_;
  engine::EngineOptions options_;
};

}  // namespace aurea::quantization
