#include "exporters/gguf/gguf_exporter.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "core/error.h"
#include "exporters/gguf/model_card.h"
#include "formats/gguf/gguf_writer.h"
#include "quantization/quantize_tensor.h"
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

}  // namespace

GgufMetadata gguf_metadata(const models::ModelSource& source, const quantization::Recipe& recipe) {
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
    metadata.set(fmt::format("{}.vocab_size", source.architecture().gguf_name), GgufValue::u32(static_cast<uint32_t>(source.params().vocab_size)));
  }
  add_file_type(metadata, recipe);
  return metadata;
}

GgufExportResult export_gguf(const models::ModelSource& source, const std::filesystem::path& path,
                     const quantization::Recipe& recipe, const GgufExportOptions& options, ThreadPool& pool,
                     const ExportProgress& progress, const CancelToken* cancel) {
  check_output_path(path, options.overwrite);
  const models::ModelDescription& description = source.description();
  const std::vector<QuantType> types = quantization::assign_types(description, recipe);
  const std::vector<models::TensorId> order = file_order(description);
  std::vector<formats::GgufTensorSpec> specs;
  for (const models::TensorId id : order) {
    const models::TensorSpec& spec = description.tensors[id];
    const QuantType stored = source.parts(id).front().type;
    if (!is_float(stored) && stored != types[id] && !options.allow_requantize) {
      fail(ErrorCode::kBadArgument, "{}: tensor '{}' is {} already; quantizing it again as {} loses more than quantizing the original. "
           "Use the original, or --allow-requantize", source.path().string(), spec.name, name(stored), name(types[id]));
    }
    specs.push_back({spec.name, types[id], spec.shape});
  }
  formats::GgufWriter writer(path, options.overwrite, gguf_metadata(source, recipe), std::move(specs));
  GgufExportResult result;
  uint64_t done = 0;
  for (const models::TensorId id : order) {
    const std::string& tensor_name = description.tensors[id].name;
    for (const TensorView& part : source.parts(id)) {
      uint64_t written = 0;
      const uint64_t total = row_bytes(types[id], part.cols()) * part.rows();
      try {
        quantization::quantize_tensor(part, source.is_mapped(id), types[id], pool, cancel, [&](std::span<const std::byte> piece) {
          writer.write(piece);
          written += piece.size();
          const auto share = static_cast<double>(written) / static_cast<double>(total);
          progress(done + static_cast<uint64_t>(share * static_cast<double>(part.data.size())), tensor_name);
        });
      } catch (Error& error) {
        throw error.add_context(fmt::format("tensor '{}'", tensor_name));
      }
      done += part.data.size();
      result.tensor_bytes += total;
    }
  }
  writer.commit();
  result.file_bytes = writer.total_bytes();
  return result;
}

}  // namespace aurea::exporters
