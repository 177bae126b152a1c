// For tests: a tiny checkpoint of any description, written as a Hugging Face folder.
#pragma once

#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "core/json.h"
#include "models/description.h"

namespace aurea::models::test {

struct StoredTensor {
  Shape shape;
  std::vector<float> values;
};
using Checkpoint = std::map<std::string, StoredTensor>;

inline uint64_t count_of(const Shape& shape) {
  uint64_t count = 1;
  for (const uint64_t n : shape) count *= n;
  return count;
}

/// Every tensor of the description, with numbers that tell the tensors and their elements apart.
inline Checkpoint make_checkpoint(const ModelDescription& description) {
  Checkpoint checkpoint;
  float next = 0;
  for (const TensorSpec& spec : description.tensors) {
    for (const std::string& source : spec.sources) {
      StoredTensor stored{spec.shape, {}};
      if (spec.shape.size() == 3) stored.shape.erase(stored.shape.begin());
      stored.values.resize(count_of(stored.shape));
      for (float& value : stored.values) value = next += 0.25f;
      checkpoint[source] = std::move(stored);
    }
  }
  return checkpoint;
}

inline void write_checkpoint(const std::filesystem::path& folder, const Json& config, const Checkpoint& checkpoint) {
  Json header = Json::object();
  uint64_t offset = 0;
  for (const auto& [name, tensor] : checkpoint) {
    const uint64_t bytes = tensor.values.size() * sizeof(float);
    header[name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  }
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "config.json") << config.dump();
  std::ofstream file(folder / "model.safetensors", std::ios::binary);
  const std::string text = header.dump();
  const uint64_t length = text.size();
  file.write(reinterpret_cast<const char*>(&length), sizeof length) << text;
  for (const auto& [name, tensor] : checkpoint) {
    file.write(reinterpret_cast<const char*>(tensor.values.data()), static_cast<std::streamsize>(tensor.values.size() * sizeof(float)));
  }
}

}  // namespace aurea::models::test
