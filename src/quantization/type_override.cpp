#include "quantization/type_override.h"

#include <sstream>

#include "core/error.h"
#include "core/mapped_file.h"

namespace aurea::quantization {
namespace {

constexpr size_t kMaxFileBytes = 4 << 20;
constexpr size_t kMaxOverrides = 1 << 14;  // more than any model of these families has matrices

/// Splits "attn_v=Q6_K". The pattern may hold '=' itself, a type's name never does.
TypeOverride parse(std::string_view text) {
  const size_t equals = text.rfind('=');
  if (equals == std::string_view::npos || equals == 0 || equals + 1 == text.size()) {
    fail(ErrorCode::kBadArgument, "'{}': expected REGEX=TYPE, such as ffn_down=Q6_K", text);
  }
  const QuantType type = parse_quant_type(text.substr(equals + 1), fmt::format("'{}'", text));
  return {NamePattern(text.substr(0, equals)), type, ""};
}

}  // namespace

QuantType parse_quant_type(std::string_view name, const std::string& option) {
  if (const auto type = find_quant_type(name)) return *type;
  std::string names;
  for (const QuantTypeInfo& row : kQuantTypes) names += (names.empty() ? "" : " ") + std::string(row.name);
  fail(ErrorCode::kBadArgument, "{}: '{}' is no tensor type; known: {}", option, name, names);
}

TypeOverride parse_type_override(std::string_view text, const std::string& origin) {
  try {
    TypeOverride parsed = parse(text);
    parsed.origin = origin;
    return parsed;
  } catch (Error& error) {
    throw error.add_context(origin);
  }
}

std::vector<TypeOverride> read_type_overrides(const std::filesystem::path& path) {
  std::istringstream lines(read_text_file(path, kMaxFileBytes));
  std::vector<TypeOverride> overrides;
  size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    std::istringstream words(line);
    for (std::string word; words >> word && word.front() != '#';) {
      if (overrides.size() == kMaxOverrides) fail_file("{}: more than {} types", path.string(), kMaxOverrides);
      overrides.push_back(parse_type_override(word, fmt::format("{}, line {}", path.string(), number)));
    }
  }
  return overrides;
}

std::string exact_override(std::string_view tensor, QuantType type) {
  return fmt::format("{}={}", exact_pattern(tensor), name(type));
}

}  // namespace aurea::quantization
