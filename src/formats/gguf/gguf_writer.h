// Writes a GGUF v3 file front to back: header first, then the tensors' data in the announced order.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/quant_type.h"
#include "core/tensor_view.h"
#include "formats/buffered_output.h"
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

class GgufWriter {
 public:
  static constexpr uint64_t kAlignment = 32;

  /// Writes header, metadata and tensor list. Throws kBadArgument as encode_gguf_header and OutputFile do.
  GgufWriter(const std::filesystem::path& path, bool overwrite, const GgufMetadata& metadata,
             std::vector<GgufTensorSpec> tensors);

  /// Appends data of the current tensor; when it is complete, padding follows and the next tensor is current.
  /// A piece must not reach beyond the current tensor. Small pieces are cheap.
  void write(std::span<const std::byte> piece);

  /// Name and remaining bytes of the tensor that the next write() belongs to.
  [[nodiscard]] const GgufTensorSpec& current() const;
  [[nodiscard]] uint64_t remaining() const { return remaining_; }

  /// Checks that all data came, syncs and renames the file into place.
  void commit();

  /// Bytes that the finished file will have.
  [[nodiscard]] uint64_t total_bytes() const { return total_bytes_; }

 private:
  void pad();
  BufferedOutput file_;
  std::vector<GgufTensorSpec> tensors_;
  size_t current_ = 0;
  uint64_t remaining_ = 0;  // bytes of the current tensor still to come
  uint64_t total_bytes_ = 0;
};

}  // namespace aurea::formats
