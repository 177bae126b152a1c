// A model on disk, whichever format it has: its description and its tensors by canonical name.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/error.h"
#include "core/mapped_file.h"
#include "formats/gguf/gguf_file.h"
#include "formats/safetensors/safetensors_file.h"
#include "models/architecture.h"

namespace aurea::models {

class ModelSource {
 public:
  /// Opens a Hugging Face folder or a GGUF file (the first part of a split one). Every tensor of the description is there with
  /// the right shape, and none is left over, or this throws kBadFile / kUnsupported naming file, tensor, expected and found.
  static ModelSource open(const std::filesystem::path& path);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] const Architecture& architecture() const { return *architecture_; }
  [[nodiscard]] const ModelDescription& description() const { return description_; }
  [[nodiscard]] const Hyperparams& params() const { return description_.params; }

  /// The stored values; for a constant tensor, the values of the description. Stacked matrices have a view each, wherever the
  /// parts lie; every other tensor is one view.
  [[nodiscard]] std::span<const TensorView> parts(TensorId id) const { return parts_[id]; }
  /// A tensor that is not stacked.
  [[nodiscard]] const TensorView& tensor(TensorId id) const {
    AUREA_CHECK(parts_[id].size() == 1);
    return parts_[id].front();
  }

  /// Lets other values stand for one matrix: of its shape, in any type. They must outlive this object; the files stay as they are.
  void replace(TensorId id, size_t part, const TensorView& values) {
    AUREA_CHECK(values.shape == parts_[id].at(part).shape);
    parts_[id][part] = values;
  }

  /// False for a constant tensor, whose values lie in this process's own memory.
  [[nodiscard]] bool is_mapped(TensorId id) const { return stored_[id]; }

  [[nodiscard]] const formats::GgufFile* gguf() const { return gguf_ ? &*gguf_ : nullptr; }  // null: a folder
  [[nodiscard]] uint64_t parameter_count() const;
  /// Bytes of the tensors' data as stored, and bits per parameter.
  [[nodiscard]] uint64_t tensor_bytes() const;
  [[nodiscard]] double bits_per_weight() const;
  /// The files that the tensors lie in, mapped.
  [[nodiscard]] std::span<const MappedFile> files() const;
  /// Takes stored values out of the process' resident memory; for a range of a stored tensor (is_mapped).
  void release(std::span<const std::byte> range) const;
  /// Bytes of the weight files on disk.
  [[nodiscard]] uint64_t file_bytes() const;
  /// What tells one state of the model from another without reading it: sizes and times of the weight files, and the
  /// values that are not in them. Throws kBadFile when a file can no longer be looked at.
  [[nodiscard]] std::string fingerprint() const;

 private:
  void open_folder();
  void open_gguf();
  void bind(const Architecture& architecture, const Hyperparams& params);
  [[nodiscard]] std::vector<TensorView> find_in_gguf(const TensorSpec& spec) const;
  [[nodiscard]] std::vector<TensorView> find_in_folder(const TensorSpec& spec) const;
  [[nodiscard]] TensorView checked(const TensorView& view, const std::string& name, const Shape& expected) const;
  [[nodiscard]] const std::string& stored_name(const std::string& current) const;
  void check_nothing_left(const std::vector<std::string>& stored) const;

  std::filesystem::path path_;
  const Architecture* architecture_ = nullptr;
  ModelDescription description_;
  std::vector<std::vector<TensorView>> parts_;  // by TensorId
  std::vector<bool> stored_;                    // by TensorId: in a file
  std::optional<formats::GgufFile> gguf_;
  std::optional<formats::SafetensorsFile> safetensors_;
  std::unordered_map<std::string, std::string> stored_names_;  // of a folder: today's name -> the stored one, where they differ
};

}  // namespace aurea::models
