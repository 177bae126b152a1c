#include "exporters/gguf/gguf_exporter.h"

#include "core/error.h"
#include "core/resumable_output.h"
#include "formats/gguf/gguf_writer.h"

namespace aurea::exporters {
namespace {

/// All that decides the bytes beside the header, which the writer knows.
std::string fingerprint_of(const models::ModelSource& source, const GgufExportOptions& options) {
  if (options.fingerprint.empty()) return "";
  return fmt::format("{}\n{}\nerrors {}\n", options.fingerprint, source.fingerprint(), options.measure_errors);
}

void say(const GgufExportOptions& options, const std::string& text) {
  if (options.notice) options.notice(text);
}

void say_where_it_goes_on(const models::ModelSource& source, const formats::GgufWriter& writer,
                          const GgufExportPlan& plan, const GgufExportOptions& options) {
  if (!writer.remark().empty()) say(options, writer.remark());
  if (writer.recovered_notes().empty()) return;
  const uint64_t done = source_bytes_done(source, plan, writer);
  if (options.skipped) options.skipped(done);
  say(options, fmt::format("going on with what an earlier run left: {:.0f} % is there",
                           100.0 * static_cast<double>(done) / static_cast<double>(source.tensor_bytes())));
}

uint64_t allowed_working_bytes(const models::ModelSource& source, const GgufExportPlan& plan,
                               const GgufExportOptions& options, formats::GgufWriter& writer) {
  try {
    return working_bytes_within(options.memory_bytes, source, plan, options.calibrated);
  } catch (const Error&) {
    writer.keep();  // an earlier run's work is no worse for too little memory
    throw;
  }
}

}  // namespace

GgufExportResult export_gguf(const models::ModelSource& source, const GgufExportPlan& plan,
                             const std::filesystem::path& path, const GgufExportOptions& options, ThreadPool& pool,
                             const ExportProgress& progress) {
  formats::GgufWriter writer({.path = path,
                              .overwrite = options.overwrite,
                              .part_tensors = options.part_tensors,
                              .fingerprint = fingerprint_of(source, options),
                              .cancel = options.cancel},
                             plan.metadata, plan.tensor_specs());
  GgufExportResult result{.path = writer.path(),
                          .n_parts = writer.n_parts(),
                          .file_bytes = writer.total_bytes(),
                          .tensor_bytes = plan.tensor_bytes(),
                          .errors = {}};
  TensorStreamOptions how{.measure_errors = options.measure_errors, .prepared = options.prepared, .cancel = options.cancel};
  try {
    say_where_it_goes_on(source, writer, plan, options);
    if (options.memory_bytes > 0) how.working_bytes = allowed_working_bytes(source, plan, options, writer);
    result.errors = stream_tensors(source, plan, writer, how, pool, progress);
    if (options.written) options.written();
    if (options.complete && !writer.only_to_commit()) {
      formats::GgufMetadata metadata = plan.metadata;
      options.complete(writer.hidden_path(), metadata);
      writer.replace_metadata(metadata);
    }
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kCancelled && writer.keep()) {
      say(options, fmt::format("what is done is kept: the same command goes on from there; to be rid of it, delete {}*",
                               unfinished_path(path).replace_extension().string()));
    }
    throw;
  }
  writer.commit();
  return result;
}

}  // namespace aurea::exporters
