// --imatrix of the commands that quantize.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "quantization/importance.h"

namespace aurea::cli {

struct ImportanceFlags {
  std::vector<std::string> files;

  void add_to(CLI::App& app);
  /// The files' sums together; nothing without --imatrix. Throws kBadFile, naming file and tensor.
  [[nodiscard]] std::optional<quantization::Importance> load(const Context& context) const;
};

}  // namespace aurea::cli
