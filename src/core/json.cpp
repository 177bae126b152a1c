#include "core/json.h"

#include <algorithm>

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

/// A repeated key means that two readers could disagree.
void check_keys(const Json& object, const std::string& source) {
  std::vector<std::string_view> keys;
  keys.reserve(object.size());
  for (const auto& [name, value] : object.get_ref<const Json::object_t&>()) keys.push_back(name);
  std::ranges::sort(keys);
  if (const auto twice = std::ranges::adjacent_find(keys); twice != keys.end()) {
    fail_file("{}: JSON key '{}' appears twice in one object", source, twice->substr(0, 100));
  }
}

}  // namespace

bool JsonTreeBuilder::key(std::string& name) {
  key_ = std::move(name);
  return true;
}

bool JsonTreeBuilder::end_object() {
  check_keys(*open_.back(), source_);
  return end_array();
}

bool JsonTreeBuilder::end_array() {
  open_.pop_back();
  return true;
}

bool JsonTreeBuilder::parse_error(size_t, const std::string&, const Json::exception& error) {
  std::string_view reason = error.what();
  if (const size_t label = reason.find("] "); label != std::string_view::npos) {
    reason.remove_prefix(label + 2);  // the library's name for it
  }
  // It quotes the last token, which may be as long as the file.
  fail_file("{}: not valid JSON: {}", source_, reason.substr(0, 300));
}

bool JsonTreeBuilder::add(Json value) {
  place(std::move(value));
  return true;
}

bool JsonTreeBuilder::open(Json container) {
  if (depth() >= kJsonMaxDepth) fail_file("{}: JSON nested deeper than {} levels", source_, kJsonMaxDepth);
  open_.push_back(&place(std::move(container)));
  return true;
}

/// Appends to the innermost open container. A container's address is stable while it is open: nothing is appended to
/// its parent before it ends.
Json& JsonTreeBuilder::place(Json&& value) {
  if (++n_values_ > kJsonMaxValues) fail_file("{}: more than {} JSON values", source_, kJsonMaxValues);
  if (open_.empty()) return root_ = std::move(value);
  if (open_.back()->is_array()) return open_.back()->get_ref<Json::array_t&>().emplace_back(std::move(value));
  auto& members = open_.back()->get_ref<Json::object_t&>();
  return static_cast<Json::object_t::Container&>(members).emplace_back(std::move(key_), std::move(value)).second;
}

Json parse_json(std::string_view text, const std::string& source) {
  JsonTreeBuilder builder(source);
  Json::sax_parse(text, &builder);
  return builder.take();
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
