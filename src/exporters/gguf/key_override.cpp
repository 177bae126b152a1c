#include "exporters/gguf/key_override.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "core/error.h"

namespace aurea::exporters {
namespace {

using formats::GgufMetadata;
using formats::GgufType;
using formats::GgufValue;

/// The whole of `text` as a number.
template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<GgufValue> parse_value(std::string_view type, std::string_view text) {
  if (type == "str") return GgufValue::string(std::string(text));
  if (type == "bool" && (text == "true" || text == "false")) return GgufValue::boolean(text == "true");
  if (type == "int") {
    if (const auto value = parse_number<int64_t>(text)) return GgufValue{GgufType::kInt64, *value};
  }
  if (type == "float") {
    if (const auto value = parse_number<double>(text); value && std::isfinite(*value))
      return GgufValue{GgufType::kFloat64, *value};
  }
  return std::nullopt;
}

bool is_fixed(std::string_view key) {
  return key == "general.architecture" || key == "general.alignment" || key == "general.quantization_version" ||
         key.starts_with("split.") || key.starts_with("aurea.");
}

/// The integer types with what they hold; a value goes into the first that it fits when nothing says otherwise.
struct IntegerRange {
  GgufType type;
  int64_t low;
  uint64_t high;
};
constexpr IntegerRange kIntegers[] = {
    {GgufType::kUint32, 0, UINT32_MAX},       {GgufType::kInt32, INT32_MIN, INT32_MAX},
    {GgufType::kInt64, INT64_MIN, INT64_MAX}, {GgufType::kUint64, 0, UINT64_MAX},
    {GgufType::kUint16, 0, UINT16_MAX},       {GgufType::kInt16, INT16_MIN, INT16_MAX},
    {GgufType::kUint8, 0, UINT8_MAX},         {GgufType::kInt8, INT8_MIN, INT8_MAX},
};

bool fits(const IntegerRange& range, int64_t value) {
  return value >= range.low && (value < 0 || static_cast<uint64_t>(value) <= range.high);
}

GgufValue integer_value(const IntegerRange& range, int64_t value) {
  if (range.low == 0) return {range.type, static_cast<uint64_t>(value)};
  return {range.type, value};
}

GgufValue with_width(const KeyOverride& override, const GgufValue* old) {
  const std::string& key = override.key;
  if (const auto* value = std::get_if<int64_t>(&override.value.data)) {
    for (const IntegerRange& range : kIntegers) {
      if (old != nullptr ? range.type == old->type : fits(range, *value)) {
        if (fits(range, *value)) return integer_value(range, *value);
        fail(ErrorCode::kBadArgument, "--override-kv: key '{}' is of type {}, which {} does not fit", key,
             name(range.type), *value);
      }
    }
  } else if (const auto* number = std::get_if<double>(&override.value.data)) {
    const GgufType type = old != nullptr ? old->type : GgufType::kFloat32;
    if (type == GgufType::kFloat32 && std::abs(*number) > std::numeric_limits<float>::max()) {
      fail(ErrorCode::kBadArgument, "--override-kv: key '{}' is of type f32, which {} does not fit", key, *number);
    }
    if (type == GgufType::kFloat32) return GgufValue::f32(static_cast<float>(*number));
    if (type == GgufType::kFloat64) return override.value;
  } else if (old == nullptr || old->type == override.value.type) {
    return override.value;
  }
  fail(ErrorCode::kBadArgument, "--override-kv: key '{}' is of type {}, which a value of another kind would break", key,
       name(old->type));
}

}  // namespace

KeyOverride parse_key_override(std::string_view text) {
  const size_t equals = text.find('=');
  const size_t colon = equals == std::string_view::npos ? equals : text.find(':', equals);
  if (equals != 0 && colon != std::string_view::npos) {
    if (auto value = parse_value(text.substr(equals + 1, colon - equals - 1), text.substr(colon + 1))) {
      return {std::string(text.substr(0, equals)), *std::move(value)};
    }
  }
  fail(ErrorCode::kBadArgument,
       "--override-kv: '{}': expected KEY=TYPE:VALUE with TYPE one of int, float, bool (true or false), str; such as "
       "phi3.context_length=int:8192",
       text);
}

void apply_key_override(const KeyOverride& override, GgufMetadata& metadata) {
  if (is_fixed(override.key)) {
    fail(ErrorCode::kBadArgument, "--override-kv: key '{}' describes the file itself and cannot be chosen",
         override.key);
  }
  metadata.set(override.key, with_width(override, metadata.find(override.key)));
}

}  // namespace aurea::exporters
