// Writes a GGUF v3 file front to back: header first, then the tensors' data in the announced order.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/output_file.h"
#include "core/quant_type.h"
#include "core/tensor_view.h"
#include "formats/gguf/gguf_value.h"

namespace aurea::formats {

struct GgufTensorSpec {
  std::string name;  // at most 63 bytes
  QuantType type;
  Shape shape;  // slowest dimension first; the file gets the reverse, trailing ones dropped
};

class GgufWriter {
 public:
  static constexpr uint64_t kAlignment = 32;

  /// Writes header, metadata and tensor list. Throws kBadArgument on an over-long or repeated name.
  GgufWriter(const std::filesystem::path& path, bool overwrite, const GgufMetadata& metadata,
             std::vector<GgufTensorSpec> tensors);

  /// Appends data of the current tensor; when it is complete, padding follows and the next tensor is current.
  /// A piece must not reach beyond the current tensor.
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
  OutputFile file_;
  std::vector<GgufTensorSpec> tensors_;
  size_t current_ = 0;
  uint64_t remaining_ = 0, data_start_ = 0, total_bytes_ = 0;
};

}  // namespace aurea::formats
