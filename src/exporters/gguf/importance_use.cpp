#include "exporters/gguf/importance_use.h"

#include "codecs/codec.h"
#include "core/utf8.h"

namespace aurea::exporters {

using formats::GgufValue;

void add_importance_keys(formats::GgufMetadata& metadata, const quantization::Importance& importance) {
  constexpr size_t kMaxBytes = 127;
  const auto text = [](const std::string& value) {
    return GgufValue::string(value.substr(0, complete_utf8_prefix(std::string_view(value).substr(0, kMaxBytes))));
  };
  const std::filesystem::path path = importance.source;
  metadata.set("quantize.imatrix.file", text(sanitize_utf8(path.filename().string())));
  if (!importance.datasets.empty()) metadata.set("quantize.imatrix.dataset", text(importance.datasets.front()));
  const auto n_entries = static_cast<uint32_t>(importance.entries().size());
  metadata.set("quantize.imatrix.entries_count", GgufValue::u32(n_entries));
  if (importance.chunk_count > 0) metadata.set("quantize.imatrix.chunks_count", GgufValue::u32(importance.chunk_count));
}

std::vector<float> importance_of(const quantization::Importance* importance, const models::TensorSpec& spec,
                                 QuantType type, uint64_t part) {
  if (importance == nullptr || !codecs::codec(type).uses_importance || !importance->has(spec.name)) return {};
  return importance->column_importance(spec.name, part, spec.n_parts(), spec.shape.back());
}

bool misses_importance(const quantization::Importance* importance, const models::TensorSpec& spec, QuantType type) {
  return importance != nullptr && spec.layer >= 0 && codecs::codec(type).uses_importance && !importance->has(spec.name);
}

}  // namespace aurea::exporters
