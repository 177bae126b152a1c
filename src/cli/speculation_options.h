// Options of speculation, shared by run and chat, with llama.cpp's names where llama.cpp has them.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/model.h"
#include "engine/session.h"
#include "engine/speculation/draft_model.h"
#include "engine/speculation/prompt_lookup.h"

namespace aurea::cli {

/// --spec-type, --spec-draft-model, ...: off unless one of these two is given.
struct SpeculationFlags {
  std::string type, draft_model;
  size_t max_tokens = engine::Speculation{}.max_tokens;
  size_t min_tokens = 0;
  size_t ngram = engine::PromptLookup::kDefaultNgram;
  float p_min = engine::DraftModel::kDefaultPMin;

  void add_to(CLI::App& app);
  /// Throws kBadArgument for options that contradict each other or have no use.
  void check() const;
  /// The speculation for sessions of `engine`, which runs `model`; loads the draft model. `options` are those that the engine was
  /// made with. Throws as DraftModel does.
  [[nodiscard]] engine::Speculation make(const engine::Model& model, const engine::Engine& engine, engine::EngineOptions options) const;

 private:
  [[nodiscard]] bool uses_model() const { return !draft_model.empty(); }
  [[nodiscard]] bool uses_lookup() const { return type == "ngram-simple"; }

  std::vector<CLI::Option*> of_any_, of_model_, of_lookup_;  // that only mean something with one of the types
};

}  // namespace aurea::cli
