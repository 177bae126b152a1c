#include "core/json.h"

#include <unordered_set>
#include <vector>

#include "core/error.h"
#include "core/mapped_file.h"

namespace aurea {
namespace {

[[noreturn]] void fail_type(const char* key, const char* expected, const Json& found) {
  fail_file("key '{}': expected {}, found {}", key, expected, found.type_name());
}

const Json* find_member(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto it = object.find(key);
  return it == object.end() || it->is_null() ? nullptr : &*it;
}

template <typename T>
T require(const char* key, std::optional<T> value) {
  if (!value) fail_file("key '{}' is missing", key);
  return *std::move(value);
}

}  // namespace

Json parse_json(std::string_view text, const std::string& source) {
  // Every object on the way down keeps the keys it has seen: a repeated key means two readers could disagree.
  std::vector<std::unordered_set<std::string>> keys;
  const auto check = [&](int depth, Json::parse_event_t event, Json& value) {
    if (depth > kJsonMaxDepth) fail_file("{}: JSON nested deeper than {} levels", source, kJsonMaxDepth);
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(value.get<std::string>()).second) {
      fail_file("{}: JSON key '{}' appears twice in one object", source, value.get<std::string>());
    }
    return true;
  };
  try {
    return Json::parse(text, check);
  } catch (const Json::exception& error) {
    fail_file("{}: not valid JSON: {}", source, error.what());
  }
}

Json read_json_file(const std::filesystem::path& path, size_t limit_bytes) {
  return parse_json(read_text_file(path, limit_bytes), path.string());
}

std::string to_text(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace); }

std::optional<int64_t> optional_int(const Json& object, const char* key) {
  const Json* value = find_member(object, key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number_integer() || (value->is_number_unsigned() && value->get<uint64_t>() > INT64_MAX)) {
    fail_type(key, "an integer", *value);
  }
  return value->get<int64_t>();
}

std::optional<double> optional_number(const Json& object, const char* key) {
  const Json* value = find_member(object, key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) fail_type(key, "a number", *value);
  return value->get<double>();
}

std::optional<bool> optional_bool(const Json& object, const char* key) {
  const Json* value = find_member(object, key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_boolean()) fail_type(key, "true or false", *value);
  return value->get<bool>();
}

std::optional<std::string> optional_string(const Json& object, const char* key) {
  const Json* value = find_member(object, key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) fail_type(key, "a string", *value);
  return value->get<std::string>();
}

int64_t required_int(const Json& object, const char* key) { return require(key, optional_int(object, key)); }
double required_number(const Json& object, const char* key) { return require(key, optional_number(object, key)); }
std::string required_string(const Json& object, const char* key) { return require(key, optional_string(object, key)); }

}  // namespace aurea
