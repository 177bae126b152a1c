#include "exporters/gguf/gguf_exporter.h"

#include "core/error.h"
#include "exporters/gguf/importance_use.h"
#include "formats/gguf/gguf_writer.h"
#include "quantization/quantize_tensor.h"

namespace aurea::exporters {

GgufExportResult export_gguf(const models::ModelSource& source, const GgufExportPlan& plan,
                             const std::filesystem::path& path, const GgufExportOptions& options, ThreadPool& pool,
                             const ExportProgress& progress, const CancelToken* cancel) {
  formats::GgufWriter writer(path, options.overwrite, plan.metadata, plan.tensor_specs());
  GgufExportResult result;
  uint64_t done = 0;
  for (const PlannedTensor& tensor : plan.tensors) {
    for (uint64_t index = 0; index < source.parts(tensor.source).size(); ++index) {
      const TensorView& stored = source.parts(tensor.source)[index];
      const TensorView* ready = options.prepared == nullptr ? nullptr : options.prepared->find({tensor.source, index});
      const TensorView& part = ready != nullptr ? *ready : stored;
      const std::vector<float> importance =
          importance_of(plan.importance, source.description().tensors[tensor.source], tensor.type, index);
      uint64_t written = 0;
      const uint64_t total = row_bytes(tensor.type, part.cols()) * part.rows();
      try {
        quantization::QuantizeTensorOptions how{.importance = importance.empty() ? nullptr : importance.data(),
                                                .cancel = cancel};
        if (ready == nullptr && source.is_mapped(tensor.source)) {
          how.prefetch = MappedFile::prefetch;
          how.release = [&](std::span<const std::byte> range) { source.release(range); };
        }
        quantization::quantize_tensor(part, tensor.type, how, pool, [&](std::span<const std::byte> piece) {
          writer.write(piece);
          written += piece.size();
          const auto share = static_cast<double>(written) / static_cast<double>(total);
          progress(done + static_cast<uint64_t>(share * static_cast<double>(stored.data.size())), tensor.name);
        });
      } catch (Error& error) {
        throw error.add_context(fmt::format("tensor '{}'", tensor.name));
      }
      done += stored.data.size();
      result.tensor_bytes += total;
    }
  }
  writer.commit();
  result.file_bytes = writer.total_bytes();
  return result;
}

}  // namespace aurea::exporters
