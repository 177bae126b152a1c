// Tests: {{ value is name(arguments) }}, those of Jinja 3.1. To add one: a function and a row of the table.
#pragma once

#include "templates/object.h"

namespace aurea::templates {

struct TestRow {
  std::string_view name;
  bool (*holds)(Runtime& runtime, const Value& input, const Arguments& arguments);
};

/// Null if there is none of that name.
const TestRow* find_test(std::string_view name);

/// Applies a test whose name was only known at run time; fails if there is none.
bool apply_test(Runtime& runtime, std::string_view name, const Value& input, const Arguments& arguments);

}  // namespace aurea::templates
