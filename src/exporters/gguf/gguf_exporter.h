// Writes a model as GGUF: metadata, tokenizer and tensors under the names that llama.cpp v0.5.0's converter uses.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "core/cancel.h"
#include "core/thread_pool.h"
#include "exporters/gguf/export_plan.h"
#include "quantization/feedback/prepared_tensors.h"

namespace aurea::exporters {

struct GgufExportOptions {
  bool overwrite = false;
  const quantization::PreparedTensors* prepared = nullptr;  // matrices that are encoded already; null: none
};

/// Called as the work goes on: source bytes done, and the tensor in work.
using ExportProgress = std::function<void(uint64_t bytes_done, const std::string& tensor)>;

struct GgufExportResult {
  uint64_t file_bytes = 0;
  uint64_t tensor_bytes = 0;  // of the tensors' data alone
};

/// Streams the tensors of `source` into `path` as `plan`, made for this source, says. Memory stays at a few pieces of
/// rows whatever the model's size. Throws kBadArgument (the output exists), kBadFile (values that are not finite, a
/// full disk), kCancelled; nothing is left behind then.
GgufExportResult export_gguf(const models::ModelSource& source, const GgufExportPlan& plan,
                             const std::filesystem::path& path, const GgufExportOptions& options, ThreadPool& pool,
                             const ExportProgress& progress, const CancelToken* cancel = nullptr);

}  // namespace aurea::exporters
