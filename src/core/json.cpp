#include "core/json.h"

#include <algorithm>
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

/// Builds the tree from the parser's events. nlohmann's own builder looks every new key of an ordered object up by a
/// scan of those before it, which takes half a minute for a 200k-token vocabulary; this one appends, and looks for
/// repeated keys once, when the object ends.
class TreeBuilder {
 public:
  explicit TreeBuilder(const std::string& source) : source_(source) {}

  Json take() { return std::move(root_); }

  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(int64_t value) { return add(value); }
  bool number_unsigned(uint64_t value) { return add(value); }
  bool number_float(double value, const std::string&) { return add(value); }
  bool string(std::string& value) { return add(std::move(value)); }
  bool binary(Json::binary_t&) { return false; }  // not in JSON text

  bool start_object(size_t) { return open(Json::object()); }
  bool start_array(size_t) { return open(Json::array()); }
  bool key(std::string& name) {
    key_ = std::move(name);
    return true;
  }
  bool end_object() {
    check_keys(*open_.back());
    return end_array();
  }
  bool end_array() {
    open_.pop_back();
    return true;
  }

  bool parse_error(size_t, const std::string&, const Json::exception& error) {
    fail_syntax(source_, error);
  }

 private:
  bool add(Json value) {
    place(std::move(value));
    return true;
  }

  bool open(Json container) {
    if (open_.size() >= kJsonMaxDepth) fail_file("{}: JSON nested deeper than {} levels", source_, kJsonMaxDepth);
    open_.push_back(&place(std::move(container)));
    return true;
  }

  /// Appends to the innermost open container. A container's address is stable while it is open: nothing is appended
  /// to its parent before it ends.
  Json& place(Json&& value) {
    if (open_.empty()) return root_ = std::move(value);
    if (open_.back()->is_array()) return open_.back()->get_ref<Json::array_t&>().emplace_back(std::move(value));
    auto& members = open_.back()->get_ref<Json::object_t&>();
    return static_cast<Json::object_t::Container&>(members).emplace_back(std::move(key_), std::move(value)).second;
  }

  void check_keys(const Json& object) const {
    std::vector<std::string_view> keys;
    keys.reserve(object.size());
    for (const auto& [name, value] : object.get_ref<const Json::object_t&>()) keys.push_back(name);
    std::ranges::sort(keys);
    if (const auto twice = std::ranges::adjacent_find(keys); twice != keys.end()) {
      // A repeated key means that two readers could disagree.
      fail_file("{}: JSON key '{}' appears twice in one object", source_, twice->substr(0, 100));
    }
  }

  const std::string& source_;
  Json root_;
  std::string key_;
  std::vector<Json*> open_;  // innermost last
};

}  // namespace

void fail_syntax(const std::string& source, const Json::exception& error) {
  std::string_view reason = error.what();
  if (const size_t label = reason.find("] "); label != std::string_view::npos) reason.remove_prefix(label + 2);  // the library's name for it
  fail_file("{}: not valid JSON: {}", source, reason.substr(0, 300));  // it quotes the last token, which may be as long as the file
}

Json parse_json(std::string_view text, const std::string& source) {
  TreeBuilder builder(source);
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
