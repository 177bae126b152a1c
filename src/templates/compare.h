// Equality and order of values, as Python's == and < have them.
#pragma once

#include <compare>

#include "templates/value.h"

namespace aurea::templates {

/// Between any two types; undefined equals undefined only.
bool equal(const Value& a, const Value& b, Meter& meter);

/// The same object, or equal values of one immutable type: `is sameas`.
bool identical(const Value& a, const Value& b, Meter& meter);

/// Numbers with numbers, strings with strings by code point, lists item by item; anything else fails, naming `sign`.
std::partial_ordering order(const Value& a, const Value& b, const char* sign, Meter& meter);

/// Integers and floats compare exactly, whatever their size.
std::partial_ordering order_numbers(const Value& a, const Value& b);

/// A total order of everything that can be a dictionary's key; equal keys are those that `equal` finds equal.
/// Fails on a key that Python cannot hash (a list, a dictionary, an undefined value).
std::strong_ordering order_keys(const Value& a, const Value& b, Meter& meter);
void check_key(const Value& key, Meter& meter);

}  // namespace aurea::templates
