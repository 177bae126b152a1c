// NumPy's .npy: float32, little-endian, C order. Format: NumPy NEP 1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "formats/buffered_output.h"

namespace aurea::formats {

struct NpyArray {
  std::vector<uint64_t> shape;  // slowest dimension first
  std::vector<float> values;
};

/// Reads an array of '<f4' (or '<f8', '<i4', '<i8', '|u1', converted). Throws kBadFile on anything else or truncated
/// data.
NpyArray read_npy(const std::filesystem::path& path);
NpyArray parse_npy(std::span<const std::byte> bytes, const std::string& source);

/// Streams a float32 [rows, cols] array; the number of rows must be known when it starts.
class NpyWriter {
 public:
  /// Throws kBadArgument as OutputFile does.
  NpyWriter(const std::filesystem::path& path, bool overwrite, uint64_t rows, uint64_t cols);
  void write_row(std::span<const float> row);
  /// Checks that all rows came, syncs and renames the file into place.
  void commit();

 private:
  BufferedOutput file_;
  uint64_t rows_left_, cols_;
};

}  // namespace aurea::formats
