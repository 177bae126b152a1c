// JSON texts as Python's json.dumps writes them, with the arguments of transformers' filter `tojson`.
#pragma once

#include <optional>

#include "templates/object.h"

namespace aurea::templates {

struct JsonStyle {
  bool ensure_ascii = false;
  std::optional<std::string> indent;  // what each level is indented by; absent: one line
  std::string item_separator = ", ";
  std::string key_separator = ": ";
  bool sort_keys = false;
};

/// Counts as the template's own text only if every string within it does. Fails on what JSON cannot hold.
TextPtr to_json(const Value& value, const JsonStyle& style, Runtime& runtime);

/// The filter: tojson(ensure_ascii=false, indent=none, separators=none, sort_keys=false).
Value tojson_filter(Runtime& runtime, const Value& input, const Arguments& arguments);

}  // namespace aurea::templates
