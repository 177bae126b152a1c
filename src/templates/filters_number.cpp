// Filters on numbers, and conversions to them.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "templates/arguments.h"
#include "templates/filters.h"
#include "templates/operators.h"
#include "templates/unicode.h"

namespace aurea::templates {
namespace {

/// The text without outer whitespace and without single underscores between digits; nothing if they stand elsewhere.
std::optional<std::string> number_text(std::string_view text) {
  const ByteRange range = strip_range(text, nullptr, true, true);
  std::string out;
  for (size_t i = range.begin; i < range.end; ++i) {
    const auto is_digit = [&](size_t at) {
      return at < range.end && std::isalnum(static_cast<unsigned char>(text[at])) != 0;
    };
    if (text[i] != '_') {
      out += text[i];
    } else if (i == range.begin || !is_digit(i - 1) || !is_digit(i + 1)) {
      return std::nullopt;
    }
  }
  return out;
}

/// int(text, base) of Python; base 0 takes it from the prefix. Nothing if it is no integer.
std::optional<int64_t> parse_integer(std::string_view source, int64_t base) {
  auto cleaned = number_text(source);
  if (!cleaned) return std::nullopt;
  std::string_view text = *cleaned;
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const char letter = text.size() > 1 && text[0] == '0' ? static_cast<char>(text[1] | 0x20) : '\0';
  const int prefix_base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 0;
  if (prefix_base != 0 && (base == 0 || base == prefix_base)) {
    text.remove_prefix(2);
    base = prefix_base;
  }
  if (base == 0) base = 10;
  if (base < 2 || base > 36) fail_template("int: the base must be 0 or from 2 to 36, found {}", base);
  if (text.empty() || text[0] == '-') return std::nullopt;
  // The sign goes with the digits, for the smallest integer has no positive counterpart.
  const std::string digits = (negative ? "-" : "") + std::string(text);
  int64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, static_cast<int>(base));
  if (end != digits.data() + digits.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) fail_template("int: '{}' needs more than 64 bits", shorten(source));
  return value;
}

std::optional<double> parse_float(std::string_view source) {
  auto cleaned = number_text(source);
  if (!cleaned) return std::nullopt;
  std::string_view text = *cleaned;
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || text.starts_with('+') || text.find('(') != std::string_view::npos) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    // Too large or too small for a double: what strtod rounds it to, as Python does. The exponent's sign decides.
    const bool tiny = text.find("e-") != std::string_view::npos || text.find("E-") != std::string_view::npos;
    value = tiny ? 0.0 : HUGE_VAL;
    return text.starts_with('-') ? -value : value;
  }
  return value;
}

std::optional<int64_t> truncate(double value) {
  if (std::isnan(value) || std::isinf(value)) return std::nullopt;
  if (!(std::abs(value) < 0x1p63)) fail_template("int: {} needs more than 64 bits", value);
  return static_cast<int64_t>(value);
}

Value absolute(Runtime&, const Value& input, const Arguments& arguments) {
  expect_no_arguments("abs", arguments);
  if (input.is_float()) return std::abs(input.as_double());
  if (!input.is_integral()) fail_operand("abs", input);
  return input.as_int() < 0 ? negate(input) : Value(input.as_int());
}

Value to_integer(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("int", arguments, {"default", "base"});
  const Value otherwise = bound.has(0) ? bound[0] : Value(int64_t{0});
  std::optional<int64_t> value;
  if (input.is_undefined()) fail_operand("int", input);
  if (input.is_integral()) return input.as_int();
  if (input.is_float()) value = truncate(input.as_double());
  if (input.is_string()) {
    runtime.meter.work(2 * input.str().size());
    value = parse_integer(input.str(), bound.integer(1, 10));
    if (!value) {
      const auto number = parse_float(input.str());
      if (number) value = truncate(*number);
    }
  }
  return value ? Value(*value) : otherwise;
}

Value to_float(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("float", arguments, {"default"});
  if (input.is_undefined()) fail_operand("float", input);
  if (input.is_number()) return input.as_double();
  std::optional<double> value;
  if (input.is_string()) {
    runtime.meter.work(2 * input.str().size());
    value = parse_float(input.str());
  }
  if (value) return *value;
  return bound.has(0) ? bound[0] : Value(0.0);
}

/// The decimal nearest to the exact binary value, halves to even, as Python's round().
double round_to(double value, int precision) {
  constexpr int kMostDecimals = 323, kLeastDecimals = -308;
  if (!std::isfinite(value) || precision > kMostDecimals) return value;
  if (precision < kLeastDecimals) return std::copysign(0.0, value);
  if (precision < 0) {
    const double unit = std::pow(10.0, -precision);
    return std::nearbyint(value / unit) * unit;  // the default rounding mode: halves to even
  }
  const std::string text = fmt::format("{:.{}f}", value, precision);
  double rounded = value;
  std::from_chars(text.data(), text.data() + text.size(), rounded);
  return rounded;
}

Value round_filter(Runtime&, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("round", arguments, {"precision", "method"});
  if (!input.is_number()) fail_operand("round", input);
  const auto precision = static_cast<int>(std::clamp<int64_t>(bound.integer(0, 0), -1000, 1000));
  const std::string method = bound.text(1) == nullptr ? "common" : (*bound.text(1))->bytes;
  if (method == "common") {
    if (input.is_integral() && precision >= 0) return input.as_int();
    const double rounded = round_to(input.as_double(), precision);
    return input.is_integral() ? Value(static_cast<int64_t>(rounded)) : Value(rounded);
  }
  if (method != "ceil" && method != "floor") fail_template("round: the method must be common, ceil or floor");
  const double unit = std::pow(10.0, precision), scaled = input.as_double() * unit;
  const double rounded = (method == "ceil" ? std::ceil(scaled) : std::floor(scaled)) / unit;
  if (!std::isfinite(rounded)) fail_template("round: a precision of {} is out of range", precision);
  return rounded;
}

constexpr FilterRow kNumberFilters[] = {
    {"abs", absolute},
    {"float", to_float},
    {"int", to_integer},
    {"round", round_filter},
};

}  // namespace

std::span<const FilterRow> number_filters() { return kNumberFilters; }

}  // namespace aurea::templates
