// Writes a model as GGUF: metadata, tokenizer and tensors under the names that llama.cpp v0.5.0's converter uses.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/cancel.h"
#include "core/thread_pool.h"
#include "exporters/gguf/export_plan.h"
#include "exporters/gguf/tensor_stream.h"

namespace aurea::exporters {

struct GgufExportOptions {
  bool overwrite = false;
  const quantization::Replacements* prepared = nullptr;  // matrices that are encoded already; null: none
  bool calibrated = false;  // this process did other work before, which took what memory it took
  /// Numbers of tensors of the parts of a split file, in the plan's order; fewer than two: one file.
  std::vector<size_t> part_tensors = {};
  /// Of the whole process while tensors are written; 0: no limit.
  uint64_t memory_bytes = 0;
  bool measure_errors = false;
  /// What decides the bytes beside source and plan: the program's version, options of the search, the importance. With
  /// it, a run that was ended by a kill or by the user is gone on with; empty: each begins anew.
  std::string fingerprint = {};
  std::function<void()> written = nullptr;  // called when the tensors are written
  /// Called then with the finished file (of a split one, the first part) before it has its name, and the plan's metadata:
  /// sets values of the same size that had to wait for the data.
  std::function<void(const std::filesystem::path& unfinished, formats::GgufMetadata& metadata)> complete = nullptr;
  std::function<void(const std::string&)> notice = nullptr;  // remarks for the user
  std::function<void(uint64_t)> skipped = nullptr;           // bytes of the source that an earlier run dealt with
  const CancelToken* cancel = nullptr;
};

struct GgufExportResult {
  std::filesystem::path path;  // of the file, or of the first part
  size_t n_parts = 1;
  uint64_t file_bytes = 0;                      // of all parts
  uint64_t tensor_bytes = 0;                    // of the tensors' data alone
  std::vector<quantization::ErrorSums> errors;  // by tensor of the plan; empty unless measured
};

/// Streams the tensors of `source` into `path` as `plan`, made for this source, says. Memory stays at a few pieces of
/// rows whatever the model's size. Throws kBadArgument (the output exists, too little memory), kBadFile (values that
/// are not finite, a full disk), and nothing is left behind then; kCancelled, and the unfinished file is kept with a
/// notice.
GgufExportResult export_gguf(const models::ModelSource& source, const GgufExportPlan& plan,
                             const std::filesystem::path& path, const GgufExportOptions& options, ThreadPool& pool,
                             const ExportProgress& progress);

}  // namespace aurea::exporters
