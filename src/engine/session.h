// One conversation with the engine: a prompt goes in, tokens and text come out.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/cancel.h"
#include "engine/engine.h"
#include "engine/model.h"
#include "engine/sampling/sampler.h"
#include "engine/speculation/draft_length.h"
#include "engine/speculation/drafter.h"

namespace aurea::engine {

struct GenerateOptions {
  size_t max_tokens = SIZE_MAX;  // the context ends generation too
  SamplingOptions sampling;
  std::vector<std::string> stop;  // ends the answer; not part of it
  bool ignore_end = false;        // end-of-generation tokens are never chosen
};

/// Guessing ahead. Of a draft, the tokens are kept that the sampler chooses at their places from the model's own
/// logits: the answer is the one without speculation, token for token, whatever the sampling.
struct Speculation {
  std::unique_ptr<Drafter> drafter;  // null: no speculation
  size_t min_tokens = 1;             // drafts with fewer are not tried
  size_t max_tokens = 16;
  bool adapt = true;  // fewer, or none, where guesses fail or cost more than they save
};

enum class FinishReason { kStop, kLength, kCancelled };

struct Timings {
  size_t prompt_tokens = 0;  // computed, without those reused from the turn before
  double prompt_seconds = 0;
  size_t generated_tokens = 0;
  double generate_seconds = 0;
  size_t drafted_tokens = 0;   // guessed and tried
  size_t accepted_tokens = 0;  // of these, right: part of generated_tokens
};

struct GenerateResult {
  std::string text;  // valid UTF-8
  std::vector<int32_t> tokens;
  FinishReason reason = FinishReason::kStop;
  Timings timings;
};

class Session {
 public:
  Session(const Model& model, Engine& engine, Speculation speculation = {});
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Continues `prompt`, which is the whole conversation so far: the part that equals what the engine already holds is
  /// not computed again. `on_text` gets pieces of whole characters. A cancel ends the answer cleanly (kCancelled).
  /// Throws kBadArgument when the prompt is empty or leaves no room in the context.
  GenerateResult generate(std::span<const int32_t> prompt, const GenerateOptions& options,
                          const std::function<void(std::string_view)>& on_text = nullptr,
                          const CancelToken* cancel = nullptr);

 private:
  class Answer;
  void check_prompt(std::span<const int32_t> prompt) const;
  void read_prompt(std::span<const int32_t> prompt, Answer& answer, const CancelToken* cancel);
  std::vector<int32_t> draft(const Answer& answer, const CancelToken* cancel);
  bool extend(Answer& answer, const CancelToken* cancel);

  const Model& model_;
  Engine& engine_;
  SequenceId sequence_;
  Speculation speculation_;
  DraftLength draft_length_;
};

}  // namespace aurea::engine
