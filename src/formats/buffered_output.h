// An OutputFile that gathers small pieces, so that writing row by row or block by block costs few system calls.
#pragma once

#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "core/output_file.h"

namespace aurea::formats {

class BufferedOutput {
 public:
  static constexpr size_t kBufferBytes = size_t{1} << 20;

  /// As OutputFile: throws kBadArgument when `path` exists and `overwrite` is false or cannot be written.
  BufferedOutput(const std::filesystem::path& path, bool overwrite) : file_(path, overwrite) {}

  /// Appends. Throws kBadFile on a full disk or another failure.
  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text.data(), text.size()))); }

  /// Bytes appended so far.
  [[nodiscard]] uint64_t size() const { return file_.size() + buffer_.size(); }

  /// Writes what is gathered, syncs and renames into place.
  void commit();

 private:
  void flush();

  OutputFile file_;
  std::vector<std::byte> buffer_;
};

}  // namespace aurea::formats
