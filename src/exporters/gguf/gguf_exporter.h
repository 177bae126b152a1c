// Writes a model as GGUF: metadata, tokenizer and tensors under the names that llama.cpp v0.5.0's converter uses.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "core/cancel.h"
#include "core/thread_pool.h"
#include "models/source.h"
#include "quantization/recipes.h"

namespace aurea::exporters {

struct GgufExportOptions {
  bool overwrite = false;
  bool allow_requantize = false;  // sources that are quantized already lose more than once
};

/// Called as the work goes on: source bytes done, and the tensor in work.
using ExportProgress = std::function<void(uint64_t bytes_done, const std::string& tensor)>;

struct GgufExportResult {
  uint64_t file_bytes = 0;
  uint64_t tensor_bytes = 0;  // of the tensors' data alone
};

/// Streams `source` into `path`. Memory stays at a few pieces of rows whatever the model's size.
/// Throws kBadArgument (the output exists, a quantized source without allow_requantize), kBadFile (values that are not
/// finite, a full disk), kUnsupported (a tokenizer without a GGUF name), kCancelled; nothing is left behind then.
GgufExportResult export_gguf(const models::ModelSource& source, const std::filesystem::path& path,
                     const quantization::Recipe& recipe, const GgufExportOptions& options, ThreadPool& pool,
                     const ExportProgress& progress, const CancelToken* cancel = nullptr);

/// The metadata such a file gets; separate for tests.
formats::GgufMetadata gguf_metadata(const models::ModelSource& source, const quantization::Recipe& recipe);

}  // namespace aurea::exporters
