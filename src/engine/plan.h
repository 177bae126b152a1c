// A model's graph, planned onto kernels: a flat list of nodes with buffers, weights and kernels already chosen.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/tensor_view.h"
#include "core/thread_pool.h"
#include "engine/kv_cache.h"
#include "kernels/kernel_set.h"
#include "models/source.h"

namespace aurea::engine {

/// Rows of float32 somewhere in the plan's buffers: row r starts at data + r * stride.
struct Slot {
  float* data = nullptr;
  size_t stride = 0;
  size_t width = 0;
  [[nodiscard]] float* row(size_t index) const { return data + index * stride; }
};

/// One token of a forward pass.
struct BatchToken {
  int32_t id;
  uint32_t position;
  const Sequence* sequence;
};

/// What the nodes of one forward pass share.
struct Pass {
  std::span<const BatchToken> tokens;
  std::span<const uint32_t> selected;  // rows of `tokens` whose logits are wanted, for the nodes behind SelectRows
  size_t n_rows;                       // rows of the current node: tokens.size(), behind SelectRows selected.size()
  const float* rope_cos;               // [n_tokens, rope dims / 2], times the magnitude
  const float* rope_sin;
  const KvCache& cache;
  const kernels::KernelSet& kernels;
  ThreadPool& pool;
  std::span<uint8_t> packed;           // activations in the format of the kernel that reads them next
};

struct PlanNode {
  void (*run)(const PlanNode& node, Pass& pass);
  const models::Node* source;
  Slot in[3];
  Slot out;
  TensorView weight;                           // Embedding, Linear
  const kernels::MatmulKernel* kernel = nullptr;  // Linear
  std::vector<float> vector;                   // RmsNorm's weight, Linear's bias, as float32
  bool packed_already = false;                 // Linear: the node before packed the same input in the same format
  size_t rope_half = 0;                        // Rope: pairs to rotate
};

class Plan {
 public:
  /// Passes hold at most `max_tokens` tokens; behind SelectRows at most `max_selected` rows.
  Plan(const models::ModelSource& source, const kernels::KernelSet& kernels, size_t max_tokens, size_t max_selected);

  [[nodiscard]] std::span<const PlanNode> body() const { return std::span(nodes_).first(select_); }
  [[nodiscard]] std::span<const PlanNode> head() const { return std::span(nodes_).subspan(select_); }  // from SelectRows on
  [[nodiscard]] Slot logits() const { return logits_; }
  [[nodiscard]] size_t packed_bytes_per_row() const { return packed_bytes_per_row_; }

 private:
  void assign_buffers(const models::Graph& graph, size_t max_tokens, size_t max_selected);
  void choose_kernels(const models::ModelSource& source, const kernels::KernelSet& kernels);

  std::vector<PlanNode> nodes_;
  std::vector<float> buffers_;  // what all slots point into
  size_t select_ = 0;        // index of SelectRows in nodes_
  Slot logits_;
  size_t packed_bytes_per_row_ = 0;
};

// The ops (engine/ops/*.cpp): each reads node.in, writes node.out for pass.n_rows rows.
void run_embedding(const PlanNode& node, Pass& pass);
void run_rms_norm(const PlanNode& node, Pass& pass);
void run_linear(const PlanNode& node, Pass& pass);
void run_slice(const PlanNode& node, Pass& pass);
void run_rope(const PlanNode& node, Pass& pass);
void run_attention(const PlanNode& node, Pass& pass);
void run_silu_mul(const PlanNode& node, Pass& pass);
void run_add(const PlanNode& node, Pass& pass);
void run_select_rows(const PlanNode& node, Pass& pass);

}  // namespace aurea::engine
