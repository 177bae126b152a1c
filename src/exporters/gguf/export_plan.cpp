#include "exporters/gguf/export_plan.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "core/error.h"
#include "exporters/gguf/model_card.h"
#include "tokenizers/vocabulary.h"

namespace aurea::exporters {
namespace {

using formats::GgufMetadata;
using formats::GgufValue;

constexpr uint32_t kQuantizationVersion = 2;  // of the block layouts; ggml's GGML_QNT_VERSION

/// Keys that a new file must not inherit.
bool is_own_key(std::string_view key) {
  return key.starts_with("split.") || key == "general.file_type" || key == "general.quantization_version" ||
         key == "general.alignment";
}

void add_file_type(GgufMetadata& metadata, const quantization::Recipe& recipe) {
  metadata.set("general.quantization_version", GgufValue::u32(kQuantizationVersion));
  metadata.set("general.file_type", GgufValue::u32(recipe.file_type));
}

GgufMetadata build_metadata(const models::ModelSource& source, const quantization::Recipe& recipe) {
  GgufMetadata metadata;
  if (const formats::GgufFile* file = source.gguf()) {
    for (const auto& entry : file->metadata().entries()) {
      if (!is_own_key(entry.key)) metadata.set(entry.key, entry.value);
    }
    add_file_type(metadata, recipe);
    return metadata;
  }
  metadata.set("general.architecture", GgufValue::string(std::string(source.architecture().gguf_name)));
  metadata.set("general.type", GgufValue::string("model"));
  add_card_keys(source, metadata);
  source.architecture().to_gguf(source.params(), metadata);
  if (const auto vocabulary = tokenizers::load_huggingface(source.path(), source.params().vocab_size)) {
    tokenizers::store_gguf(*vocabulary, metadata);
  } else {
    metadata.set("tokenizer.ggml.model", GgufValue::string("none"));
    // Else the number of tokens is the list's length.
    metadata.set(fmt::format("{}.vocab_size", source.architecture().gguf_name),
                 GgufValue::u32(static_cast<uint32_t>(source.params().vocab_size)));
  }
  add_file_type(metadata, recipe);
  return metadata;
}

/// Tensors in the order that llama-quantize writes: outside the blocks first, then block by block, by name.
std::vector<models::TensorId> file_order(const models::ModelDescription& description) {
  std::vector<models::TensorId> order(description.tensors.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, [&](models::TensorId a, models::TensorId b) {
    const auto& x = description.tensors[a];
    const auto& y = description.tensors[b];
    return std::tie(x.layer, x.name) < std::tie(y.layer, y.name);
  });
  return order;
}

void check_requantized(const models::ModelSource& source, const PlannedTensor& tensor) {
  if (is_float(tensor.stored) || tensor.stored == tensor.type) return;
  fail(ErrorCode::kBadArgument,
       "{}: tensor '{}' is {} already; quantizing it again as {} loses more than quantizing the original. "
       "Use the original, or --allow-requantize",
       source.path().string(), tensor.name, name(tensor.stored), name(tensor.type));
}

}  // namespace

uint64_t PlannedTensor::bytes() const {
  uint64_t rows = 1;
  for (size_t d = 0; d + 1 < shape.size(); ++d) rows *= shape[d];  // bounded: the source has the tensor
  return rows * row_bytes(type, shape.back());
}

uint64_t GgufExportPlan::tensor_bytes() const {
  uint64_t bytes = 0;
  for (const PlannedTensor& tensor : tensors) bytes += tensor.bytes();
  return bytes;
}

std::vector<formats::GgufTensorSpec> GgufExportPlan::tensor_specs() const {
  std::vector<formats::GgufTensorSpec> specs;
  for (const PlannedTensor& tensor : tensors) specs.push_back({tensor.name, tensor.type, tensor.shape});
  return specs;
}

GgufExportPlan plan_gguf_export(const models::ModelSource& source, const GgufExportRequest& request) {
  GgufExportPlan plan{
      .description = source.description(), .metadata = build_metadata(source, *request.recipe), .tensors = {}};
  const std::vector<QuantType> types = quantization::assign_types(plan.description, *request.recipe);
  for (const models::TensorId id : file_order(plan.description)) {
    const models::TensorSpec& spec = plan.description.tensors[id];
    plan.tensors.push_back({id, spec.name, spec.shape, source.parts(id).front().type, types[id]});
    if (!request.allow_requantize) check_requantized(source, plan.tensors.back());
  }
  return plan;
}

}  // namespace aurea::exporters
