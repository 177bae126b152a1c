#include "exporters/gguf/export_metadata.h"

#include <algorithm>
#include <map>

#include "exporters/gguf/importance_use.h"
#include "exporters/gguf/model_card.h"
#include "quantization/certificate.h"
#include "tokenizers/vocabulary.h"

namespace aurea::exporters {
namespace {

using formats::GgufArray;
using formats::GgufMetadata;
using formats::GgufValue;
using models::ModelDescription;

constexpr uint32_t kQuantizationVersion = 2;  // of the block layouts; ggml's GGML_QNT_VERSION

/// Keys that a new file must not inherit.
bool is_own_key(std::string_view key) {
  return key.starts_with("split.") || key == "general.file_type" || key == "general.quantization_version" ||
         key == "general.alignment" || key.starts_with("quantize.imatrix.") ||
         quantization::is_certificate_key(key);
}

GgufMetadata metadata_of_folder(const models::ModelSource& source, const ModelDescription& description) {
  GgufMetadata metadata;
  metadata.set("general.architecture", GgufValue::string(std::string(source.architecture().gguf_name)));
  metadata.set("general.type", GgufValue::string("model"));
  add_card_keys(source, description, metadata);
  source.architecture().to_gguf(description.params, metadata);
  if (auto vocabulary = tokenizers::load_huggingface(source.path(), source.params().vocab_size)) {
    tokenizers::store_gguf(*std::move(vocabulary), metadata);
  } else {
    metadata.set("tokenizer.ggml.model", GgufValue::string("none"));
    // Else the number of tokens is the list's length.
    metadata.set(fmt::format("{}.vocab_size", source.architecture().gguf_name),
                 GgufValue::u32(static_cast<uint32_t>(source.params().vocab_size)));
  }
  return metadata;
}

/// An array with an entry for each block loses those of the blocks that are gone.
GgufValue without_layers(const GgufValue& value, uint64_t n_layers, std::span<const uint64_t> dropped) {
  const auto* array = std::get_if<GgufArray>(&value.data);
  if (array == nullptr || array->size() != n_layers) return value;
  GgufArray::Items kept = array->items();
  std::visit(
      [&](auto& items) {
        size_t n_kept = 0;
        for (size_t layer = 0; layer < items.size(); ++layer) {
          if (std::ranges::find(dropped, layer) == dropped.end()) items[n_kept++] = items[layer];
        }
        items.resize(n_kept);
      },
      kept);
  return {value.type, GgufArray(array->element_type, std::move(kept))};
}

GgufMetadata metadata_of_file(const models::ModelSource& source, const ModelDescription& description,
                              std::span<const uint64_t> dropped) {
  GgufMetadata metadata;
  const std::string prefix = fmt::format("{}.", source.architecture().gguf_name);
  for (const auto& entry : source.gguf()->metadata().entries()) {
    if (is_own_key(entry.key)) continue;
    const bool per_layer =
        !dropped.empty() && entry.key.starts_with(prefix) && !entry.key.starts_with(prefix + "rope.");
    metadata.set(entry.key, per_layer ? without_layers(entry.value, source.params().n_layers, dropped) : entry.value);
  }
  if (dropped.empty()) return metadata;
  metadata.set(prefix + "block_count", GgufValue::u32(static_cast<uint32_t>(description.params.n_layers)));
  if (metadata.contains("general.size_label"))
    metadata.set("general.size_label", GgufValue::string(size_label(description)));
  return metadata;
}

/// Of a copy: what the source says, or the file type of the type that most bytes of its matrices have.
uint32_t file_type_of_copy(const models::ModelSource& source) {
  if (source.gguf() != nullptr) {
    if (const auto known = source.gguf()->metadata().optional_uint("general.file_type"))
      return static_cast<uint32_t>(*known);
  }
  std::map<QuantType, uint64_t> bytes;
  for (models::TensorId id = 0; id < source.description().tensors.size(); ++id) {
    for (const TensorView& part : source.parts(id)) bytes[part.type] += part.data.size();
  }
  const QuantType most = std::ranges::max_element(bytes, {}, [](const auto& row) { return row.second; })->first;
  return quantization::find_recipe(name(most)).file_type;  // each type has a recipe of its name, or an alias
}

}  // namespace

GgufMetadata export_metadata(const models::ModelSource& source, const ModelDescription& description,
                             const GgufExportRequest& request) {
  GgufMetadata metadata = source.gguf() != nullptr ? metadata_of_file(source, description, request.dropped_layers)
                                                   : metadata_of_folder(source, description);
  const quantization::Recipe& recipe = *request.types.recipe;
  metadata.set("general.quantization_version", GgufValue::u32(kQuantizationVersion));
  metadata.set("general.file_type", GgufValue::u32(recipe.copies() ? file_type_of_copy(source) : recipe.file_type));
  if (request.importance != nullptr) add_importance_keys(metadata, *request.importance);
  for (const KeyOverride& key : request.keys) apply_key_override(key, metadata);
  return metadata;
}

}  // namespace aurea::exporters
