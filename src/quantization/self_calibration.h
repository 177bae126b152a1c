// Calibration without data: the model writes its own text, from plain openings and as both sides of a conversation.
// The idea of sampling calibration data from the model itself: LLM-QAT, arXiv:2305.17888; user turns left open: Magpie,
// arXiv:2406.08464.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/cancel.h"
#include "engine/engine.h"
#include "engine/model.h"
#include "quantization/collect_importance.h"

namespace aurea::quantization {

struct SelfCalibration {
  size_t sequences = 32;
  size_t length = 512;  // tokens of each, at most the engine's context
  uint64_t seed = 1;

  /// "auto:seed=1,sequences=32,length=512": goes into files as the data set's name.
  [[nodiscard]] std::string name() const;
};

/// Samples at temperature 1, many sequences side by side. Every second one is a conversation in the model's chat format
/// if it has one; the others begin with its BOS token, or a random token where there is none. Each has a random
/// generator of its own, so that the result is the same for the same seed, kernels and key/value cache type. `progress`
/// gets the number of tokens done. Throws kCancelled.
std::vector<Chunk> write_calibration(const engine::Model& model, engine::Engine& engine, const SelfCalibration& options,
                                     const std::function<void(uint64_t)>& progress,
                                     const CancelToken* cancel = nullptr);

}  // namespace aurea::quantization
