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
struct LayerNorm {  // (x - mean) / sqrt(variance + eps) * weight + bias, over each run of as many columns as the weight has
  TensorId weight, bias;
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
struct Gelu {};     // x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) / 2
struct SparseMixer {  // scores [n_tokens, n_experts] -> [n_tokens, 4]: first and second expert (their numbers), their weights
  float jitter;       // half the width of the band of scores that share a weight, relative
};
struct Experts {  // (x, routing) -> sum over the two experts of weight * down(silu(gate(x)) * up(x)), first expert first
  TensorId gate, up, down;  // [n_experts, ffn, hidden] twice, [n_experts, hidden, ffn]
};
struct Add {};      // (a, b) -> a + b
struct SelectRows {};  // keeps the rows whose logits are wanted; everything after it runs on those only

using Op = std::variant<Embedding, RmsNorm, LayerNorm, Linear, Slice, Rope, Attention, SiluMul, Gelu, SparseMixer, Experts, Add,
                        SelectRows>;

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
  ValueId layer_norm(ValueId x, TensorId weight, TensorId bias, float eps, std::string name);
  ValueId linear(ValueId x, TensorId weight, std::optional<TensorId> bias, uint64_t rows, std::string name);
  ValueId slice(ValueId x, uint64_t begin, uint64_t width, std::string name);
  ValueId rope(ValueId x, uint64_t n_heads, uint64_t head_dim, std::string name);
  ValueId attention(ValueId q, ValueId k, ValueId v, const Attention& attention, std::string name);
  ValueId silu_mul(ValueId gate, ValueId up, std::string name);
  ValueId gelu(ValueId x, std::string name);
  ValueId sparse_mixer(ValueId scores, float jitter, std::string name);
  ValueId experts(ValueId x, ValueId routing, const Experts& experts, std::string name);
  ValueId add(ValueId a, ValueId b, std::string name);
  ValueId select_rows(ValueId x, std::string name);
};

}  // namespace aurea::models
