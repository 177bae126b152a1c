// bench --types: a checkpoint quantized into temporary files, to be measured and thrown away.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/command.h"

namespace aurea::cli::bench {

/// A new folder where the system wants temporary files ($TMPDIR); gone with everything in it when this object goes.
class TemporaryFolder {
 public:
  /// Throws kBadFile when it cannot be made.
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Writes `source` (Hugging Face folder or GGUF file) into `folder`, a file for each recipe, and returns their paths in
/// this order. Speed does not depend on what the weights are, so that recipes which need importance do without, and a
/// quantized source will do. Throws kBadArgument for a name that is no recipe, kBadFile when there is no room for all
/// of them (found before the work), kCancelled.
std::vector<std::filesystem::path> write_types(const std::string& source, const std::vector<std::string>& types,
                                               const std::filesystem::path& folder, unsigned threads,
                                               const Context& context);

}  // namespace aurea::cli::bench
