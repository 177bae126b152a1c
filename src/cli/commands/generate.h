// Shared by run and chat: options of an answer, and printing it as it comes.
#pragma once

#include <string>

#include "cli/common_options.h"
#include "cli/speculation_options.h"
#include "engine/session.h"

namespace aurea::cli {

struct GenerateFlags {
  std::string model, system;
  long long max_tokens = -1;  // -1: until the model ends or the context is full
  std::vector<std::string> stop;
  bool ignore_eos = false;
  EngineFlags engine;
  SamplingFlags sampling;
  SpeculationFlags speculation;

  void add_to(CLI::App& app);
  [[nodiscard]] engine::GenerateOptions options() const;
  /// Throws kBadArgument for what is wrong with the options, which then shows before a model is read.
  void check() const;
};

/// Throws kUnsupported, naming the commands that do without, when the model brings no tokenizer.
void require_tokenizer(const engine::Model& model);

/// Throws kUnsupported when the model's chat template leaves a system message out, so that `system` would do nothing.
void check_system(const engine::Model& model, const std::string& system);

/// "12 tokens in 0.31 s (38.7 tokens/s), prompt of 9 in 0.02 s (412.0 tokens/s)", and what came of guesses.
std::string describe_timings(const engine::GenerateResult& result);
const char* reason_name(engine::FinishReason reason);

}  // namespace aurea::cli
