// For tests: a tiny checkpoint of any description, written as a Hugging Face folder.
#pragma once

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "core/json.h"
#include "models/architecture.h"
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

/// A mixture of `n_experts` experts in one block, hidden size 64, vocabulary of 32, no tokenizer; numbers without a pattern.
inline void write_small_mixture(const std::filesystem::path& folder, int n_experts) {
  const Json config = {{"architectures", {"PhiMoEForCausalLM"}}, {"attention_bias", true}, {"hidden_act", "silu"}, {"hidden_size", 64},
                       {"intermediate_size", 32}, {"lm_head_bias", true}, {"max_position_embeddings", 64}, {"num_attention_heads", 2},
                       {"num_experts_per_tok", 2}, {"num_hidden_layers", 1}, {"num_key_value_heads", 1}, {"num_local_experts", n_experts},
                       {"rms_norm_eps", 1e-5}, {"rope_theta", 10000.0}, {"vocab_size", 32}, {"router_jitter_noise", 0.01}};
  const Architecture& architecture = architecture_for_huggingface(config);
  const Hyperparams params = architecture.from_huggingface(config, [](const std::string&) { return nullptr; });
  Checkpoint checkpoint = make_checkpoint(architecture.describe(params));
  float phase = 0;
  for (auto& [name, tensor] : checkpoint) {
    phase += 1;
    for (size_t i = 0; i < tensor.values.size(); ++i) tensor.values[i] = std::sin(0.7f * static_cast<float>(i) + phase);
  }
  write_checkpoint(folder, config, checkpoint);
}

}  // namespace aurea::models::test
