// Writes a description as an architecture file reads: each call adds tensors and the node that uses them.
#pragma once

#include <string>

#include "models/description.h"

namespace aurea::models {

/// Tensors and nodes under one pair of prefixes: "blk.3." in GGUF and "model.layers.3." in a checkpoint.
class Builder {
 public:
  Builder(ModelDescription& description, int layer, std::string gguf_prefix, std::string hf_prefix)
      : d_(description), layer_(layer), gguf_(std::move(gguf_prefix)), hf_(std::move(hf_prefix)) {}

  /// `<prefix><name>.<kind>`; kind is "weight" or "bias".
  TensorId tensor(const std::string& name, const std::string& source, TensorRole role, Shape shape, const char* kind = "weight");
  /// Stacked [n, rows, cols]; `source` holds "{}" where the number of the part stands.
  TensorId stacked(const std::string& name, const std::string& source, TensorRole role, Shape shape);

  // Nodes; `name` names the tensor and the value, `source` the tensor in the checkpoint.
  ValueId rms_norm(ValueId x, const std::string& name, const std::string& source);
  /// Over runs of `width` columns; 0: over the whole row.
  ValueId layer_norm(ValueId x, const std::string& name, const std::string& source, uint64_t width = 0);
  ValueId linear(ValueId x, const std::string& name, const std::string& source, TensorRole role, uint64_t rows, bool bias = false);
  /// Query, key and value [n_tokens, heads * head_dim], before the rotation: three matrices, or one with fused_qkv.
  struct Projected {
    ValueId q, k, v;
  };
  Projected project(ValueId h, bool bias);
  /// (q, k, v), rotated already -> [n_tokens, n_heads * head_dim], with the model's heads and window.
  ValueId attention(ValueId q, ValueId k, ValueId v);

  /// The name of a value of this block.
  [[nodiscard]] std::string value(const char* name) const { return gguf_ + name; }
  [[nodiscard]] Graph& graph() { return d_.graph; }

 private:
  [[nodiscard]] float eps() const { return static_cast<float>(d_.params.norm_eps); }

  ModelDescription& d_;
  int layer_;
  std::string gguf_, hf_;
};

/// The embedding, and LongRoPE's lists if the model has them. Returns the residual stream [n_tokens, hidden].
ValueId add_embedding(ModelDescription& description);
/// The output matrix, or the embedding in its place; sets the graph's logits. `x`: the last norm's output for the selected rows.
void add_output(ModelDescription& description, ValueId x);

}  // namespace aurea::models
