// Functions that every template can call: range, dict, namespace, cycler, joiner, raise_exception, strftime_now.
// To add one: a function and a row of the table.
#pragma once

#include <span>

#include "templates/object.h"

namespace aurea::templates {

struct FunctionRow {
  std::string_view name;
  Value (*call)(Runtime& runtime, const Arguments& arguments);
};

std::span<const FunctionRow> global_functions();
Value make_function(const FunctionRow& row);

}  // namespace aurea::templates
