// A model under workload: loaded, with its engine and the sequences that its workloads write to.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cli/bench/workload.h"
#include "core/cancel.h"
#include "engine/engine.h"
#include "engine/model.h"

namespace aurea::cli::bench {

class Subject {
 public:
  /// `label`: the model's name in results. Throws as engine::Model::load and engine::Engine do.
  Subject(const std::string& path, std::string label, const engine::EngineOptions& options);

  [[nodiscard]] const std::string& label() const { return label_; }
  /// "Q4_K_M": the recipe that a GGUF file names, or the type that most bytes have.
  [[nodiscard]] const std::string& type() const { return type_; }
  [[nodiscard]] double load_seconds() const { return load_seconds_; }
  [[nodiscard]] engine::Engine& engine() { return *engine_; }
  [[nodiscard]] const models::ModelSource& source() const { return model_->source(); }

  /// Throws kBadArgument, naming the options, for a workload that is longer than the context.
  void check_room(const Workload& work) const;
  /// Fills the sequences that `workloads` write to up to their depths, and keeps them; `fed` is called after each step
  /// with its number of tokens. Called once, before run(). Throws kCancelled, kOutOfMemory.
  void fill(std::span<const Workload> workloads, const CancelToken& cancel, const std::function<void(size_t)>& fed);
  /// Tokens per second. The sequences have their depth again afterwards. Throws kCancelled, kOutOfMemory.
  double run(const Workload& work, const CancelToken& cancel);

 private:
  double prefill_seconds(const Workload& work, const CancelToken& cancel);
  double decode_seconds(const Workload& work, const CancelToken& cancel);
  void step(const std::vector<engine::StepItem>& items, const CancelToken& cancel);

  /// Those of one depth: as many as the largest batch there.
  struct Sequences {
    std::vector<engine::SequenceId> ids;
    /// That any of the workloads reaches: with one length for all, LongRoPE's factors do not change from workload to
    /// workload.
    size_t longest = 0;
  };

  std::unique_ptr<engine::Model> model_;
  std::unique_ptr<engine::Engine> engine_;
  std::string label_, type_;
  double load_seconds_ = 0;
  std::map<size_t, Sequences> sequences_;  // by depth
};

}  // namespace aurea::cli::bench
