// What one architecture is made of. To add one: a file that defines an Architecture, and a row in registry.cpp.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "formats/gguf/gguf_file.h"
#include "models/description.h"

namespace aurea::models {

struct Architecture {
  std::string_view gguf_name;                  // general.architecture
  std::vector<std::string_view> hf_classes;    // config.json's architectures[0]
  std::string_view members;                    // for messages: the published models it covers

  /// Reads config.json. Throws kBadFile / kUnsupported naming the key.
  Hyperparams (*from_huggingface)(const Json& config);
  /// Reads the GGUF keys (and the rope factor tensors).
  Hyperparams (*from_gguf)(const formats::GgufFile& file);
  /// Writes the GGUF keys that llama.cpp v0.5.0's converter writes, `<arch>.*` only.
  void (*to_gguf)(const Hyperparams& params, formats::GgufMetadata& metadata);
  /// Tensors and graph for these numbers.
  ModelDescription (*describe)(const Hyperparams& params);
};

std::span<const Architecture* const> architectures();
/// Throws kUnsupported, naming what was found and what is supported.
const Architecture& architecture_for_huggingface(const Json& config);
const Architecture& architecture_for_gguf(std::string_view gguf_name);

}  // namespace aurea::models
