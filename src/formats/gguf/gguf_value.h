// The metadata of a GGUF file: an ordered list of typed key/value pairs.
// Format: ggml-org/ggml docs/gguf.md and ggml/include/gguf.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace aurea::formats {

/// Ids as stored.
enum class GgufType : int32_t {
  kUint8 = 0,
  kInt8 = 1,
  kUint16 = 2,
  kInt16 = 3,
  kUint32 = 4,
  kInt32 = 5,
  kFloat32 = 6,
  kBool = 7,
  kString = 8,
  kArray = 9,
  kUint64 = 10,
  kInt64 = 11,
  kFloat64 = 12,
};

/// "u32", "string", "array"; "unknown" for an id outside the table.
std::string_view name(GgufType type);

/// An array keeps its element type; numbers are held widened, so that a reader can accept any integer width.
/// Copies share the items: those of a large vocabulary take tens of megabytes.
class GgufArray {
 public:
  /// unsigned | signed | float64 | float32 | bool | string, as the element type says
  using Items = std::variant<std::vector<uint64_t>, std::vector<int64_t>, std::vector<double>, std::vector<float>,
                             std::vector<bool>, std::vector<std::string>>;

  GgufArray(GgufType type, Items items) : element_type(type), items_(std::make_shared<const Items>(std::move(items))) {}

  GgufType element_type;
  [[nodiscard]] const Items& items() const { return *items_; }
  [[nodiscard]] size_t size() const {
    return std::visit([](const auto& list) { return list.size(); }, *items_);
  }
  bool operator==(const GgufArray& other) const {
    return element_type == other.element_type && *items_ == *other.items_;
  }

 private:
  std::shared_ptr<const Items> items_;
};

struct GgufValue {
  GgufType type = GgufType::kUint32;
  std::variant<uint64_t, int64_t, double, bool, std::string, GgufArray> data;  // as `type` says; float32 as double
  bool operator==(const GgufValue&) const = default;

  static GgufValue u32(uint32_t value) { return {GgufType::kUint32, uint64_t{value}}; }
  static GgufValue u16(uint16_t value) { return {GgufType::kUint16, uint64_t{value}}; }
  static GgufValue i32(int32_t value) { return {GgufType::kInt32, int64_t{value}}; }
  static GgufValue f32(float value) { return {GgufType::kFloat32, double{value}}; }
  static GgufValue boolean(bool value) { return {GgufType::kBool, value}; }
  static GgufValue string(std::string value) { return {GgufType::kString, std::move(value)}; }
  static GgufValue strings(std::vector<std::string> items) {
    return {GgufType::kArray, GgufArray{GgufType::kString, std::move(items)}};
  }
  static GgufValue f32s(std::vector<float> items) {
    return {GgufType::kArray, GgufArray{GgufType::kFloat32, std::move(items)}};
  }
  static GgufValue i32s(std::vector<int64_t> items) {
    return {GgufType::kArray, GgufArray{GgufType::kInt32, std::move(items)}};
  }
};

/// Typed access: the optional_* functions return nothing for an absent key and throw kBadFile, naming key, expected and
/// found, for one of another kind; the required_* functions throw for an absent key too. Any integer width that holds
/// the value is accepted.
class GgufMetadata {
 public:
  struct Entry {
    std::string key;
    GgufValue value;
    bool operator==(const Entry&) const = default;
  };

  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  [[nodiscard]] const GgufValue* find(std::string_view key) const;
  [[nodiscard]] bool contains(std::string_view key) const { return find(key) != nullptr; }

  /// Replaces the value in place, or appends.
  void set(std::string key, GgufValue value);
  void erase(std::string_view key);

  [[nodiscard]] std::optional<uint64_t> optional_uint(std::string_view key) const;
  [[nodiscard]] std::optional<double> optional_number(std::string_view key) const;
  [[nodiscard]] std::optional<bool> optional_bool(std::string_view key) const;
  [[nodiscard]] std::optional<std::string> optional_string(std::string_view key) const;
  [[nodiscard]] uint64_t required_uint(std::string_view key) const;
  [[nodiscard]] double required_number(std::string_view key) const;
  [[nodiscard]] std::string required_string(std::string_view key) const;
  /// Null for an absent key; throws when the value is not an array of this element kind.
  [[nodiscard]] const std::vector<std::string>* optional_strings(std::string_view key) const;
  [[nodiscard]] const std::vector<float>* optional_floats(std::string_view key) const;
  [[nodiscard]] std::optional<std::vector<int64_t>> optional_ints(std::string_view key) const;

 private:
  std::vector<Entry> entries_;
  std::unordered_map<std::string, size_t> index_;  // key -> place in entries_
};

}  // namespace aurea::formats
