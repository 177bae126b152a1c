// Reads GGUF v2/v3 files, split files included, whoever wrote them. The tensors are views into the mapped file.
// Every count, length and offset is checked against the file before it is used (docs/formats/gguf.md lists the checks).
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/mapped_file.h"
#include "core/tensor_view.h"
#include "formats/gguf/gguf_value.h"

namespace aurea::formats {

struct GgufTensor {
  std::string name;
  TensorView view;  // shape slowest dimension first (the reverse of the file's order)
};

class GgufFile {
 public:
  /// Opens a file, or all parts of a split one when given its first part. Throws kBadFile, or kUnsupported for a
  /// big-endian or version-1 file or a tensor type this program does not know, naming path, key or tensor.
  static GgufFile open(const std::filesystem::path& path);

  /// Parses the metadata and tensor list of bytes in memory (one part); used by tests and the fuzzer.
  /// `source` names the bytes in errors. The bytes must outlive the result.
  static GgufFile parse(std::span<const std::byte> bytes, const std::string& source);

  /// A file that is not written yet, as it would read back: to ask a reader whether it can be used. Names must differ.
  static GgufFile of(GgufMetadata metadata, std::vector<GgufTensor> tensors);

  [[nodiscard]] uint32_t version() const { return version_; }
  [[nodiscard]] const GgufMetadata& metadata() const { return metadata_; }  // of the first part, split.* keys included
  [[nodiscard]] const std::vector<GgufTensor>& tensors() const { return tensors_; }  // in file order, part by part
  [[nodiscard]] const GgufTensor* find(std::string_view name) const;
  [[nodiscard]] std::span<const MappedFile> files() const { return parts_; }  // one, or the parts of a split one
  /// Where in tensors() each part ends.
  [[nodiscard]] const std::vector<size_t>& part_ends() const { return part_ends_; }
  /// Bytes of all parts on disk.
  [[nodiscard]] uint64_t file_bytes() const { return file_bytes_; }

 private:
  /// Adds the tensors of a part and returns its metadata.
  GgufMetadata add_part(std::span<const std::byte> bytes, const std::string& source);

  uint32_t version_ = 0;
  GgufMetadata metadata_;
  std::vector<GgufTensor> tensors_;
  std::unordered_map<std::string, size_t> index_;
  std::vector<MappedFile> parts_;
  std::vector<size_t> part_ends_;
  uint64_t file_bytes_ = 0;
};

/// True if the file starts with GGUF's magic.
bool is_gguf(const std::filesystem::path& path);

}  // namespace aurea::formats
