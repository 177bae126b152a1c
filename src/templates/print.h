// Printing of values: Python's str and repr.
#pragma once

#include <string>

#include "templates/object.h"

namespace aurea::templates {

/// Shortest decimal text that reads back as the same double: "1.0", "1e+16", "inf".
std::string float_text(double value);

/// What {{ value }} prints. A string keeps the origins of its bytes; a list or dictionary counts as the template's own
/// text only if every string within it does.
void print(const Value& value, TextBuilder& out, Runtime& runtime);
void print_repr(const Value& value, TextBuilder& out, Runtime& runtime);

/// The printed form as a text; a string is given back as it is.
TextPtr to_text(const Value& value, Runtime& runtime);
TextPtr to_repr(const Value& value, Runtime& runtime);

/// A string in the quotes and escapes of Python's repr; with `ascii`, everything outside ASCII is escaped too.
std::string quote(std::string_view text, bool ascii = false);

}  // namespace aurea::templates
