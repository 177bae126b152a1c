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

/// MODEL as a positional, or --model.
void add_model_option(CLI::App& app, std::string& path);

/// --threads, --ctx-size, --batch-size, --cache-type, --gpu-layers.
struct EngineFlags {
  unsigned threads = 0;
  size_t context_size = 0;
  size_t batch_tokens = 512;
  std::string cache_type = "f16";
  int gpu_layers = 0;

  void add_to(CLI::App& app);
  [[nodiscard]] engine::EngineOptions options(const Context& context) const;
};

/// Loads the engine's plan and prints the chosen kernels when AUREA_VERBOSE names "dispatch".
void report_dispatch(const engine::Engine& engine);

/// --temp, --top-k, ..., --seed.
struct SamplingFlags {
  engine::SamplingOptions sampling;
  std::optional<uint64_t> seed;  // nothing: a new one every time

  void add_to(CLI::App& app);
  [[nodiscard]] engine::SamplingOptions options() const;
};

/// Input as text (--text FILE, --prompt TEXT) or ids (--tokens 1,2,3): exactly one of them.
struct InputFlags {
  std::string text_file, prompt;
  std::vector<int32_t> tokens;

  void add_to(CLI::App& app);
  [[nodiscard]] bool given() const { return !text_file.empty() || !prompt.empty() || !tokens.empty(); }
  /// The text of --text or --prompt. Throws kBadArgument when ids were given.
  [[nodiscard]] std::string text() const;
  /// Ids, encoded with the model's tokenizer if text was given (control tokens in it are plain text).
  [[nodiscard]] std::vector<int32_t> ids(const engine::Model& model, bool add_special) const;
};

}  // namespace aurea::cli
