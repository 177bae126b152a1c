#include "core/env.h"

#include <cstdlib>

namespace aurea::env {
namespace {

std::optional<std::string> read(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

}  // namespace

std::optional<std::string> cpu() { return read("AUREA_CPU"); }
std::optional<std::string> golden_dir() { return read("AUREA_GOLDEN_DIR"); }

bool verbose(const char* topic) {
  const auto topics = read("AUREA_VERBOSE");
  return topics && ("," + *topics + ",").find("," + std::string(topic) + ",") != std::string::npos;
}

}  // namespace aurea::env
