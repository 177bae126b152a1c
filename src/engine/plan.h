// A model's graph, planned onto kernels: a flat list of nodes with buffers, weights and kernels already chosen.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/tensor_view.h"
#include "core/thread_pool.h"
#include "engine/kv_cache.h"
#include "engine/matrix.h"
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

/// The rows that a matrix is about to be multiplied with, as they are before any packing.
struct MatrixInput {
  models::TensorId weight;
  size_t part;  // of stacked matrices (experts): which one; else 0
  size_t n_rows, n_cols;
  const float* rows;  // [n_rows, n_cols]: row r starts at rows + r * stride; gone after the call
  size_t stride;
  std::span<const BatchToken> tokens;     // of the pass
  std::span<const uint32_t> token_index;  // [n_rows] into tokens, rising; empty: row r belongs to token r

  [[nodiscard]] const float* row(size_t r) const { return rows + r * stride; }
  [[nodiscard]] size_t token_of(size_t r) const { return token_index.empty() ? r : token_index[r]; }
};

/// Called before every matrix product from the thread that steps the engine, while its pool is idle: the observer may
/// use it.
using InputObserver = std::function<void(const MatrixInput&)>;

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
  std::span<uint8_t> scratch;          // of the running node, as large as its op asked for
  const InputObserver& observe_input;  // may be empty
};

struct PlanNode {
  void (*run)(const PlanNode& node, Pass& pass);
  const models::Node* source;
  Slot in[3];
  Slot out;
  std::vector<Matrix> matrices;     // Embedding: the table; Linear: one; Experts: gate, up, down
  std::vector<float> scale, shift;  // weight and bias of norms, bias of Linear, as float32
  bool packed_already = false;      // Linear: the node before packed the same input in the same format
  size_t rope_half = 0;             // Rope: pairs to rotate
};

/// What an op may look at while it is planned, and where it says what it needs.
struct Planning {
  const models::ModelSource& source;
  const kernels::KernelSet& kernels;
  PackedWeights& weights;
  size_t max_tokens;
  unsigned n_threads;
  const PlanNode* before = nullptr;  // the node that runs just before; null: none
  size_t scratch_bytes = 0;          // the most that any node needs

  /// To look up rows of.
  [[nodiscard]] Matrix table(models::TensorId id) const;
  /// To multiply with.
  [[nodiscard]] Matrix matrix(models::TensorId id);
  [[nodiscard]] std::vector<float> vector(models::TensorId id) const;
};

/// How an op runs. Each is defined in its file under engine/ops; plan.cpp has the table.
struct OpRunner {
  void (*run)(const PlanNode& node, Pass& pass);                  // reads node.in, writes node.out for pass.n_rows rows
  void (*prepare)(PlanNode& node, Planning& planning) = nullptr;  // loads weights, chooses kernels, asks for scratch
  bool in_place = false;                                          // may the output be written over the first input?
};
extern const OpRunner kEmbeddingRunner, kRmsNormRunner, kLayerNormRunner, kLinearRunner, kSliceRunner, kRopeRunner,
    kAttentionRunner, kSiluMulRunner, kGeluRunner, kSparseMixerRunner, kExpertsRunner, kAddRunner, kSelectRowsRunner;

class Plan {
 public:
  /// Passes hold at most `max_tokens` tokens; behind SelectRows at most `max_selected` rows.
  Plan(const models::ModelSource& source, const kernels::KernelSet& kernels, PackedWeights& weights, size_t max_tokens,
       size_t max_selected, unsigned n_threads);

  [[nodiscard]] std::span<const PlanNode> body() const { return std::span(nodes_).first(select_); }
  [[nodiscard]] std::span<const PlanNode> head() const {
    return std::span(nodes_).subspan(select_);
  }  // from SelectRows on
  [[nodiscard]] Slot logits() const { return logits_; }
  [[nodiscard]] size_t scratch_bytes() const { return scratch_bytes_; }

 private:
  void assign_buffers(const models::Graph& graph, size_t max_tokens, size_t max_selected);

  std::vector<PlanNode> nodes_;
  std::vector<float> buffers_;  // what all slots point into
  size_t select_ = 0;           // index of SelectRows in nodes_
  Slot logits_;
  size_t scratch_bytes_ = 0;
};

/// Rows of a matrix that a thread takes at once: small enough that the threads finish together, large enough that a
/// kernel's prefetching pays; with one token the weights stream from memory, and every piece starts cold.
size_t rows_at_once(size_t rows, size_t n_tokens, const ThreadPool& pool);

}  // namespace aurea::engine
