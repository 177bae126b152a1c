#include "core/page_buffer.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/error.h"
#include "core/progress.h"

namespace aurea {

PageBuffer::PageBuffer(size_t size) : size_(size) {
  if (size == 0) return;
  constexpr size_t kHugePage = size_t{2} << 20;
  const size_t slack = size < kHugePage ? 0 : kHugePage;  // to begin at a huge page
  void* address = ::mmap(nullptr, size + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (address == MAP_FAILED)
    fail(ErrorCode::kOutOfMemory, "no memory for {}: {}", format_bytes(size), std::strerror(errno));
  mapping_ = address;
  mapped_ = size + slack;
  const auto begin = reinterpret_cast<uintptr_t>(address);
  data_ = static_cast<uint8_t*>(address) + (slack == 0 ? 0 : (kHugePage - begin % kHugePage) % kHugePage);
  // Of whole huge pages only, so that what is asked for is all that gets used. Only advice: small pages do as well.
  ::madvise(data_, size / kHugePage * kHugePage, MADV_HUGEPAGE);
}

PageBuffer::~PageBuffer() {
  if (mapping_ != nullptr) ::munmap(mapping_, mapped_);
}

PageBuffer::PageBuffer(PageBuffer&& other) noexcept
    : mapping_(std::exchange(other.mapping_, nullptr)),
      mapped_(std::exchange(other.mapped_, 0)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

PageBuffer& PageBuffer::operator=(PageBuffer&& other) noexcept {
  std::swap(mapping_, other.mapping_);
  std::swap(mapped_, other.mapped_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

}  // namespace aurea
