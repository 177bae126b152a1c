#include "templates/operators.h"

#include <cmath>

#include "templates/compare.h"
#include "templates/print.h"
#include "templates/printf_format.h"

namespace aurea::templates {
namespace {

constexpr std::string_view kSigns[] = {"+", "-", "*", "/", "//", "%", "**"};

std::string_view sign(BinaryOp op) { return kSigns[static_cast<size_t>(op)]; }

[[noreturn]] void fail_operands(BinaryOp op, const Value& a, const Value& b) {
  for (const Value* side : {&a, &b}) {
    if (side->is_undefined()) fail_template("{}", side->undefined_reason());
  }
  fail_template("'{}' does not work between '{}' and '{}'", sign(op), a.type_name(), b.type_name());
}

[[noreturn]] void fail_overflow(BinaryOp op, int64_t a, int64_t b) {
  fail_template("{} {} {} needs more than 64 bits", a, sign(op), b);
}

double finite_power(double a, double b) {
  const double result = std::pow(a, b);
  if (std::isnan(result) && !std::isnan(a) && !std::isnan(b)) fail_template("{} ** {} is not a real number", a, b);
  if (std::isinf(result) && !std::isinf(a) && !std::isinf(b)) fail_template("{} ** {} is too large", a, b);
  return result;
}

Value integer_power(int64_t base, int64_t exponent) {
  if (exponent < 0) {
    if (base == 0) fail_template("0 cannot be raised to a negative power");
    return finite_power(static_cast<double>(base), static_cast<double>(exponent));
  }
  int64_t result = 1, square = base;
  for (int64_t rest = exponent; rest != 0;) {
    if ((rest & 1) != 0 && __builtin_mul_overflow(result, square, &result))
      fail_overflow(BinaryOp::kPower, base, exponent);
    rest >>= 1;
    if (rest != 0 && __builtin_mul_overflow(square, square, &square)) fail_overflow(BinaryOp::kPower, base, exponent);
  }
  return result;
}

/// Division toward minus infinity and its remainder, which has the divisor's sign.
Value floor_division(BinaryOp op, int64_t a, int64_t b) {
  if (b == 0) fail_template("division by zero");
  if (b == -1) {  // the one divisor that can overflow
    if (op == BinaryOp::kModulo) return int64_t{0};
    int64_t negated;
    if (__builtin_sub_overflow(int64_t{0}, a, &negated)) fail_overflow(op, a, b);
    return negated;
  }
  const int64_t remainder = a % b;
  const bool adjust = remainder != 0 && (remainder < 0) != (b < 0);
  if (op == BinaryOp::kModulo) return remainder + (adjust ? b : 0);
  return a / b - (adjust ? 1 : 0);
}

Value integer_arithmetic(BinaryOp op, int64_t a, int64_t b) {
  int64_t result = 0;
  bool overflow = false;
  switch (op) {
    case BinaryOp::kAdd:
      overflow = __builtin_add_overflow(a, b, &result);
      break;
    case BinaryOp::kSubtract:
      overflow = __builtin_sub_overflow(a, b, &result);
      break;
    case BinaryOp::kMultiply:
      overflow = __builtin_mul_overflow(a, b, &result);
      break;
    case BinaryOp::kDivide:
      if (b == 0) fail_template("division by zero");
      return static_cast<double>(a) / static_cast<double>(b);
    case BinaryOp::kFloorDivide:
    case BinaryOp::kModulo:
      return floor_division(op, a, b);
    case BinaryOp::kPower:
      return integer_power(a, b);
  }
  if (overflow) fail_overflow(op, a, b);
  return result;
}

Value float_arithmetic(BinaryOp op, double a, double b) {
  switch (op) {
    case BinaryOp::kAdd:
      return a + b;
    case BinaryOp::kSubtract:
      return a - b;
    case BinaryOp::kMultiply:
      return a * b;
    case BinaryOp::kPower:
      if (a == 0 && b < 0) fail_template("0.0 cannot be raised to a negative power");
      return finite_power(a, b);
    case BinaryOp::kDivide:
    case BinaryOp::kFloorDivide:
    case BinaryOp::kModulo:
      break;
  }
  if (b == 0) fail_template("division by zero");
  if (op == BinaryOp::kDivide) return a / b;
  double remainder = std::fmod(a, b);
  if (op == BinaryOp::kModulo) {
    if (remainder == 0) return std::copysign(0.0, b);
    return (remainder < 0) != (b < 0) ? remainder + b : remainder;
  }
  // As Python computes it: from the exact remainder, so that a // b and a % b agree.
  if (remainder != 0 && (remainder < 0) != (b < 0)) remainder += b;
  const double quotient = (a - remainder) / b;
  if (quotient == 0) return std::copysign(0.0, a / b);
  const double whole = std::floor(quotient);
  return quotient - whole > 0.5 ? whole + 1 : whole;
}

Value concatenate(const Value& a, const Value& b, Runtime& runtime) {
  if (a.is_string() && b.is_string()) {
    TextBuilder out(runtime.meter);
    out.append(*a.text());
    out.append(*b.text());
    return out.finish();
  }
  ListBuilder out(runtime.meter, a.items().size() + b.items().size());
  for (const Value* side : {&a, &b}) {
    for (const Value& item : side->items()) out.push(item);
  }
  return out.finish(a.is_tuple() ? ListKind::kTuple : ListKind::kList);
}

Value repeat(const Value& sequence, int64_t times, Runtime& runtime) {
  const auto count = static_cast<uint64_t>(std::max<int64_t>(times, 0));
  if (sequence.is_string()) {
    TextBuilder out(runtime.meter);
    out.append_repeated(*sequence.text(), count);
    out.set_safe(sequence.text()->safe);
    return out.finish();
  }
  const std::vector<Value>& items = sequence.items();
  runtime.meter.check_size(count, items.size() * sizeof(Value));
  ListBuilder out(runtime.meter, items.empty() ? 0 : count * items.size());
  for (uint64_t i = 0; i < count && !items.empty(); ++i) {
    for (const Value& item : items) out.push(item);
  }
  return out.finish(sequence.is_tuple() ? ListKind::kTuple : ListKind::kList);
}

}  // namespace

void fail_operand(std::string_view operation, const Value& value) {
  if (value.is_undefined()) fail_template("{}", value.undefined_reason());
  fail_template("{} does not work on '{}'", operation, value.type_name());
}

int64_t require_integer(const Value& value, std::string_view what) {
  if (!value.is_integral()) {
    if (value.is_undefined()) fail_template("{}", value.undefined_reason());
    fail_template("{}: expected an integer, found '{}'", what, value.type_name());
  }
  return value.as_int();
}

Value apply(BinaryOp op, const Value& a, const Value& b, Runtime& runtime) {
  if (a.is_integral() && b.is_integral()) return integer_arithmetic(op, a.as_int(), b.as_int());
  if (a.is_number() && b.is_number()) return float_arithmetic(op, a.as_double(), b.as_double());
  if (op == BinaryOp::kAdd) {
    const bool a_safe = a.is_string() && a.text()->safe, b_safe = b.is_string() && b.text()->safe;
    if ((a_safe && b.is_string()) || (b_safe && a.is_string())) return add_escaping(a, b, runtime);
    const bool both_lists = a.is_list() && b.is_list() && a.is_tuple() == b.is_tuple();
    if ((a.is_string() && b.is_string()) || both_lists) return concatenate(a, b, runtime);
  }
  if (op == BinaryOp::kMultiply) {
    if ((a.is_string() || a.is_list()) && b.is_integral()) return repeat(a, b.as_int(), runtime);
    if ((b.is_string() || b.is_list()) && a.is_integral()) return repeat(b, a.as_int(), runtime);
  }
  if (op == BinaryOp::kModulo && a.is_string()) return printf_format(*a.text(), b, runtime);
  fail_operands(op, a, b);
}

Value negate(const Value& value) {
  if (value.is_float()) return -value.as_double();
  if (!value.is_integral()) fail_operand("unary -", value);
  return integer_arithmetic(BinaryOp::kSubtract, 0, value.as_int());
}

Value plus(const Value& value) {
  if (value.is_float()) return value;
  if (!value.is_integral()) fail_operand("unary +", value);
  return value.as_int();
}

bool compare(CompareOp op, const Value& a, const Value& b, Runtime& runtime) {
  Meter& meter = runtime.meter;
  switch (op) {
    case CompareOp::kEqual:
      return equal(a, b, meter);
    case CompareOp::kNotEqual:
      return !equal(a, b, meter);
    case CompareOp::kLess:
      return order(a, b, "<", meter) < 0;
    case CompareOp::kLessEqual:
      return order(a, b, "<=", meter) <= 0;
    case CompareOp::kGreater:
      return order(a, b, ">", meter) > 0;
    case CompareOp::kGreaterEqual:
      return order(a, b, ">=", meter) >= 0;
    case CompareOp::kIn:
      return contains(b, a, runtime);
    case CompareOp::kNotIn:
      return !contains(b, a, runtime);
  }
  return false;
}

TextPtr escape_html(const Value& value, Runtime& runtime) {
  const TextPtr text = to_text(value, runtime);
  if (text->safe) return text;
  TextBuilder out(runtime.meter);
  size_t copied = 0;
  for (size_t i = 0; i < text->bytes.size(); ++i) {
    const char c = text->bytes[i];
    const char* entity = c == '&'    ? "&amp;"
                         : c == '<'  ? "&lt;"
                         : c == '>'  ? "&gt;"
                         : c == '"'  ? "&#34;"
                         : c == '\'' ? "&#39;"
                                     : nullptr;
    if (entity == nullptr) continue;
    out.append(*text, copied, i);
    out.append(entity, text->is_all_template());
    copied = i + 1;
  }
  out.append(*text, copied, text->bytes.size());
  out.set_safe(true);
  return out.finish();
}

Value add_escaping(const Value& a, const Value& b, Runtime& runtime) {
  TextBuilder out(runtime.meter);
  out.append(*escape_html(a, runtime));
  out.append(*escape_html(b, runtime));
  out.set_safe(true);
  return out.finish();
}

}  // namespace aurea::templates
