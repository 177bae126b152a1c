// The engine: many sequences at different positions, stepped together. A single chat is a batch of one.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/cancel.h"
#include "core/thread_pool.h"
#include "engine/kv_cache.h"
#include "engine/plan.h"
#include "kernels/registry.h"
#include "models/source.h"

namespace aurea::engine {

struct EngineOptions {
  unsigned n_threads = 0;     // 0: one per available CPU
  size_t context_size = 0;    // tokens per sequence; 0: what the model was made for
  size_t batch_tokens = 512;  // tokens of one forward pass
  KvTypes kv_type = kernels::KvType::kF16;
  std::optional<std::string> kernel_set;       // nothing: the best one
  std::shared_ptr<ThreadPool> pool = nullptr;  // of an engine that steps in turn with this one; null: n_threads of its own
  bool pack_cache = false;  // packed weights are mapped from packed_file(), and written there first; else packed in memory
};

using SequenceId = uint32_t;

enum class WantLogits { kNone, kLast, kAll };

/// Tokens to append to one sequence in a step.
struct StepItem {
  SequenceId sequence;
  std::span<const int32_t> tokens;
  WantLogits logits = WantLogits::kLast;
  /// Length that the sequence is known to reach, if it will be fed in several steps: LongRoPE's factors are then chosen
  /// as for one step with all of it. 0: not known, the factors go by the length so far.
  size_t final_length = 0;
};

/// Called for every wanted row, in order within an item: (index of the item, index into its tokens, logits [vocab]).
using LogitsSink = std::function<void(size_t item, size_t index, std::span<const float> logits)>;

/// Called after every node of a pass: the value's name and its rows. For tests and traces.
using Observer = std::function<void(const std::string& name, const Slot& slot, size_t n_rows)>;

class Engine {
 public:
  /// `source` must outlive the engine. Throws kBadArgument / kUnsupported for options that cannot be had.
  Engine(const models::ModelSource& source, const EngineOptions& options);
  ~Engine();

  SequenceId create_sequence();
  void remove_sequence(SequenceId id);
  [[nodiscard]] const std::vector<int32_t>& tokens(SequenceId id) const;
  /// Forgets all tokens behind the first n.
  void truncate(SequenceId id, size_t n_tokens);

  /// Appends tokens to sequences (each at most once) and computes the wanted logits. A row's result does not depend on
  /// what else is in the step, nor on how a text was cut into steps. A sequence that crosses LongRoPE's original
  /// length, in either direction, is computed anew with the other factors. Throws kBadArgument for an id outside the
  /// vocabulary or a sequence that would not fit into the context, kCancelled; the sequences are then as before.
  void step(std::span<const StepItem> items, const LogitsSink& sink, const CancelToken* cancel = nullptr);

  [[nodiscard]] size_t context_size() const { return context_size_; }
  /// Tokens of one forward pass at most.
  [[nodiscard]] size_t batch_tokens() const { return batch_tokens_; }
  [[nodiscard]] const kernels::KernelSet& kernel_set() const { return kernels_; }
  [[nodiscard]] ThreadPool& pool() { return *pool_; }
  [[nodiscard]] const std::shared_ptr<ThreadPool>& shared_pool() const { return pool_; }
  [[nodiscard]] const models::ModelSource& source() const { return source_; }
  void set_observer(Observer observer) { observer_ = std::move(observer); }
  /// Shows what every matrix is multiplied with, as float32 and before any packing, pass by pass; see MatrixInput.
  void set_input_observer(InputObserver observer) { input_observer_ = std::move(observer); }
  /// One line per matrix product: tensor, type, kernel. For AUREA_VERBOSE=dispatch.
  [[nodiscard]] std::vector<std::string> describe_dispatch() const;

 private:
  struct Row;  // a token of a step: where it goes and who wants its logits
  void check_item(const StepItem& item) const;
  void run_pass(std::span<const Row> rows, const LogitsSink& sink);
  void run_nodes(std::span<const PlanNode> nodes, Pass& pass);
  void fill_rope(std::span<const BatchToken> tokens);
  void reserve_pages(Sequence& sequence);

  const models::ModelSource& source_;
  const kernels::KernelSet& kernels_;
  std::shared_ptr<ThreadPool> pool_;
  size_t context_size_, batch_tokens_;
  KvCache cache_;
  PackedWeights weights_;
  Plan plan_;
  std::vector<uint8_t> scratch_;
  std::vector<double> short_frequencies_, long_frequencies_;  // [rope dims / 2]
  std::vector<float> rope_cos_, rope_sin_;                    // [batch_tokens, rope dims / 2]
  std::unordered_map<SequenceId, std::unique_ptr<Sequence>> sequences_;
  SequenceId next_id_ = 0;
  Observer observer_;
  InputObserver input_observer_;
};

/// A sequence that ends with its scope.
class ScopedSequence {
 public:
  explicit ScopedSequence(Engine& engine) : engine_(engine), id_(engine.create_sequence()) {}
  ~ScopedSequence() { engine_.remove_sequence(id_); }
  ScopedSequence(const ScopedSequence&) = delete;
  ScopedSequence& operator=(const ScopedSequence&) = delete;
  [[nodiscard]] SequenceId id() const { return id_; }

 private:
  Engine& engine_;
  const SequenceId id_;
};

}  // namespace aurea::engine
