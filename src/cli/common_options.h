// Options that several commands have, with llama.cpp's names where llama.cpp has them.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "engine/engine.h"
#include "engine/model.h"
#include "engine/sampling/sampler.h"

namespace aurea::cli {

inline constexpr size_t kMaxTextBytes = size_t{1} << 30;  // of a text that is read whole

/// MODEL as a positional, or --model.
void add_model_option(CLI::App& app, std::string& path, bool required = true);

/// A whole number from `low` on: refuses "-1", which the parser would take for a size of 2^64 - 1, and words.
CLI::Validator whole_number(uint64_t low = 0, uint64_t high = INT64_MAX);

/// --threads, --ctx-size, --batch-size, --cache-type and its two halves, --pack-cache, --gpu-layers.
struct EngineFlags {
  unsigned threads = 0;
  size_t context_size = 0;
  size_t batch_tokens = 512;
  std::string cache_type = "f16", cache_type_k, cache_type_v;  // the latter empty: as cache_type
  bool pack_cache = false;
  int gpu_layers = 0;

  void add_to(CLI::App& app);
  /// Without --ctx-size, for commands that give it a meaning of their own.
  void add_all_but_context(CLI::App& app);
  [[nodiscard]] engine::EngineOptions options(const Context& context) const;
};

/// Loads the engine's plan and prints the chosen kernels when AUREA_VERBOSE names "dispatch".
void report_dispatch(const engine::Engine& engine);

/// --temp, --top-k, ..., --seed.
struct SamplingFlags {
  engine::SamplingOptions sampling;
  int64_t seed = -1;  // negative: a new one every time

  void add_to(CLI::App& app);
  [[nodiscard]] engine::SamplingOptions options() const;
};

/// Input as text (--text FILE, --prompt TEXT) or ids (--tokens 1,2,3): at most one of them.
struct InputFlags {
  std::string text_file, prompt;
  std::vector<int32_t> tokens;

  void add_to(CLI::App& app);
  /// One of the options was on the command line, be its value empty or not.
  [[nodiscard]] bool given() const;
  /// The text of --text or --prompt. Throws kBadArgument when ids were given.
  [[nodiscard]] std::string text() const;
  /// Ids, encoded with the model's tokenizer if text was given (control tokens in it are plain text).
  /// Throws kBadArgument when an id of --tokens is outside the model's vocabulary.
  [[nodiscard]] std::vector<int32_t> ids(const engine::Model& model, bool add_special) const;

 private:
  std::vector<CLI::Option*> options_;
};

}  // namespace aurea::cli
