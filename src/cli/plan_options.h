// What `aurea plan` and `aurea quantize --fit / --max-kl` share: the goal, the text, and the way from them to types.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/importance_options.h"
#include "core/json.h"
#include "exporters/gguf/export_plan.h"
#include "quantization/plan/planner.h"

namespace aurea::cli {

/// What a plan is made for and from, beside the options.
struct PlanInput {
  std::string path;  // of the source
  const models::ModelSource& source;
  exporters::GgufExportRequest request;                     // all but the types and the importance
  std::optional<quantization::Importance> importance = {};  // nothing: the calibration shows it
  std::string importance_name = "auto";                     // of one that the calibration shows
  std::string text_file = {};                               // empty: the model writes its own
  const SelfCalibrationFlags& self;
  std::filesystem::path scratch;  // a folder for rounded matrices
  unsigned threads = 0;
  /// Adds what else will be in the file's metadata, so that it counts.
  std::function<void(exporters::GgufExportPlan&)> complete = nullptr;
};

struct PlanOutcome {
  quantization::Plan plan;
  quantization::TypeRules rules;
  quantization::Importance importance;  // that the matrices are to be rounded with
  std::vector<std::vector<quantization::TypeLoss>> losses;
  uint64_t trial_tokens = 0;  // that the prediction was measured on
  size_t length = 0;          // of their sequences
  std::string text;           // where they come from

  /// "KL divergence 0.00455 +- 0.00007, measured ...": the prediction in a sentence.
  [[nodiscard]] std::string prediction() const;
  /// The same for programs: kl_divergence, top1_agreement, tokens, context, trials, text.
  [[nodiscard]] Json to_json() const;
};

/// --fit, --max-kl, --types.
struct PlanFlags {
  std::string fit, types;
  std::optional<double> max_kl;

  void add_to(CLI::App& app);
  [[nodiscard]] bool given() const { return !fit.empty() || max_kl.has_value(); }
  /// Throws kBadArgument, naming the option, for a size or types that are none.
  void check() const;
  /// Calibrates, chooses, and measures the choice, with progress. Throws kBadArgument for a goal that cannot be reached
  /// or a text that is too short, kCancelled.
  [[nodiscard]] PlanOutcome make(PlanInput input, const Context& context) const;
};

}  // namespace aurea::cli
