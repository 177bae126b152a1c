// The architectures this program knows, one row each.
#include <fmt/ranges.h>

#include <algorithm>

#include "core/error.h"
#include "models/architecture.h"

namespace aurea::models {

extern const Architecture kPhi2;
extern const Architecture kPhi3;
extern const Architecture kPhiMoe;

namespace {

const Architecture* const kArchitectures[] = {
    &kPhi3,
    &kPhi2,
    &kPhiMoe,
};

std::string supported() {
  std::vector<std::string> rows;
  for (const Architecture* row : kArchitectures) {
    rows.push_back(fmt::format("{} ({})", fmt::join(row->hf_classes, ", "), row->members));
  }
  return fmt::format("{}", fmt::join(rows, "; "));
}

}  // namespace

std::span<const Architecture* const> architectures() { return kArchitectures; }

const Architecture& architecture_for_huggingface(const Json& config) {
  std::string found;
  if (const auto list = config.find("architectures"); list != config.end() && list->is_array() && !list->empty()) {
    if (!list->front().is_string()) fail_file("key 'architectures': expected a list of strings");
    found = list->front().get<std::string>();
  } else if (const auto type = optional_string(config, "model_type")) {
    found = *type;
  } else {
    fail_file("neither 'architectures' nor 'model_type' is there: this is not a model's config.json");
  }
  for (const Architecture* row : kArchitectures) {
    for (const auto& names : {row->hf_classes, row->hf_model_types}) {
      if (std::ranges::find(names, found) != names.end()) return *row;
    }
  }
  fail(ErrorCode::kUnsupported, "architecture {} is not supported; supported: {}", found, supported());
}

const Architecture& architecture_for_gguf(std::string_view gguf_name) {
  for (const Architecture* row : kArchitectures) {
    if (row->gguf_name == gguf_name) return *row;
  }
  fail(ErrorCode::kUnsupported, "general.architecture '{}' is not supported; supported: {}", gguf_name, supported());
}

}  // namespace aurea::models
