#include "formats/gguf/gguf_value.h"

#include <algorithm>

#include "core/error.h"

namespace aurea::formats {
namespace {

/// Indexed by GgufType.
constexpr std::string_view kTypeNames[] = {"u8",   "i8",     "u16",   "i16", "u32", "i32", "f32",
                                           "bool", "string", "array", "u64", "i64", "f64"};

std::string describe(const GgufValue& value) {
  const auto* array = std::get_if<GgufArray>(&value.data);
  if (array == nullptr) return std::string(name(value.type));
  return fmt::format("array of {} {}", array->size(), name(array->element_type));
}

[[noreturn]] void fail_kind(std::string_view key, std::string_view expected, const GgufValue& found) {
  fail_file("key '{}': expected {}, found {}", key, expected, describe(found));
}

template <typename T>
T require(std::string_view key, std::optional<T> value) {
  if (!value) fail_file("key '{}' is missing", key);
  return *std::move(value);
}

/// The list inside an array value; null for an absent key.
template <typename List>
const List* array_items(const GgufValue* value, std::string_view key, std::string_view expected) {
  if (value == nullptr) return nullptr;
  const auto* array = std::get_if<GgufArray>(&value->data);
  const auto* items = array == nullptr ? nullptr : std::get_if<List>(&array->items());
  if (items == nullptr) fail_kind(key, expected, *value);
  return items;
}

}  // namespace

std::string_view name(GgufType type) {
  const auto id = static_cast<uint32_t>(type);
  return id < std::size(kTypeNames) ? kTypeNames[id] : "unknown";
}

const GgufValue* GgufMetadata::find(std::string_view key) const {
  const auto it = index_.find(std::string(key));
  return it == index_.end() ? nullptr : &entries_[it->second].value;
}

void GgufMetadata::set(std::string key, GgufValue value) {
  const auto [it, added] = index_.try_emplace(key, entries_.size());
  if (added) {
    entries_.push_back({std::move(key), std::move(value)});
  } else {
    entries_[it->second].value = std::move(value);
  }
}

void GgufMetadata::erase(std::string_view key) {
  const auto it = index_.find(std::string(key));
  if (it == index_.end()) return;
  const size_t place = it->second;
  index_.erase(it);
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(place));
  for (size_t i = place; i < entries_.size(); ++i) index_[entries_[i].key] = i;
}

std::optional<uint64_t> GgufMetadata::optional_uint(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* number = std::get_if<uint64_t>(&value->data)) return *number;
  const auto* number = std::get_if<int64_t>(&value->data);
  if (number == nullptr) fail_kind(key, "an integer", *value);
  if (*number < 0) fail_file("key '{}': expected an integer of at least 0, found {}", key, *number);
  return static_cast<uint64_t>(*number);
}

std::optional<double> GgufMetadata::optional_number(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* real = std::get_if<double>(&value->data)) return *real;
  if (const auto* number = std::get_if<uint64_t>(&value->data)) return static_cast<double>(*number);
  if (const auto* number = std::get_if<int64_t>(&value->data)) return static_cast<double>(*number);
  fail_kind(key, "a number", *value);
}

std::optional<bool> GgufMetadata::optional_bool(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  const auto* flag = std::get_if<bool>(&value->data);
  if (flag == nullptr) fail_kind(key, "a bool", *value);
  return *flag;
}

std::optional<std::string> GgufMetadata::optional_string(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  const auto* text = std::get_if<std::string>(&value->data);
  if (text == nullptr) fail_kind(key, "a string", *value);
  return *text;
}

uint64_t GgufMetadata::required_uint(std::string_view key) const { return require(key, optional_uint(key)); }
double GgufMetadata::required_number(std::string_view key) const { return require(key, optional_number(key)); }
std::string GgufMetadata::required_string(std::string_view key) const { return require(key, optional_string(key)); }

const std::vector<std::string>* GgufMetadata::optional_strings(std::string_view key) const {
  return array_items<std::vector<std::string>>(find(key), key, "an array of strings");
}

const std::vector<float>* GgufMetadata::optional_floats(std::string_view key) const {
  return array_items<std::vector<float>>(find(key), key, "an array of f32");
}

std::optional<std::vector<int64_t>> GgufMetadata::optional_ints(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  const auto* array = std::get_if<GgufArray>(&value->data);
  if (array == nullptr) fail_kind(key, "an array of integers", *value);
  if (const auto* items = std::get_if<std::vector<int64_t>>(&array->items())) return *items;
  const auto* items = std::get_if<std::vector<uint64_t>>(&array->items());
  if (items == nullptr) fail_kind(key, "an array of integers", *value);
  const auto large = std::ranges::find_if(*items, [](uint64_t item) { return item > INT64_MAX; });
  if (large != items->end()) fail_file("key '{}': {} does not fit in a signed 64-bit integer", key, *large);
  return std::vector<int64_t>(items->begin(), items->end());
}

}  // namespace aurea::formats
