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
  kAttnQ,
  kAttnK,
  kAttnV,
  kAttnOutput,
  kFfnGate,
  kFfnUp,    // fused gate and up as well
  kFfnDown,
  kRouter,   // scores of the experts
  kNorm,
  kBias,
  kRopeFactors,
};

struct TensorSpec {
  std::string name;  // canonical: GGUF's
  /// In a Hugging Face checkpoint: one name, or one for each entry of a stacked tensor's first dimension.
  /// Empty: not stored there, the values are `constant`.
  std::vector<std::string> sources;
  TensorRole role;
  int layer = -1;  // -1: outside the blocks
  Shape shape;     // slowest dimension first; three dimensions: matrices stacked, one per expert
  std::vector<float> constant;

  [[nodiscard]] uint64_t n_parts() const { return shape.size() == 3 ? shape[0] : 1; }
};

struct ModelDescription {
  std::string architecture;  // GGUF's name: "phi3"
  Hyperparams params;
  std::vector<TensorSpec> tensors;
  std::vector<std::string> copies;  // tensors of a checkpoint that repeat another one: the output matrix when it is the embedding
  Graph graph;

  TensorId add_tensor(TensorSpec spec) {
    tensors.push_back(std::move(spec));
    return static_cast<TensorId>(tensors.size() - 1);
  }
};

/// Elements of all tensors but the rope factors, which are no parameters.
uint64_t parameter_count(const ModelDescription& description);

/// A matrix that an op multiplies with, and the share of it that one token reads.
struct MatrixUse {
  TensorId weight;
  double share;
};

/// The matrices that a node multiplies with, and how much of each one token reads.
std::vector<MatrixUse> matrices_of(const ModelDescription& description, const Node& node);

}  // namespace aurea::models
