#include "exporters/gguf/tensor_stream.h"

#include <algorithm>
#include <bit>
#include <sstream>

#include "core/byte_size.h"
#include "core/error.h"
#include "core/process_memory.h"
#include "exporters/gguf/importance_use.h"

namespace aurea::exporters {
namespace {

using quantization::ErrorSums;

// For what is neither counted when the work begins nor a buffer of quantize_tensor: code that is used for the first
// time, the stacks of the threads, the pages around those that are read. Measured: 3 to 5 MiB.
constexpr uint64_t kReserveBytes = uint64_t{8} << 20;

/// The number of a tensor and its sums so far, every bit of them.
std::string note_of(size_t tensor, const ErrorSums& sums) {
  const auto bits = [](double value) { return std::bit_cast<uint64_t>(value); };
  return fmt::format("{:x} {:x} {:x} {:x} {:x}", tensor, bits(sums.error), bits(sums.signal), bits(sums.weighted_error),
                     bits(sums.weighted_signal));
}

void restore(const std::string& note, std::vector<ErrorSums>& errors) {
  std::istringstream text(note);
  uint64_t tensor = 0, bits[4] = {};
  text >> std::hex >> tensor >> bits[0] >> bits[1] >> bits[2] >> bits[3];
  AUREA_CHECK(text && tensor < errors.size());  // written by this version: the fingerprint says so
  const auto value = [&](size_t i) { return std::bit_cast<double>(bits[i]); };
  errors[tensor] = {value(0), value(1), value(2), value(3)};
}

uint64_t stored_bytes(const models::ModelSource& source, models::TensorId id) {
  uint64_t bytes = 0;
  for (const TensorView& part : source.parts(id)) bytes += part.data.size();
  return bytes;
}

/// The work on one plan.
class Stream {
 public:
  Stream(const models::ModelSource& source, const quantization::Importance* importance, formats::GgufWriter& writer,
         const TensorStreamOptions& options, ThreadPool& pool, const ExportProgress& progress)
      : source_(source),
        importance_(importance),
        writer_(writer),
        options_(options),
        pool_(pool),
        progress_(progress) {}

  void skip(const PlannedTensor& tensor) { done_ += stored_bytes(source_, tensor.source); }

  /// Tensor `number` of the plan, which is the writer's current one. `sums`: of what is written; null: not wanted.
  void write(size_t number, const PlannedTensor& tensor, ErrorSums* sums) {
    uint64_t written = tensor.bytes() - writer_.remaining();
    for (uint64_t index = 0; index < source_.parts(tensor.source).size(); ++index) {
      const TensorView& part = source_.parts(tensor.source)[index];
      const std::vector<float> importance =
          importance_of(importance_, source_.description().tensors[tensor.source], tensor.type, index);
      const uint64_t row = row_bytes(tensor.type, part.cols()), skipped = std::min(written, row * part.rows());
      written -= skipped;
      quantization::QuantizeTensorOptions how{.importance = importance.empty() ? nullptr : importance.data(),
                                              .first_row = skipped / row,
                                              .working_bytes = options_.working_bytes,
                                              .errors = sums,
                                              .encoded = prepared({tensor.source, index}),
                                              .cancel = options_.cancel};
      if (source_.is_mapped(tensor.source)) {
        how.prefetch = MappedFile::prefetch;
        how.release = [&](std::span<const std::byte> range) { source_.release(range); };
      }
      uint64_t rows = how.first_row;
      quantize_tensor(part, tensor.type, how, pool_, [&](std::span<const std::byte> piece) {
        writer_.write(piece);
        writer_.record(sums != nullptr ? note_of(number, *sums) : "");
        rows += piece.size() / row;
        progress_(done_ + rows * part.row_bytes(), tensor.name);
      });
      done_ += part.data.size();
    }
  }

 private:
  [[nodiscard]] const TensorView* prepared(quantization::MatrixId id) const {
    if (options_.prepared == nullptr) return nullptr;
    const auto found = options_.prepared->find(id);
    return found == options_.prepared->end() ? nullptr : &found->second;
  }

  const models::ModelSource& source_;
  const quantization::Importance* importance_;
  formats::GgufWriter& writer_;
  const TensorStreamOptions& options_;
  ThreadPool& pool_;
  const ExportProgress& progress_;
  uint64_t done_ = 0;  // bytes of the source
};

}  // namespace

uint64_t source_bytes_done(const models::ModelSource& source, const GgufExportPlan& plan,
                           const formats::GgufWriter& writer) {
  uint64_t done = 0;
  for (size_t n = 0; n < writer.current_number(); ++n) done += stored_bytes(source, plan.tensors[n].source);
  if (writer.current_number() == plan.tensors.size()) return done;
  const PlannedTensor& tensor = plan.tensors[writer.current_number()];
  const double share = 1 - static_cast<double>(writer.remaining()) / static_cast<double>(tensor.bytes());
  return done + static_cast<uint64_t>(share * static_cast<double>(stored_bytes(source, tensor.source)));
}

std::vector<ErrorSums> stream_tensors(const models::ModelSource& source, const GgufExportPlan& plan,
                                      formats::GgufWriter& writer, const TensorStreamOptions& options, ThreadPool& pool,
                                      const ExportProgress& progress) {
  std::vector<ErrorSums> errors(options.measure_errors ? plan.tensors.size() : 0);
  if (options.measure_errors) {
    for (const std::string& note : writer.recovered_notes()) restore(note, errors);
  }
  Stream stream(source, plan.importance, writer, options, pool, progress);
  for (size_t n = 0; n < plan.tensors.size(); ++n) {
    const PlannedTensor& tensor = plan.tensors[n];
    if (n < writer.current_number()) {
      stream.skip(tensor);
      continue;
    }
    try {
      stream.write(n, tensor, options.measure_errors ? &errors[n] : nullptr);
    } catch (Error& error) {
      throw error.add_context(fmt::format("tensor '{}'", tensor.name));
    }
  }
  return errors;
}

uint64_t working_bytes_within(uint64_t memory_bytes, const models::ModelSource& source, const GgufExportPlan& plan,
                              bool calibrated) {
  uint64_t least = 0;
  const PlannedTensor* widest = nullptr;
  for (const PlannedTensor& tensor : plan.tensors) {
    const uint64_t bytes = quantization::least_working_bytes(source.parts(tensor.source).front(), tensor.type);
    if (bytes > least) least = bytes, widest = &tensor;
  }
  keep_no_freed_memory();
  for (const MappedFile& file : source.files()) file.release(file.bytes());  // headers, which were read
  ResidentMemory memory = resident_memory();
  if (calibrated) memory.peak = memory.now;
  const uint64_t taken = memory.now + kReserveBytes, needed = std::max(taken + least, memory.peak);
  if (widest != nullptr && needed > memory_bytes) {
    fail(ErrorCode::kBadArgument, "--memory {}: at least {}MiB are needed here: {}", to_byte_size(memory_bytes),
         (needed >> 20) + 1,
         memory.peak >= taken + least
             ? "reading the configuration and the tokenizer takes that much"
             : fmt::format("rows of tensor '{}' take {} bytes beside what the program itself needs", widest->name,
                           least));
  }
  return memory_bytes - std::min(memory_bytes, taken);
}

}  // namespace aurea::exporters
