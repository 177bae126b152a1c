// Memory straight from the system, in huge pages where it has them: for buffers of megabytes that are read again and
// again, whose translation would otherwise cost as much as reading them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace aurea {

class PageBuffer {
 public:
  PageBuffer() = default;
  /// `size` bytes of zeros, aligned to a huge page if they fill one, else to a page. Throws kOutOfMemory.
  explicit PageBuffer(size_t size);
  ~PageBuffer();
  PageBuffer(PageBuffer&& other) noexcept;
  PageBuffer& operator=(PageBuffer&& other) noexcept;

  [[nodiscard]] uint8_t* data() { return data_; }
  [[nodiscard]] const uint8_t* data() const { return data_; }
  [[nodiscard]] size_t size() const { return size_; }

 private:
  void* mapping_ = nullptr;
  size_t mapped_ = 0;
  uint8_t* data_ = nullptr;  // inside the mapping
  size_t size_ = 0;
};

}  // namespace aurea
