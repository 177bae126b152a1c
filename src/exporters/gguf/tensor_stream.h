// The tensors of a plan, quantized piece by piece into a writer, from the place where an earlier run was ended.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/cancel.h"
#include "core/thread_pool.h"
#include "exporters/gguf/export_plan.h"
#include "formats/gguf/gguf_writer.h"
#include "models/source.h"
#include "quantization/calibration/segment_pass.h"
#include "quantization/quantize_tensor.h"

namespace aurea::exporters {

/// Called as the work goes on: source bytes done, and the tensor in work.
using ExportProgress = std::function<void(uint64_t bytes_done, const std::string& tensor)>;

struct TensorStreamOptions {
  uint64_t working_bytes = quantization::kAmpleWorkingBytes;
  bool measure_errors = false;
  const quantization::Replacements* prepared = nullptr;  // matrices that are encoded already
  const CancelToken* cancel = nullptr;
};

/// Writes all tensors of `plan` that `writer` does not have yet, with a record after every piece. Returns the errors of
/// every tensor, those of an earlier run included; empty without measure_errors. Throws as quantize_tensor and
/// GgufWriter do, naming the tensor.
std::vector<quantization::ErrorSums> stream_tensors(const models::ModelSource& source, const GgufExportPlan& plan,
                                                    formats::GgufWriter& writer, const TensorStreamOptions& options,
                                                    ThreadPool& pool, const ExportProgress& progress);

/// How much of the source is in what `writer` has already.
uint64_t source_bytes_done(const models::ModelSource& source, const GgufExportPlan& plan,
                           const formats::GgufWriter& writer);

/// How many bytes may be in work at once so that the process stays below `memory_bytes`. Throws kBadArgument, with the
/// least memory that would do, when the largest rows of the plan do not fit. `calibrated`: what was taken for a
/// calibration before does not count.
uint64_t working_bytes_within(uint64_t memory_bytes, const models::ModelSource& source, const GgufExportPlan& plan,
                              bool calibrated);

}  // namespace aurea::exporters
