#include "quantization/plan/scratch_matrices.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "core/checked_math.h"
#include "core/error.h"

namespace aurea::quantization {
namespace {

constexpr uint64_t kPage = 1 << 16;  // a multiple of every page size in use

/// A file that has no name, or loses it at once where the file system cannot make one without.
int open_nameless(const std::filesystem::path& folder) {
  const int fd = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0) return fd;
  std::string name = (folder / ".aurea-XXXXXX").string();
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named < 0) fail(ErrorCode::kBadArgument, "{}: cannot write there: {}", folder.string(), std::strerror(errno));
  ::unlink(name.c_str());
  return named;
}

}  // namespace

ScratchMatrices::ScratchMatrices(const std::filesystem::path& folder)
    : fd_(open_nameless(folder.empty() ? "." : folder)) {}

ScratchMatrices::~ScratchMatrices() {
  for (const auto& [key, mapping] : mappings_) ::munmap(mapping.data, mapping.bytes);
  ::close(fd_);
}

std::span<std::byte> ScratchMatrices::add(MatrixId id, QuantType type, uint64_t rows, uint64_t cols) {
  AUREA_CHECK(!mappings_.contains({id, type}));
  const uint64_t bytes = checked_mul(row_bytes(type, cols), rows, "size of a tensor");
  const uint64_t padded = checked_round_up(bytes, kPage, "size of a tensor");
  // The blocks are claimed now: writing through a mapping has no way to say that the disk is full.
  if (const int problem = ::posix_fallocate(fd_, static_cast<off_t>(size_), static_cast<off_t>(padded)); problem != 0) {
    fail_file("no room for {} bytes of rounded matrices: {}", padded, std::strerror(problem));
  }
  void* data = ::mmap(nullptr, padded, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, static_cast<off_t>(size_));
  if (data == MAP_FAILED) fail(ErrorCode::kOutOfMemory, "cannot map {} bytes: {}", padded, std::strerror(errno));
  size_ += padded;
  const std::span<std::byte> place(static_cast<std::byte*>(data), bytes);
  mappings_[{id, type}] = {data, padded, TensorView{type, {rows, cols}, place}};
  return place;
}

void ScratchMatrices::settle(MatrixId id, QuantType type) const {
  const Mapping& mapping = mappings_.at({id, type});
  ::madvise(mapping.data, mapping.bytes, MADV_DONTNEED);  // of a shared mapping: the pages stay in the file
}

const TensorView* ScratchMatrices::find(MatrixId id, QuantType type) const {
  const auto found = mappings_.find({id, type});
  return found == mappings_.end() ? nullptr : &found->second.view;
}

}  // namespace aurea::quantization
