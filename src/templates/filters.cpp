#include "templates/filters.h"

#include <algorithm>

namespace aurea::templates {

const FilterRow* find_filter(std::string_view name) {
  for (const auto rows : {text_filters(), number_filters(), sequence_filters(), selection_filters()}) {
    const auto row = std::ranges::find(rows, name, &FilterRow::name);
    if (row != rows.end()) return &*row;
  }
  return nullptr;
}

Value apply_filter(Runtime& runtime, std::string_view name, const Value& input, const Arguments& arguments) {
  const FilterRow* row = find_filter(name);
  if (row == nullptr) fail_template("there is no filter '{}'", shorten(name));
  const DepthGuard guard(runtime.depth);  // map('map', 'map', ...) applies filters within filters
  runtime.meter.step();
  return row->apply(runtime, input, arguments);
}

}  // namespace aurea::templates
