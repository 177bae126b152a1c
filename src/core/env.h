// The only place that reads the process environment. docs/environment.md lists the variables.
#pragma once

#include <optional>
#include <string>

namespace aurea::env {

/// AUREA_CPU: the kernel set to use instead of the best one.
std::optional<std::string> cpu();
/// AUREA_VERBOSE: comma-separated topics ("dispatch").
bool verbose(const char* topic);
/// AUREA_GOLDEN_DIR: test data to hold the build against.
std::optional<std::string> golden_dir();

}  // namespace aurea::env
