// What one architecture is made of. To add one: a file that defines an Architecture, and a row in registry.cpp.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "formats/gguf/gguf_file.h"
#include "models/description.h"

namespace aurea::models {

/// The shape of a tensor in the checkpoint at hand; null if it is not there.
using StoredShape = std::function<const Shape*(const std::string& name)>;

struct Architecture {
  std::string_view gguf_name;                      // general.architecture
  std::vector<std::string_view> hf_classes;        // config.json's architectures[0]
  std::vector<std::string_view> hf_model_types;    // its model_type, for files without a class
  std::string_view members;                        // for messages: the published models it covers

  /// Reads config.json, and the shapes of stored tensors where it does not tell. Throws kBadFile / kUnsupported naming the key.
  Hyperparams (*from_huggingface)(const Json& config, const StoredShape& stored);
  /// Reads the GGUF keys (and the rope factor tensors).
  Hyperparams (*from_gguf)(const formats::GgufFile& file);
  /// Writes the GGUF keys that llama.cpp v0.5.0's converter writes, `<arch>.*` only, and what a reader would not know without.
  void (*to_gguf)(const Hyperparams& params, formats::GgufMetadata& metadata);
  /// Tensors and graph for these numbers.
  ModelDescription (*describe)(const Hyperparams& params);
  /// The name that the description uses for a tensor stored under a name of older checkpoints; null: names never changed.
  std::string (*current_name)(std::string_view stored, const Json& config) = nullptr;
};

std::span<const Architecture* const> architectures();
/// Throws kUnsupported, naming what was found and what is supported.
const Architecture& architecture_for_huggingface(const Json& config);
const Architecture& architecture_for_gguf(std::string_view gguf_name);

}  // namespace aurea::models
