#include "templates/compare.h"

#include <algorithm>
#include <cmath>

#include "templates/object.h"

namespace aurea::templates {
namespace {

std::partial_ordering order_int_float(int64_t a, double b) {
  if (std::isnan(b)) return std::partial_ordering::unordered;
  if (b >= 0x1p63) return std::partial_ordering::less;
  if (b < -0x1p63) return std::partial_ordering::greater;
  const auto whole = static_cast<int64_t>(b);
  if (a != whole) return a <=> whole;
  return 0.0 <=> b - std::trunc(b);
}

std::partial_ordering reversed(std::partial_ordering order) { return 0 <=> order; }

bool equal_items(const List& a, const List& b, Meter& meter) {
  if ((a.kind == ListKind::kList) != (b.kind == ListKind::kList) || a.items.size() != b.items.size()) return false;
  for (size_t i = 0; i < a.items.size(); ++i) {
    if (!equal(a.items[i], b.items[i], meter)) return false;
  }
  return true;
}

bool equal_entries(const Dict& a, const Dict& b, Meter& meter) {
  if (a.size() != b.size()) return false;
  for (const Dict::Entry& entry : a.entries()) {
    const Value* other = b.find(entry.key, meter);
    if (other == nullptr || !equal(entry.value, *other, meter)) return false;
  }
  return true;
}

std::strong_ordering order_texts(const Text& a, const Text& b, Meter& meter) {
  meter.work(std::min(a.bytes.size(), b.bytes.size()));
  return a.bytes.compare(b.bytes) <=> 0;  // bytes of UTF-8 sort as their code points do
}

enum class KeyRank { kNone, kNumber, kString, kTuple, kObject };

KeyRank key_rank(const Value& key) {
  if (key.is_none()) return KeyRank::kNone;
  if (key.is_number()) return KeyRank::kNumber;
  if (key.is_string()) return KeyRank::kString;
  return key.is_list() ? KeyRank::kTuple : KeyRank::kObject;
}

std::strong_ordering order_tuples(const List& a, const List& b, Meter& meter) {
  const size_t shared = std::min(a.items.size(), b.items.size());
  for (size_t i = 0; i < shared; ++i) {
    const auto order = order_keys(a.items[i], b.items[i], meter);
    if (order != 0) return order;
  }
  return a.items.size() <=> b.items.size();
}

}  // namespace

std::partial_ordering order_numbers(const Value& a, const Value& b) {
  if (a.is_float() && b.is_float()) return a.as_double() <=> b.as_double();
  if (a.is_float()) return reversed(order_int_float(b.as_int(), a.as_double()));
  if (b.is_float()) return order_int_float(a.as_int(), b.as_double());
  return a.as_int() <=> b.as_int();
}

bool equal(const Value& a, const Value& b, Meter& meter) {
  meter.step();
  if (a.is_number() && b.is_number()) return order_numbers(a, b) == 0;
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Value::Kind::kUndefined:
    case Value::Kind::kNone:
      return true;
    case Value::Kind::kString:
      return a.str().size() == b.str().size() && order_texts(*a.text(), *b.text(), meter) == 0;
    case Value::Kind::kList:
      return a.list() == b.list() || equal_items(*a.list(), *b.list(), meter);
    case Value::Kind::kDict:
      return a.dict() == b.dict() || equal_entries(*a.dict(), *b.dict(), meter);
    default:
      return a.object() == b.object();
  }
}

bool identical(const Value& a, const Value& b, Meter& meter) {
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Value::Kind::kList:
      return a.list() == b.list();
    case Value::Kind::kDict:
      return a.dict() == b.dict();
    default:
      return equal(a, b, meter);
  }
}

std::partial_ordering order(const Value& a, const Value& b, const char* sign, Meter& meter) {
  meter.step();
  if (a.is_number() && b.is_number()) return order_numbers(a, b);
  if (a.is_string() && b.is_string()) return order_texts(*a.text(), *b.text(), meter);
  if (a.is_list() && b.is_list() && a.is_tuple() == b.is_tuple()) {
    const size_t shared = std::min(a.items().size(), b.items().size());
    for (size_t i = 0; i < shared; ++i) {
      if (!equal(a.items()[i], b.items()[i], meter)) return order(a.items()[i], b.items()[i], sign, meter);
    }
    return a.items().size() <=> b.items().size();
  }
  for (const Value* side : {&a, &b}) {
    if (side->is_undefined()) fail_template("{}", side->undefined_reason());
  }
  fail_template("'{}' cannot compare '{}' with '{}'", sign, a.type_name(), b.type_name());
}

void check_key(const Value& key, Meter& meter) {
  meter.step();
  if (key.is_undefined()) fail_template("{}", key.undefined_reason());
  if (key.is_dict() || (key.is_list() && !key.is_tuple())) {
    fail_template("a '{}' cannot be the key of a dictionary", key.type_name());
  }
  if (!key.is_tuple()) return;
  for (const Value& item : key.items()) check_key(item, meter);
}

std::strong_ordering order_keys(const Value& a, const Value& b, Meter& meter) {
  meter.step();
  const KeyRank rank = key_rank(a);
  if (rank != key_rank(b)) return rank <=> key_rank(b);
  switch (rank) {
    case KeyRank::kNone:
      return std::strong_ordering::equal;
    case KeyRank::kNumber: {
      const std::partial_ordering numbers = order_numbers(a, b);
      if (numbers < 0) return std::strong_ordering::less;
      if (numbers > 0) return std::strong_ordering::greater;
      if (numbers == 0) return std::strong_ordering::equal;
      // A NaN equals nothing in Python; one place after all numbers keeps this order total.
      const bool a_is_nan = a.is_float() && std::isnan(a.as_double()),
                 b_is_nan = b.is_float() && std::isnan(b.as_double());
      return a_is_nan <=> b_is_nan;
    }
    case KeyRank::kString:
      return order_texts(*a.text(), *b.text(), meter);
    case KeyRank::kTuple:
      return order_tuples(*a.list(), *b.list(), meter);
    case KeyRank::kObject:
      break;
  }
  return std::compare_three_way{}(a.object().get(), b.object().get());
}

}  // namespace aurea::templates
