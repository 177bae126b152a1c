#include "formats/gguf/gguf_file.h"

#include <fstream>

#include "core/error.h"
#include "formats/gguf/gguf_part.h"
#include "formats/gguf/gguf_split.h"

namespace aurea::formats {
namespace {

/// Number of parts that the metadata announce; 1 for a file that is not split (a merged file says 0).
uint64_t count_parts(const GgufMetadata& metadata) {
  const uint64_t n_parts = metadata.optional_uint("split.count").value_or(1);
  if (n_parts > kGgufMaxParts)
    fail_file("key 'split.count': at most {} parts are possible, found {}", kGgufMaxParts, n_parts);
  return n_parts == 0 ? 1 : n_parts;
}

/// The path of part 0 without its suffix.
std::string split_prefix(const std::string& path, const GgufMetadata& metadata, uint64_t n_parts) {
  const uint64_t part = metadata.required_uint("split.no");
  if (part != 0) fail_file("part {} of {} of a split file; open the first part", part + 1, n_parts);
  const std::string suffix = gguf_part_suffix(0, n_parts);
  if (!path.ends_with(suffix)) {
    fail_file("first of {} parts: its name must end in '{}' for the others to be found", n_parts, suffix);
  }
  return path.substr(0, path.size() - suffix.size());
}

void check_part(const GgufMetadata& metadata, uint64_t part, uint64_t n_parts) {
  const uint64_t stored_part = metadata.required_uint("split.no");
  if (stored_part != part) fail_file("key 'split.no': expected {}, found {}", part, stored_part);
  const uint64_t stored_count = metadata.optional_uint("split.count").value_or(n_parts);
  if (stored_count != n_parts) fail_file("key 'split.count': expected {}, found {}", n_parts, stored_count);
}

/// Runs `read`; its errors get `source` in front.
template <typename Read>
auto with_source(const std::string& source, Read&& read) {
  try {
    return read();
  } catch (Error& error) {
    error.add_context(source);
    throw;
  }
}

}  // namespace

GgufFile GgufFile::open(const std::filesystem::path& path) {
  GgufFile file;
  file.parts_.emplace_back(path);
  const std::string source = path.string();
  file.metadata_ = file.add_part(file.parts_.back().bytes(), source);
  const uint64_t n_parts = with_source(source, [&] { return count_parts(file.metadata_); });
  if (n_parts == 1) return file;

  const std::string prefix = with_source(source, [&] { return split_prefix(source, file.metadata_, n_parts); });
  for (uint64_t part = 1; part < n_parts; ++part) {
    const std::string part_path = prefix + gguf_part_suffix(part, n_parts);
    file.parts_.emplace_back(part_path);
    const GgufMetadata metadata = file.add_part(file.parts_.back().bytes(), part_path);
    with_source(part_path, [&] { check_part(metadata, part, n_parts); });
  }
  with_source(source, [&] {
    const uint64_t expected = file.metadata_.required_uint("split.tensors.count");
    if (expected != file.tensors_.size()) {
      fail_file("key 'split.tensors.count': {} tensors announced, {} found in {} parts", expected, file.tensors_.size(),
                n_parts);
    }
  });
  return file;
}

GgufFile GgufFile::parse(std::span<const std::byte> bytes, const std::string& source) {
  GgufFile file;
  file.metadata_ = file.add_part(bytes, source);
  return file;
}

GgufFile GgufFile::of(GgufMetadata metadata, std::vector<GgufTensor> tensors) {
  GgufFile file;
  file.metadata_ = std::move(metadata);
  file.tensors_ = std::move(tensors);
  for (size_t i = 0; i < file.tensors_.size(); ++i) file.index_.emplace(file.tensors_[i].name, i);
  return file;
}

GgufMetadata GgufFile::add_part(std::span<const std::byte> bytes, const std::string& source) {
  return with_source(source, [&] {
    GgufPart part = parse_gguf_part(bytes);
    if (version_ == 0) version_ = part.version;
    for (GgufTensor& tensor : part.tensors) {
      if (!index_.try_emplace(tensor.name, tensors_.size()).second) {
        fail_file("tensor '{}' appears twice", tensor.name);
      }
      tensors_.push_back(std::move(tensor));
    }
    part_ends_.push_back(tensors_.size());
    file_bytes_ += bytes.size();
    return std::move(part.metadata);
  });
}

const GgufTensor* GgufFile::find(std::string_view name) const {
  const auto it = index_.find(std::string(name));
  return it == index_.end() ? nullptr : &tensors_[it->second];
}

bool is_gguf(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return false;  // opening a pipe would wait for its writer
  std::ifstream file(path, std::ios::binary);
  char magic[4] = {};
  file.read(magic, sizeof(magic));
  return file.gcount() == sizeof(magic) && std::string_view(magic, sizeof(magic)) == "GGUF";
}

}  // namespace aurea::formats
