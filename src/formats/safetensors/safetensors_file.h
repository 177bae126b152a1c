// Reads safetensors: one file, or the shards that model.safetensors.index.json names.
// Format: huggingface/safetensors README ("Format"): u64 header length, JSON header, data.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/mapped_file.h"
#include "core/tensor_view.h"

namespace aurea::formats {

struct SafetensorsTensor {
  std::string name;
  TensorView view;  // the data may lie at any address: the format does not align it
};

class SafetensorsFile {
 public:
  /// Opens `folder`/model.safetensors.index.json with its shards, or else `folder`/model.safetensors.
  /// Throws kBadFile when neither is there, a shard is missing, a tensor of the index is absent from its shard or in
  /// two shards, or a shard is truncated or lies about itself.
  static SafetensorsFile open_folder(const std::filesystem::path& folder);

  /// Parses one file's bytes; used by tests and the fuzzer. The bytes must outlive the result.
  static SafetensorsFile parse(std::span<const std::byte> bytes, const std::string& source);

  /// Tensors of types F32, F16 and BF16, by place in the file, shards by name. Others (I64 buffers, F8, tensors
  /// without elements) are listed in `other_tensors` by name and type only.
  [[nodiscard]] const std::vector<SafetensorsTensor>& tensors() const { return tensors_; }
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& other_tensors() const { return other_; }
  [[nodiscard]] const SafetensorsTensor* find(std::string_view name) const;
  [[nodiscard]] std::span<const MappedFile> files() const { return shards_; }
  [[nodiscard]] uint64_t file_bytes() const { return file_bytes_; }

 private:
  static constexpr size_t kOther = SIZE_MAX;  // in index_: listed in other_

  void add_file(std::span<const std::byte> bytes, const std::string& source);
  void open_index(const std::filesystem::path& folder, const std::filesystem::path& index_path);

  std::vector<SafetensorsTensor> tensors_;
  std::vector<std::pair<std::string, std::string>> other_;
  std::unordered_map<std::string, size_t> index_;  // every name -> place in tensors_, or kOther
  std::vector<MappedFile> shards_;
  uint64_t file_bytes_ = 0;
};

}  // namespace aurea::formats
