#include "engine/pack_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "core/error.h"
#include "core/hash.h"
#include "core/output_file.h"
#include "core/page_buffer.h"
#include "kernels/packing.h"

namespace aurea::engine {
namespace {

// To be raised whenever packed_format.h or packing.cpp give other bytes.
constexpr int kLayoutVersion = 2;
constexpr size_t kPage = 4096;
constexpr size_t kPieceBytes = size_t{16} << 20;

size_t whole_pages(size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

size_t packed_bytes_of(const TensorView& part) { return kernels::packed_bytes(part.type, part.rows(), part.cols()); }

/// Also of some of every part's bytes, since a packed file lives long: what any program changed differs in time or here.
std::string fingerprint(const models::ModelSource& source) {
  FastHash hash;
  hash.update(source.fingerprint());
  for (models::TensorId id = 0; id < source.description().tensors.size(); ++id) {
    for (const TensorView& part : source.parts(id)) {
      const size_t sample = std::min<size_t>(part.data.size(), 256);
      hash.update(part.data.first(sample));
      hash.update(part.data.last(sample));
    }
  }
  return hash.hex();
}

}  // namespace

std::filesystem::path packed_file(const models::ModelSource& source) {
  std::filesystem::path path = source.path().lexically_normal();
  if (!path.has_filename()) path = path.parent_path();  // a folder written with a slash behind
  return path += ".packed";
}

PackCache::PackCache(const models::ModelSource& source, const std::filesystem::path& path, ThreadPool& pool)
    : source_(source) {
  const models::ModelDescription& description = source.description();
  std::string table;
  size_t end = 0;  // from the first matrix on
  for (const models::Node& node : description.graph.nodes) {
    for (const models::MatrixUse& use : matrices_of(description, node)) {
      for (const TensorView& part : source.parts(use.weight)) {
        if (kernels::packing(part.type) == nullptr || by_address_.contains(part.data.data())) continue;
        by_address_.emplace(part.data.data(), entries_.size());
        entries_.push_back({part, end, packed_bytes_of(part)});
        table += fmt::format("{} {} {} {}\n", name(part.type), part.rows(), part.cols(), end);
        end += whole_pages(entries_.back().bytes);
      }
    }
  }
  if (entries_.empty()) {
    fail(ErrorCode::kUnsupported,
         "{}: nothing to pack: its matrices are stored as floats; quantize it first, or leave --pack-cache out",
         source.path().string());
  }
  header_ = fmt::format("aurea packed weights, layout {}\nmodel {}\n{}\n", kLayoutVersion, fingerprint(source), table);
  header_.resize(whole_pages(header_.size()), '\n');
  for (Entry& entry : entries_) entry.offset += header_.size();
  file_bytes_ = header_.size() + end;

  const auto is_ours = [&] {
    const auto bytes = file_.bytes();
    return bytes.size() == file_bytes_ && std::memcmp(bytes.data(), header_.data(), header_.size()) == 0;
  };
  if (std::filesystem::exists(path)) {
    file_ = MappedFile(path);
    if (is_ours()) {
      MappedFile::prefetch(file_.bytes());
      return;
    }
    file_ = {};
  }
  write(path, pool);
  file_ = MappedFile(path);
  if (!is_ours()) fail_file("{}: somebody else wrote it at the same time; start again", path.string());
}

void PackCache::write(const std::filesystem::path& path, ThreadPool& pool) const {
  OutputFile file(path, /*overwrite=*/true);
  file.write(header_);
  PageBuffer piece(kPieceBytes);
  std::vector<std::byte> padding(kPage);
  for (const Entry& entry : entries_) {
    const TensorView& part = entry.part;
    const size_t group_bytes = kernels::packed_group_bytes(kernels::packing(part.type)->format, part.cols());
    const size_t at_once = std::max<size_t>(1, kPieceBytes / group_bytes),
                 n_groups = kernels::packed_groups(part.rows());
    if (at_once * group_bytes > piece.size()) piece = PageBuffer(at_once * group_bytes);
    for (size_t first = 0; first < n_groups; first += at_once) {
      const size_t count = std::min(at_once, n_groups - first), row = first * kernels::kGroupRows;
      pool.parallel_for(count, 4, [&](size_t begin, size_t end, unsigned) {
        kernels::pack_groups(part.type, reinterpret_cast<const uint8_t*>(part.row(row)), part.row_bytes(),
                             part.rows() - row, part.cols(), begin, end, piece.data());
      });
      file.write(std::as_bytes(std::span(piece.data(), count * group_bytes)));
    }
    file.write(std::span(padding).first(whole_pages(entry.bytes) - entry.bytes));
    source_.release(part.data);
  }
  file.commit();
}

const uint8_t* PackCache::find(const TensorView& part) const {
  const auto found = by_address_.find(part.data.data());
  if (found == by_address_.end()) return nullptr;
  return reinterpret_cast<const uint8_t*>(file_.bytes().data()) + entries_[found->second].offset;
}

}  // namespace aurea::engine
