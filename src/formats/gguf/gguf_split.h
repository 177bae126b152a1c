// Split GGUF files: names, keys, and which tensors go into which part.
// Convention: llama.cpp v0.5.0, tools/gguf-split and src/llama.cpp (docs/formats/gguf.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "formats/gguf/gguf_value.h"
#include "formats/gguf/gguf_writer.h"

namespace aurea::formats {

inline constexpr uint64_t kGgufMaxParts = 65535;  // split.count is a u16

/// "-00001-of-00003.gguf" for part 0 of 3.
std::string gguf_part_suffix(uint64_t part, uint64_t n_parts);

/// The path of a part of the output that the user calls `path`: a final ".gguf" (or the suffix of any part) gives way
/// to the part's suffix.
std::filesystem::path gguf_part_path(const std::filesystem::path& path, uint64_t part, uint64_t n_parts);

/// The keys of one part: all metadata in the first one, split.no, split.count and split.tensors.count in each.
GgufMetadata gguf_part_metadata(const GgufMetadata& metadata, uint64_t part, uint64_t n_parts, uint64_t n_tensors);

/// Numbers of tensors of consecutive parts of at most `most_bytes` each, headers included; the first part may stay
/// without tensors. One number: everything fits into one file. Throws kBadArgument, naming what does not fit and the
/// least that would do.
std::vector<size_t> split_by_size(const GgufMetadata& metadata, std::span<const GgufTensorSpec> tensors,
                                  uint64_t most_bytes);

}  // namespace aurea::formats
