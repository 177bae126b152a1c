// The options of `quantize` that say how the result is written: where it is cut, how much memory that may take.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "cli/command.h"
#include "core/thread_pool.h"
#include "exporters/gguf/gguf_exporter.h"

namespace aurea::cli {

/// --memory, --keep-split, --split-max-size.
struct QuantizeOutputFlags {
  std::string memory = "512MiB", split_max_size;
  bool keep_split = false;

  void add_to(CLI::App& app);
  /// Throws kBadArgument when the output cannot be written, as far as that can be said before the work.
  void check(const std::string& output, bool overwrite) const;

  /// Sets what these options decide; with --keep-split the plan's tensors change their order. The plan's metadata must
  /// be complete: parts are cut by their size. `choices`: of all that decides the bytes beside source and plan. Throws
  /// kBadArgument.
  void apply(const models::ModelSource& source, const std::string& choices, const Context& context,
             exporters::GgufExportPlan& plan, exporters::GgufExportOptions& options) const;
};

/// The options of a `quantize` command line that decide what is in the file, in one line that can be typed again: those
/// of where things lie and how fast it goes are left out, and files are named without their folders.
std::string choices_line(const CLI::App& command);

/// A word as a shell reads it: in quotes where needed.
std::string quoted_for_shell(const std::string& word);

}  // namespace aurea::cli
