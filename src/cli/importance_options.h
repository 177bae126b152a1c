// Options about importance matrices that several commands have: reading them, and letting the model make one of its own
// text.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "quantization/importance.h"
#include "quantization/self_calibration.h"

namespace aurea::cli {

/// --auto-tokens, --seed: how much the model writes.
struct SelfCalibrationFlags {
  size_t tokens = 16384;
  uint64_t seed = 1;

  /// `seed_option`: "--seed", or another name where that is taken.
  void add_to(CLI::App& app, const std::string& seed_option = "--seed");
  /// Sequences of 512 tokens, or of the model's context if that is shorter.
  [[nodiscard]] quantization::SelfCalibration options(const engine::Model& model) const;
  /// With progress, and a notice when the model has no chat format to write in.
  [[nodiscard]] std::vector<quantization::Chunk> write(const engine::Model& model, engine::Engine& engine,
                                                       const Context& context) const;
};

/// --imatrix of the commands that quantize.
struct ImportanceFlags {
  std::vector<std::string> files;               // or "auto"
  std::vector<std::string> included, excluded;  // parts of names of entries; only one of the two
  SelfCalibrationFlags self;

  void add_to(CLI::App& app);
  /// They would be collected, which takes as long as reading the text that the model writes.
  [[nodiscard]] bool automatic() const;
  /// The files' sums together, or those of what the model at `model` writes itself; nothing without --imatrix.
  /// Throws kBadFile, naming file and tensor, kBadArgument for a name that is part of no entry's, kCancelled.
  [[nodiscard]] std::optional<quantization::Importance> load(const std::string& model, unsigned threads,
                                                             const Context& context) const;

 private:
  void filter(quantization::Importance& importance) const;
};

/// The sums of all files; nothing of none. An unfinished one gives a notice.
std::optional<quantization::Importance> read_importance(const std::vector<std::string>& files, const Context& context);

/// Throws kBadFile, naming file and tensor, when an entry of a tensor of the model is not of its shape.
void check_shapes(const quantization::Importance& importance, const models::ModelDescription& description);

}  // namespace aurea::cli
