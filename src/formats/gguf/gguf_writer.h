// Writes a GGUF v3 file, or the parts of a split one, front to back: header first, then the tensors' data in the
// announced order.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/cancel.h"
#include "core/quant_type.h"
#include "core/resumable_output.h"
#include "core/tensor_view.h"
#include "formats/gguf/gguf_value.h"

namespace aurea::formats {

struct GgufTensorSpec {
  std::string name;  // at most 63 bytes
  QuantType type;
  Shape shape;  // slowest dimension first; the file gets the reverse, trailing ones dropped
};

/// Everything in front of the tensor data, padding included: preamble, metadata in their order, tensor list.
/// `general.alignment` is left out: a written file always has the default. Throws kBadArgument, naming key or tensor,
/// on what a reader would refuse: a name that is over-long, repeated or not UTF-8, a number that its type cannot hold,
/// a shape that is empty, has over 4 dimensions or rows of broken blocks.
std::string encode_gguf_header(const GgufMetadata& metadata, std::span<const GgufTensorSpec> tensors);

/// Bytes of a tensor's data, without padding, and of its entry in the header's list. Throw kBadArgument as
/// encode_gguf_header does.
uint64_t gguf_tensor_bytes(const GgufTensorSpec& tensor);
uint64_t gguf_tensor_entry_bytes(const GgufTensorSpec& tensor);

/// Where a file goes, and how.
struct GgufOutput {
  std::filesystem::path path;  // of the file, or the name that the parts' names are made from (gguf_split.h)
  bool overwrite = false;
  std::vector<size_t> part_tensors = {};  // numbers of tensors of the parts; fewer than two: one file
  /// What decides the data besides the header; a run that was killed is gone on with by the next one with the same
  /// header and this. Empty: nothing is kept.
  std::string fingerprint = {};
  const CancelToken* cancel = nullptr;  // looked at while an earlier run's data are checked
};

class GgufWriter {
 public:
  static constexpr uint64_t kAlignment = 32;

  /// Writes header, metadata and tensor list. Throws kBadArgument as encode_gguf_header and ResumableOutput do.
  GgufWriter(const GgufOutput& output, const GgufMetadata& metadata, std::vector<GgufTensorSpec> tensors);
  GgufWriter(const std::filesystem::path& path, bool overwrite, const GgufMetadata& metadata,
             std::vector<GgufTensorSpec> tensors)
      : GgufWriter(GgufOutput{.path = path, .overwrite = overwrite}, metadata, std::move(tensors)) {}

  /// What an earlier run left: the notes of its records, and a remark when there was something of no use.
  [[nodiscard]] std::vector<std::string> recovered_notes() const;
  [[nodiscard]] const std::string& remark() const { return out_.remark(); }
  /// Everything was written before, metadata too; only commit() is left to do.
  [[nodiscard]] bool only_to_commit() const { return out_.only_to_commit(); }

  /// Appends data of the current tensor; when it is complete, padding follows and the next tensor is current.
  /// A piece must not reach beyond the current tensor. Small pieces are cheap.
  void write(std::span<const std::byte> piece);
  /// What was written up to now is kept if the process is killed. `note`: anything without line breaks.
  void record(const std::string& note) { out_.record(note); }

  /// The tensor that the next write() belongs to, its number (when all are complete: how many there are), and the bytes
  /// still to come.
  [[nodiscard]] const GgufTensorSpec& current() const;
  [[nodiscard]] size_t current_number() const { return current_; }
  [[nodiscard]] uint64_t remaining() const { return remaining_; }

  /// Replaces the metadata by others of the same size: values that are known only when the data are written.
  void replace_metadata(const GgufMetadata& metadata);
  /// The finished file, or the first part of it, before it has its name; it can be opened after the last record().
  [[nodiscard]] std::filesystem::path hidden_path() const { return out_.hidden_path(0); }

  /// The unfinished files stay for a later run, if there is something to go on with: false if not.
  bool keep() { return out_.keep(); }
  /// Checks that all data came, syncs and renames the files into place.
  void commit();

  /// Bytes that the finished file will have, all parts together, and its name, or that of the first part.
  [[nodiscard]] uint64_t total_bytes() const;
  [[nodiscard]] const std::filesystem::path& path() const { return out_.parts().front().path; }
  [[nodiscard]] size_t n_parts() const { return out_.parts().size(); }

 private:
  [[nodiscard]] std::string header_of(size_t part, const GgufMetadata& metadata) const;
  [[nodiscard]] std::vector<OutputPart> plan_parts(const GgufOutput& output, const GgufMetadata& metadata);
  void find_place();
  void skip_finished_parts();

  std::vector<GgufTensorSpec> tensors_;
  std::vector<size_t> part_ends_;  // in tensors_
  ResumableOutput out_;
  size_t current_ = 0;
  uint64_t remaining_ = 0;  // bytes of the current tensor still to come
};

}  // namespace aurea::formats
