// An output that appears whole or not at all: written to a hidden file beside its place, synced, renamed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

namespace aurea {

class OutputFile {
 public:
  /// Throws kBadArgument as check_output_path does, and as fail_to_create does.
  OutputFile(std::filesystem::path path, bool overwrite);
  /// Removes the unfinished file unless commit() was called.
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// Appends. Throws kBadFile, naming the path, on a full disk or another failure.
  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text.data(), text.size()))); }
  [[nodiscard]] uint64_t size() const { return size_; }

  /// Syncs and renames into place; nothing may be written afterwards.
  void commit();

 private:
  std::filesystem::path path_, temporary_;
  int fd_ = -1;
  uint64_t size_ = 0;
};

/// Throws for a file that could not be made: kBadFile when there is no room, kBadArgument when it cannot be there.
/// `reason`: errno.
[[noreturn]] void fail_to_create(const std::filesystem::path& path, int reason);

/// Throws kBadArgument if `path` is a folder, a device or a pipe, exists while `overwrite` is false, has no folder to
/// be in, or cannot be a file's name. Called early, before hours of work.
void check_output_path(const std::filesystem::path& path, bool overwrite);

}  // namespace aurea
