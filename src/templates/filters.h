// Filters: {{ value | name(arguments) }}, those of Jinja 3.1 with transformers' `tojson`.
// To add one: a function and a row in the table of the fitting filters_*.cpp.
#pragma once

#include <span>

#include "templates/object.h"

namespace aurea::templates {

struct FilterRow {
  std::string_view name;
  Value (*apply)(Runtime& runtime, const Value& input, const Arguments& arguments);
};

/// Null if there is none of that name.
const FilterRow* find_filter(std::string_view name);

/// Applies a filter whose name was only known at run time; fails if there is none.
Value apply_filter(Runtime& runtime, std::string_view name, const Value& input, const Arguments& arguments);

// The tables, by what the filters work on.
std::span<const FilterRow> text_filters();
std::span<const FilterRow> number_filters();
std::span<const FilterRow> sequence_filters();
std::span<const FilterRow> selection_filters();

}  // namespace aurea::templates
