// The door to nlohmann-json: the same types, with limits for files that may be hostile.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace aurea {

/// Keeps the order of keys, which chat templates and written files rely on.
using Json = nlohmann::ordered_json;

inline constexpr int kJsonMaxDepth = 200;

/// Throws kBadFile (naming `source`) on a syntax error, invalid UTF-8, nesting above kJsonMaxDepth or a repeated key.
Json parse_json(std::string_view text, const std::string& source);

/// Throws kBadFile for a syntax error that the library's parser reports: where it is and why, at most a few hundred bytes.
[[noreturn]] void fail_syntax(const std::string& source, const Json::exception& error);

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
