// Hand-made GGUF bytes for tests: every field is written as the test says, sensible or not.
#pragma once

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/gguf/gguf_value.h"

namespace aurea::formats {

class GgufBytes {
 public:
  GgufBytes(uint64_t n_tensors, uint64_t n_keys, uint32_t version = 3) {
    bytes_ = "GGUF";
    put(version).put(n_tensors).put(n_keys);
  }

  template <typename T>
  GgufBytes& put(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
    return *this;
  }
  GgufBytes& text(std::string_view text) {
    put<uint64_t>(text.size());
    bytes_ += text;
    return *this;
  }
  /// A key and its type; the value is to follow.
  GgufBytes& key(std::string_view key, GgufType type) { return text(key).put(type); }
  GgufBytes& u32_key(std::string_view name, uint32_t value) { return key(name, GgufType::kUint32).put(value); }
  /// A key with an array's type and count; the items are to follow.
  GgufBytes& array_key(std::string_view name, GgufType element, uint64_t count) {
    return key(name, GgufType::kArray).put(element).put(count);
  }
  /// `dims` in the file's order: the contiguous one first.
  GgufBytes& tensor(std::string_view name, std::initializer_list<uint64_t> dims, uint32_t type_id, uint64_t offset) {
    text(name).put(static_cast<uint32_t>(dims.size()));
    for (const uint64_t size : dims) put(size);
    return put(type_id).put(offset);
  }
  GgufBytes& pad(size_t alignment = 32) {
    bytes_.resize((bytes_.size() + alignment - 1) / alignment * alignment);
    return *this;
  }
  GgufBytes& data(size_t count, char value = 'd') {
    bytes_.append(count, value);
    return *this;
  }

  [[nodiscard]] const std::string& str() const { return bytes_; }

 private:
  std::string bytes_;
};

/// A copy on the heap of exactly the text's size, so that a sanitizer sees a read beyond the end.
class ExactBytes {
 public:
  explicit ExactBytes(std::string_view text) : bytes_(text.size()) {
    if (!text.empty()) std::memcpy(bytes_.data(), text.data(), text.size());
    bytes_.shrink_to_fit();
  }
  operator std::span<const std::byte>() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace aurea::formats
