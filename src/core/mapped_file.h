// A read-only memory-mapped file. Reading through a map lets several processes share one model and makes a
// second start instant; `release` gives pages back, so that a converter's memory stays at its working set.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace aurea {

class MappedFile {
 public:
  MappedFile() = default;
  /// Throws kBadFile, naming the path, if it cannot be opened, is not a regular file or cannot be mapped.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_}; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  /// Tells the kernel that a range is wanted soon. Only advice.
  static void prefetch(std::span<const std::byte> range);
  /// Takes a range of this file out of the process' resident memory, and what the kernel mapped around it unasked. The bytes stay readable.
  void release(std::span<const std::byte> range) const;

 private:
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
  std::filesystem::path path_;
};

/// Reads a small text file whole. Throws kBadFile when it is missing or larger than `limit_bytes`.
std::string read_text_file(const std::filesystem::path& path, size_t limit_bytes);

}  // namespace aurea
