// A model's forward computation as a list of operations in a small vocabulary.
//
// The one description that every target reads: the engine plans it onto kernels, an exporter lowers it into its own graph,
// the quantizer asks it what each tensor is for. Values are rows of float32, one row per token: [n_tokens, width].
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace aurea::models {

using ValueId = uint32_t;   // index into Graph::values
using TensorId = uint32_t;  // index into ModelDescription::tensors

// --- The operations. Inputs and outputs stand in Node. -------------------------------------------------------------------

struct Embedding {  // () -> [n_tokens, hidden]: the token ids' rows of the table
  TensorId table;
};
struct RmsNorm {  // x / sqrt(mean(x^2) + eps) * weight
  TensorId weight;
  float eps;
};
struct Linear {  // x * W^T + bias
  TensorId weight;
  std::optional<TensorId> bias;
};
struct Slice {  // columns [begin, begin + width of the output): a view
  uint64_t begin;
};
struct Rope {  // rotates the first rope dims of every head, half-split pairs, at each token's position
  uint64_t n_heads, head_dim;
};
struct Attention {  // (q, k, v) -> [n_tokens, n_heads * head_dim]: causal, over this layer's cache
  uint32_t layer;
  uint64_t n_heads, n_kv_heads, head_dim;
  float scale;
  uint64_t window;  // visible keys, the token's own included; 0: all
};
struct SiluMul {};  // (gate, up) -> up * gate / (1 + exp(-gate))
struct Add {};      // (a, b) -> a + b
struct SelectRows {};  // keeps the rows whose logits are wanted; everything after it runs on those only

using Op = std::variant<Embedding, RmsNorm, Linear, Slice, Rope, Attention, SiluMul, Add, SelectRows>;

struct Node {
  Op op;
  std::vector<ValueId> inputs;
  ValueId output;
};

struct Value {
  uint64_t width;
  std::string name;  // "blk.3.attn_qkv": for traces and observers
};

struct Graph {
  std::vector<Value> values;
  std::vector<Node> nodes;  // in order of execution
  ValueId logits = 0;       // [n_selected, vocab]

  // Builders: each appends one node and returns its output.
  ValueId add_node(Op op, std::vector<ValueId> inputs, uint64_t width, std::string name);
  ValueId embedding(TensorId table, uint64_t width, std::string name);
  ValueId rms_norm(ValueId x, TensorId weight, float eps, std::string name);
  ValueId linear(ValueId x, TensorId weight, uint64_t rows, std::string name);
  ValueId slice(ValueId x, uint64_t begin, uint64_t width, std::string name);
  ValueId rope(ValueId x, uint64_t n_heads, uint64_t head_dim, std::string name);
  ValueId attention(ValueId q, ValueId k, ValueId v, const Attention& attention, std::string name);
  ValueId silu_mul(ValueId gate, ValueId up, std::string name);
  ValueId add(ValueId a, ValueId b, std::string name);
  ValueId select_rows(ValueId x, std::string name);
};

}  // namespace aurea::models
