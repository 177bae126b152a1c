#include "templates/format_spec.h"

#include <algorithm>
#include <cmath>

#include "core/utf8.h"
#include "templates/operators.h"
#include "templates/print.h"
#include "templates/unicode.h"

namespace aurea::templates {
namespace {

/// A number in parts, so that padding can go between them.
struct NumberText {
  std::string sign;    // "-", "+", " " or nothing, then 0x and the like
  std::string digits;  // whole part
  std::string rest;    // from the point or exponent on
};

std::string sign_text(bool negative, char wanted) {
  if (negative) return "-";
  return wanted == '-' ? "" : std::string(1, wanted);
}

std::string integer_digits(uint64_t magnitude, char type) {
  switch (type) {
    case 'x':
      return fmt::format("{:x}", magnitude);
    case 'X':
      return fmt::format("{:X}", magnitude);
    case 'o':
      return fmt::format("{:o}", magnitude);
    case 'b':
      return fmt::format("{:b}", magnitude);
    default:
      return std::to_string(magnitude);
  }
}

NumberText integer_parts(int64_t value, const FormatSpec& spec, Meter& meter) {
  const uint64_t magnitude = value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  NumberText parts{sign_text(value < 0, spec.sign), integer_digits(magnitude, spec.type), ""};
  if (spec.alternate && spec.type != 'd' && spec.type != '\0') parts.sign += std::string("0") + spec.type;
  const auto least = static_cast<uint64_t>(spec.digits);
  meter.check_size(least);
  meter.work(least);
  if (parts.digits.size() < least) parts.digits.insert(0, least - parts.digits.size(), '0');
  return parts;
}

std::string float_digits(double magnitude, const FormatSpec& spec) {
  const int precision = spec.precision < 0 ? 6 : static_cast<int>(std::min<int64_t>(spec.precision, 1 << 30));
  const bool upper = spec.type == 'E' || spec.type == 'F' || spec.type == 'G';
  const char type = spec.type == '\0' ? 'g' : spec.type;
  // fmt takes the type from the pattern, so each has its own.
  switch (upper ? static_cast<char>(type + ('a' - 'A')) : type) {
    case 'e':
      return upper ? fmt::format("{:.{}E}", magnitude, precision) : fmt::format("{:.{}e}", magnitude, precision);
    case 'g':
      if (spec.alternate) return fmt::format("{:#.{}g}", magnitude, precision == 0 ? 1 : precision);
      return upper ? fmt::format("{:.{}G}", magnitude, precision == 0 ? 1 : precision)
                   : fmt::format("{:.{}g}", magnitude, precision == 0 ? 1 : precision);
    case '%':
      return fmt::format("{:.{}f}%", magnitude * 100, precision);
    default:
      return upper ? fmt::format("{:.{}F}", magnitude, precision) : fmt::format("{:.{}f}", magnitude, precision);
  }
}

NumberText float_parts(double value, const FormatSpec& spec, Meter& meter) {
  meter.check_size(static_cast<uint64_t>(std::max<int64_t>(spec.precision, 0)));
  meter.work(static_cast<uint64_t>(std::max<int64_t>(spec.precision, 0)));
  const bool negative = std::signbit(value) && !std::isnan(value);
  const bool shortest = spec.type == '\0' && spec.precision < 0;
  std::string text = shortest ? float_text(std::abs(value)) : float_digits(std::abs(value), spec);
  const size_t whole = std::min(text.find_first_not_of("0123456789"), text.size());
  return {sign_text(negative, spec.sign), text.substr(0, whole), text.substr(whole)};
}

void group_digits(std::string& digits, const FormatSpec& spec) {
  if (spec.grouping == '\0') return;
  const size_t size = spec.type == 'x' || spec.type == 'X' || spec.type == 'o' || spec.type == 'b' ? 4 : 3;
  std::string grouped;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % size == 0) grouped += spec.grouping;
    grouped += digits[i];
  }
  digits = std::move(grouped);
}

void append_fill(TextBuilder& out, const std::string& fill, uint64_t count) {
  if (fill.size() == 1) return out.append_repeated(fill[0], count, true);
  out.append_repeated(*make_text(fill, true), count);
}

/// `before`, then padding as the alignment says around it and `text`.
void append_aligned(TextBuilder& out, std::string_view before, const Text& text, const FormatSpec& spec, char align) {
  const uint64_t length = before.size() + text.length, width = static_cast<uint64_t>(spec.width);
  const uint64_t padding = width > length ? width - length : 0;
  const uint64_t left = align == '>' ? padding : align == '^' ? padding / 2 : 0;
  append_fill(out, spec.fill, left);
  out.append(before, true);
  if (align == '=') append_fill(out, spec.fill, padding);
  out.append(text);
  if (align != '=') append_fill(out, spec.fill, padding - left);
}

void format_text(const TextPtr& text, const FormatSpec& spec, TextBuilder& out, Runtime& runtime) {
  if (spec.type != '\0' && spec.type != 's') fail_template("format '{}' does not suit a string", spec.type);
  TextPtr shown = text;
  if (spec.precision >= 0 && static_cast<uint64_t>(spec.precision) < text->length) {
    runtime.meter.work(text->bytes.size());
    const size_t end = byte_offset(text->bytes, text->length, static_cast<size_t>(spec.precision));
    shown = slice(text, 0, end, runtime.meter);
  }
  append_aligned(out, "", *shown, spec, spec.align == '\0' ? '<' : spec.align);
}

TextPtr character(const Value& value) {
  const int64_t code = require_integer(value, "format 'c'");
  if (code < 0 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) fail_template("{} is no character", code);
  std::string bytes;
  append_utf8(bytes, static_cast<char32_t>(code));
  return make_text(std::move(bytes), true);
}

}  // namespace

void format_value(const Value& value, const FormatSpec& spec, TextBuilder& out, Runtime& runtime) {
  constexpr std::string_view kIntegerTypes = "dxXob", kFloatTypes = "eEfFgG%";
  const bool plain_bool = value.is_bool() && spec.type == '\0';
  if (spec.type == 's' || !value.is_number() || plain_bool)
    return format_text(to_text(value, runtime), spec, out, runtime);
  if (spec.type == 'c') return append_aligned(out, "", *character(value), spec, spec.align == '\0' ? '<' : spec.align);

  const bool as_float = value.is_float() || kFloatTypes.find(spec.type) != std::string_view::npos;
  if (as_float ? kIntegerTypes.find(spec.type) != std::string_view::npos && spec.type != '\0'
               : kIntegerTypes.find(spec.type) == std::string_view::npos && spec.type != '\0') {
    fail_template("format '{}' does not suit a '{}'", spec.type, value.type_name());
  }
  NumberText parts = as_float ? float_parts(value.as_double(), spec, runtime.meter)
                              : integer_parts(value.as_int(), spec, runtime.meter);
  group_digits(parts.digits, spec);
  append_aligned(out, parts.sign, *make_text(parts.digits + parts.rest, true), spec,
                 spec.align == '\0' ? '>' : spec.align);
}

int64_t read_format_number(std::string_view format, size_t* at, const Meter& meter) {
  uint64_t number = 0;
  for (; *at < format.size() && is_ascii_digit(static_cast<unsigned char>(format[*at])); ++*at) {
    number = number * 10 + static_cast<uint64_t>(format[*at] - '0');
    meter.check_size(number);  // also keeps the number far from overflow
  }
  return static_cast<int64_t>(number);
}

}  // namespace aurea::templates
