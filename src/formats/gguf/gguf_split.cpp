#include "formats/gguf/gguf_split.h"

#include <algorithm>
#include <cctype>

#include "core/checked_math.h"
#include "core/error.h"

namespace aurea::formats {
namespace {

constexpr std::string_view kExtension = ".gguf";

bool all_digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; });
}

/// The name without ".gguf", and without a part's "-00001-of-00003" before it.
std::string prefix_of(std::string name) {
  if (!name.ends_with(kExtension)) return name;
  const size_t suffix = gguf_part_suffix(0, 1).size();
  if (name.size() > suffix) {
    const std::string_view end = std::string_view(name).substr(name.size() - suffix);
    if (end[0] == '-' && all_digits(end.substr(1, 5)) && end.substr(6, 4) == "-of-" && all_digits(end.substr(10, 5))) {
      return name.substr(0, name.size() - suffix);
    }
  }
  return name.substr(0, name.size() - kExtension.size());
}

uint64_t padded(uint64_t bytes) { return checked_round_up(bytes, GgufWriter::kAlignment, "size of a part"); }

}  // namespace

std::string gguf_part_suffix(uint64_t part, uint64_t n_parts) {
  return fmt::format("-{:05}-of-{:05}{}", part + 1, n_parts, kExtension);
}

std::filesystem::path gguf_part_path(const std::filesystem::path& path, uint64_t part, uint64_t n_parts) {
  return path.parent_path() / (prefix_of(path.filename().string()) + gguf_part_suffix(part, n_parts));
}

GgufMetadata gguf_part_metadata(const GgufMetadata& metadata, uint64_t part, uint64_t n_parts, uint64_t n_tensors) {
  GgufMetadata result;
  if (part == 0) result = metadata;
  result.set("split.no", GgufValue::u16(static_cast<uint16_t>(part)));
  result.set("split.count", GgufValue::u16(static_cast<uint16_t>(n_parts)));
  result.set("split.tensors.count", GgufValue::i32(static_cast<int32_t>(n_tensors)));
  return result;
}

std::vector<size_t> split_by_size(const GgufMetadata& metadata, std::span<const GgufTensorSpec> tensors,
                                  uint64_t most_bytes) {
  const auto header_bytes = [&](uint64_t part) {
    return encode_gguf_header(gguf_part_metadata(metadata, part, 1, tensors.size()), {}).size();
  };
  const uint64_t first_header = header_bytes(0), other_header = header_bytes(1);
  if (first_header > most_bytes) {
    fail(ErrorCode::kBadArgument, "--split-max-size: the metadata alone take {} bytes, which no part may be cut into",
         first_header);
  }
  uint64_t header = first_header, data = 0;  // of the part in work
  std::vector<size_t> counts{0};
  for (const GgufTensorSpec& tensor : tensors) {
    const uint64_t entry = gguf_tensor_entry_bytes(tensor), bytes = padded(gguf_tensor_bytes(tensor));
    if (const uint64_t alone = padded(other_header + entry) + bytes; alone > most_bytes) {
      fail(ErrorCode::kBadArgument, "--split-max-size: tensor '{}' needs a part of {} bytes; at most {} are allowed",
           tensor.name, alone, most_bytes);
    }
    if (padded(header + entry) + data + bytes > most_bytes) {
      counts.push_back(0);
      header = other_header;
      data = 0;
    }
    header += entry;
    data += bytes;
    ++counts.back();
  }
  if (counts.size() > kGgufMaxParts) {
    fail(ErrorCode::kBadArgument, "--split-max-size: {} parts; at most {} are possible", counts.size(), kGgufMaxParts);
  }
  return counts;
}

}  // namespace aurea::formats
