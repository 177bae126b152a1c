// The door to nlohmann-json: the same types, with limits for files that may be hostile.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aurea {

/// Keeps the order of keys, which chat templates and written files rely on.
using Json = nlohmann::ordered_json;

inline constexpr int kJsonMaxDepth = 200;
/// Of one text: a value of two bytes can take 64 in memory. A header of 300,000 tensors has 2.4 million.
inline constexpr size_t kJsonMaxValues = size_t{1} << 22;

/// Throws kBadFile (naming `source`) on a syntax error, invalid UTF-8, nesting above kJsonMaxDepth, more than
/// kJsonMaxValues values or a repeated key.
Json parse_json(std::string_view text, const std::string& source);

/// Builds the tree from the parser's events (Json::sax_parse), under parse_json's limits. nlohmann's own builder looks
/// every new key of an ordered object up by a scan of those before it, which takes half a minute for 200k keys; this
/// one appends, and looks for repeated keys once, when the object ends. A class that derives from it can lead values
/// aside: the parser calls the functions of the class it is given.
class JsonTreeBuilder {
 public:
  explicit JsonTreeBuilder(const std::string& source) : source_(source) {}

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
  bool key(std::string& name);
  bool end_object();
  bool end_array();
  /// Throws kBadFile: where the error is and why, at most a few hundred bytes.
  bool parse_error(size_t, const std::string&, const Json::exception& error);

 protected:
  /// Number of containers that are open.
  [[nodiscard]] size_t depth() const { return open_.size(); }
  const std::string& source_;

 private:
  bool add(Json value);
  bool open(Json container);
  Json& place(Json&& value);

  Json root_;
  std::string key_;
  std::vector<Json*> open_;  // innermost last
  size_t n_values_ = 0;
};

/// Reads and parses a file of at most `limit_bytes`.
Json read_json_file(const std::filesystem::path& path, size_t limit_bytes);

/// One JSON text, two-space indented, with invalid UTF-8 replaced (model output may end inside a character).
std::string to_text(const Json& json);

/// A member that may be absent or null. Throws kBadFile, naming key, expected and found, when the type is another.
std::optional<int64_t> optional_int(const Json& object, const char* key);
std::optional<double> optional_number(const Json& object, const char* key);
std::optional<bool> optional_bool(const Json& object, const char* key);
std::optional<std::string> optional_string(const Json& object, const char* key);

/// A member that must be there.
int64_t required_int(const Json& object, const char* key);
double required_number(const Json& object, const char* key);
std::string required_string(const Json& object, const char* key);

}  // namespace aurea
