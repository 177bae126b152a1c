// Methods of strings, dictionaries and lists: x.strip(), d.items(), l.index(v).
// To add one: a function and a row of the table in string_methods.cpp or methods.cpp.
#pragma once

#include <optional>
#include <span>

#include "templates/object.h"

namespace aurea::templates {

struct MethodRow {
  std::string_view name;
  Value (*call)(Runtime& runtime, const Value& self, const Arguments& arguments);
};

/// True for every method name of Python that this kind of value has here or that the sandbox refuses to give.
bool has_method(const Value& value, std::string_view name);

/// The method bound to `value`; nothing if there is none. One that would change the value (append, pop, ...) is
/// undefined, with the reason.
std::optional<Value> find_method(const Value& value, std::string_view name);

std::span<const MethodRow> string_methods();

// What filters share with methods. `runtime` pays; the results keep the origin of each byte.
Value strip_text(Runtime& runtime, const TextPtr& text, const TextPtr* characters, bool left, bool right);
/// Replaces at most `count` occurrences, all if negative.
TextPtr replace_text(Runtime& runtime, const Text& text, const Text& from, const Text& to, int64_t count);
/// Joins printed forms. With `escape`, those not marked safe are escaped first.
TextPtr join_texts(Runtime& runtime, const Text& separator, const std::vector<Value>& items, bool escape);
/// A text that was rewritten as a whole.
TextPtr transform_text(Runtime& runtime, const Text& text, std::string (*transform)(std::string_view));
TextPtr upper_text(Runtime& runtime, const Text& text);
TextPtr lower_text(Runtime& runtime, const Text& text);
/// True if the text has letters with case and all of them are upper (or lower) case. Throws for one that has no letter
/// of the other case.
bool is_cased(std::string_view text, char32_t (*map)(char32_t));

}  // namespace aurea::templates
