// quantize --report: a page about what was made.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "exporters/gguf/gguf_exporter.h"
#include "models/source.h"

namespace aurea::cli {

/// --report, --compare.
struct ReportFlags {
  std::string path;
  std::vector<std::string> others;

  void add_to(CLI::App& app);
  /// Throws kBadArgument when the page cannot be written or a file of --compare has no certificate: before the work.
  void check(bool overwrite) const;
  /// Writes the page; nothing without --report. `text`: the name of the text that was evaluated on.
  void write(const models::ModelSource& source, const exporters::GgufExportPlan& plan,
             const exporters::GgufExportResult& result, const std::string& choices, const std::string& text,
             bool overwrite, const Context& context) const;
};

}  // namespace aurea::cli
