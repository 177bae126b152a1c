// Arithmetic, concatenation, membership and subscripts. Integers have 64 bits; what does not fit is an error.
#pragma once

#include "templates/object.h"

namespace aurea::templates {

enum class BinaryOp : uint8_t { kAdd, kSubtract, kMultiply, kDivide, kFloorDivide, kModulo, kPower };
enum class CompareOp : uint8_t { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual, kIn, kNotIn };

Value apply(BinaryOp op, const Value& a, const Value& b, Runtime& runtime);
Value negate(const Value& value);
Value plus(const Value& value);
bool compare(CompareOp op, const Value& a, const Value& b, Runtime& runtime);

/// Part of a string, an item of a list, a key of a dictionary; iterators are used up.
bool contains(const Value& container, const Value& item, Runtime& runtime);

/// Joins the printed forms of both, for + with a string marked safe: the side without the mark is escaped.
Value add_escaping(const Value& a, const Value& b, Runtime& runtime);
/// &, <, >, " and ' as HTML entities; a text marked safe as it is.
TextPtr escape_html(const Value& value, Runtime& runtime);

/// Items of anything that can be looped over: a dictionary's keys, a string's characters, nothing for undefined.
ListPtr items_of(const Value& value, Runtime& runtime);

/// Number of characters, items or keys.
int64_t length_of(const Value& value);

/// container[key], then container.key; undefined when there is neither.
Value subscript(const Value& container, const Value& key, Runtime& runtime);
/// container[start:stop:step] of a string, list or range; absent parts are none.
Value slice_value(const Value& container, const Value& start, const Value& stop, const Value& step, Runtime& runtime);
/// container.name (an attribute, a method), then container["name"]; undefined when there is neither. An attribute that
/// the sandbox refuses is undefined too, with the reason.
Value attribute(const Value& container, std::string_view name, Runtime& runtime);

/// Fails on undefined values with their reason, on others with "TYPE ... in OPERATION".
[[noreturn]] void fail_operand(std::string_view operation, const Value& value);

/// An integer that is needed, as Python's __index__: bools count, floats do not.
int64_t require_integer(const Value& value, std::string_view what);

}  // namespace aurea::templates
