// --quality: the plain weighted search, or rounding under the curvature that a text shows.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/importance_options.h"
#include "exporters/gguf/export_plan.h"
#include "quantization/feedback/rounding_work.h"

namespace aurea::cli {

struct QualityFlags {
  std::string quality = "fast", text_file;

  void add_to(CLI::App& app);
  [[nodiscard]] bool best() const { return quality == "best"; }
  /// The matrices of `plan`, rounded; on --calibration-text, or on what the model at `model` writes itself. `choices`: of all
  /// that decides the bytes beside source and plan. Throws kBadArgument for a text that is too short; kCancelled, and what
  /// was done is kept with a notice.
  [[nodiscard]] std::unique_ptr<quantization::RoundingWork> prepare(const std::string& model, const models::ModelSource& source,
                                                                    const exporters::GgufExportPlan& plan, const std::string& output,
                                                                    const std::string& choices, const SelfCalibrationFlags& self,
                                                                    unsigned threads, const Context& context) const;
};

}  // namespace aurea::cli
