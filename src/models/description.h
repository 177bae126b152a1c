// What an architecture says of one model: its tensors (names, shapes, purpose) and its graph.
#pragma once

#include <string>
#include <vector>

#include "core/tensor_view.h"
#include "models/graph.h"
#include "models/hyperparams.h"

namespace aurea::models {

/// What a tensor is for; quantization recipes decide by it.
enum class TensorRole {
  kTokenEmbedding,
  kOutput,
  kAttnQkv,  // fused query, key and value
  kAttnOutput,
  kFfnUp,    // fused gate and up as well
  kFfnDown,
  kNorm,
  kRopeFactors,
};

struct TensorSpec {
  std::string name;         // canonical: GGUF's
  std::string source_name;  // in a Hugging Face checkpoint; empty: not stored there, the values are `constant`
  TensorRole role;
  int layer = -1;           // -1: outside the blocks
  Shape shape;              // slowest dimension first
  std::vector<float> constant;
};

struct ModelDescription {
  std::string architecture;  // GGUF's name: "phi3"
  Hyperparams params;
  std::vector<TensorSpec> tensors;
  Graph graph;

  TensorId add_tensor(TensorSpec spec) {
    tensors.push_back(std::move(spec));
    return static_cast<TensorId>(tensors.size() - 1);
  }
};

}  // namespace aurea::models
