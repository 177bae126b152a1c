// One conversation with the engine: a prompt goes in, tokens and text come out.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/cancel.h"
#include "engine/engine.h"
#include "engine/model.h"
#include "engine/sampling/sampler.h"

namespace aurea::engine {

struct GenerateOptions {
  size_t max_tokens = SIZE_MAX;  // the context ends generation too
  SamplingOptions sampling;
  std::vector<std::string> stop;  // ends the answer; not part of it
  bool ignore_end = false;        // end-of-generation tokens are never chosen
};

enum class FinishReason { kStop, kLength, kCancelled };

struct Timings {
  size_t prompt_tokens = 0;  // computed, without those reused from the turn before
  double prompt_seconds = 0;
  size_t generated_tokens = 0;
  double generate_seconds = 0;
};

struct GenerateResult {
  std::string text;  // valid UTF-8
  std::vector<int32_t> tokens;
  FinishReason reason = FinishReason::kStop;
  Timings timings;
};

class Session {
 public:
  Session(const Model& model, Engine& engine);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Continues `prompt`, which is the whole conversation so far: the part that equals what the engine already holds is not
  /// computed again. `on_text` gets pieces of whole characters. A cancel ends the answer cleanly (kCancelled).
  /// Throws kBadArgument when the prompt is empty or leaves no room in the context.
  GenerateResult generate(std::span<const int32_t> prompt, const GenerateOptions& options,
                          const std::function<void(std::string_view)>& on_text = nullptr,
                          const CancelToken* cancel = nullptr);

 private:
  const Model& model_;
  Engine& engine_;
  SequenceId sequence_;
};

}  // namespace aurea::engine
