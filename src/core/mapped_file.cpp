#include "core/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "core/error.h"

namespace aurea {
namespace {

struct FileDescriptor {
  int fd;
  ~FileDescriptor() {
    if (fd >= 0) ::close(fd);
  }
};

// A fault maps the pages around it as well: 64 KiB of them usually, at most a huge page.
constexpr uintptr_t kMappedAround = uintptr_t{2} << 20;

uintptr_t address_of(const std::byte* place) { return reinterpret_cast<uintptr_t>(place); }

void advise(uintptr_t begin, uintptr_t end, int advice) {
  if (end > begin) ::madvise(reinterpret_cast<void*>(begin), end - begin, advice);
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) : path_(path) {
  const FileDescriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.fd < 0) fail_file("{}: cannot open: {}", path.string(), std::strerror(errno));
  struct stat status {};
  if (::fstat(file.fd, &status) != 0) fail_file("{}: cannot read its size: {}", path.string(), std::strerror(errno));
  if (!S_ISREG(status.st_mode)) fail_file("{}: not a regular file", path.string());
  size_ = static_cast<size_t>(status.st_size);
  if (size_ == 0) return;
  void* address = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file.fd, 0);
  if (address == MAP_FAILED) fail_file("{}: cannot map {} bytes: {}", path.string(), size_, std::strerror(errno));
  data_ = static_cast<const std::byte*>(address);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)), path_(std::move(other.path_)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(path_, other.path_);
  return *this;
}

void MappedFile::prefetch(std::span<const std::byte> range) {
  static const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const uintptr_t begin = address_of(range.data());
  if (!range.empty()) advise(begin / page * page, begin + range.size(), MADV_WILLNEED);
}

void MappedFile::release(std::span<const std::byte> range) const {
  if (range.empty()) return;
  const uintptr_t file = address_of(data_), begin = address_of(range.data()), end = begin + range.size();
  AUREA_CHECK(begin >= file && end <= file + size_);
  advise(std::max(file, begin / kMappedAround * kMappedAround), std::min(file + size_, (end / kMappedAround + 1) * kMappedAround),
         MADV_DONTNEED);
}

std::string read_text_file(const std::filesystem::path& path, size_t limit_bytes) {
  const MappedFile file(path);
  if (file.bytes().size() > limit_bytes) {
    fail_file("{}: {} bytes, more than the {} that such a file may have", path.string(), file.bytes().size(), limit_bytes);
  }
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

}  // namespace aurea
