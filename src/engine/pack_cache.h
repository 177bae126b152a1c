// A model's packed weights in a file beside it, mapped instead of packed anew: a second start is instant, and several
// processes share them. Format: a header of text, filled up to a page, that says which model and which layout; then the
// packed matrices (kernels/packed_format.h), each filled up to a page.
#pragma once

#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/mapped_file.h"
#include "core/thread_pool.h"
#include "models/source.h"

namespace aurea::engine {

/// Where the packed weights of a model lie: MODEL.packed.
std::filesystem::path packed_file(const models::ModelSource& source);

class PackCache {
 public:
  /// Opens the file if it was made of these very weights in today's layout; writes it anew otherwise, whole or not at
  /// all, a piece at a time. Throws as OutputFile does; kUnsupported for a model without packed types.
  PackCache(const models::ModelSource& source, const std::filesystem::path& path, ThreadPool& pool);

  /// The packed form of a stored part; null: the kernels read it as it is stored.
  [[nodiscard]] const uint8_t* find(const TensorView& part) const;

 private:
  struct Entry {
    TensorView part;
    size_t offset, bytes;  // in the file
  };
  void write(const std::filesystem::path& path, ThreadPool& pool) const;

  const models::ModelSource& source_;
  std::vector<Entry> entries_;  // in the file's order
  std::unordered_map<const std::byte*, size_t> by_address_;
  std::string header_;
  size_t file_bytes_ = 0;
  MappedFile file_;
};

}  // namespace aurea::engine
