// A cursor over bytes that may lie: nothing is read, skipped or viewed without a check against what is left.
// Integers and floats are little-endian, as in every container here.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "core/error.h"

namespace aurea::formats {

static_assert(std::endian::native == std::endian::little,
              "the readers and writers copy integers as they are in memory");

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  [[nodiscard]] uint64_t position() const { return position_; }
  [[nodiscard]] uint64_t remaining() const { return bytes_.size() - position_; }

  /// The next `count` bytes. Throws kBadFile, naming `what`, when fewer are left.
  std::span<const std::byte> take(uint64_t count, std::string_view what) {
    if (count > remaining()) {
      fail_file("truncated: {} needs {} bytes at offset {}, found {}", what, count, position_, remaining());
    }
    const auto taken = bytes_.subspan(position_, count);
    position_ += count;
    return taken;
  }

  std::string_view text(uint64_t count, std::string_view what) {
    const auto taken = take(count, what);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }

  template <typename T>
  T read(std::string_view what) {
    T value;
    std::memcpy(&value, take(sizeof(T), what).data(), sizeof(T));
    return value;
  }

 private:
  std::span<const std::byte> bytes_;
  uint64_t position_ = 0;
};

}  // namespace aurea::formats
