#include "templates/from_json.h"

#include <algorithm>
#include <array>

#include "core/utf8.h"

namespace aurea::templates {
namespace {

constexpr std::array<std::string_view, 6> kKnownRoles = {"system", "user",      "assistant",
                                                         "tool",   "developer", "function"};

TextPtr convert_text(const std::string& bytes, bool from_template) {
  return make_text(is_valid_utf8(bytes) ? bytes : sanitize_utf8(bytes), from_template);
}

Value convert(const Json& json, int depth, Meter& meter);

Value convert_array(const Json& json, int depth, Meter& meter) {
  ListBuilder list(meter, json.size());
  for (const Json& item : json) list.push(convert(item, depth + 1, meter));
  return list.finish();
}

Value convert_object(const Json& json, int depth, Meter& meter) {
  std::vector<Dict::Entry> entries;
  entries.reserve(json.size());
  for (const auto& [key, value] : json.items()) {
    entries.push_back({convert_text(key, false), convert(value, depth + 1, meter)});
  }
  return make_dict(std::move(entries), meter);
}

Value convert(const Json& json, int depth, Meter& meter) {
  if (depth > kJsonMaxDepth) fail_template("the variables are nested deeper than {} levels", kJsonMaxDepth);
  switch (json.type()) {
    case Json::value_t::boolean:
      return json.get<bool>();
    case Json::value_t::number_unsigned:
      if (json.get<uint64_t>() > INT64_MAX)
        fail_template("the integer {} in the variables needs more than 64 bits", json.dump());
      return static_cast<int64_t>(json.get<uint64_t>());
    case Json::value_t::number_integer:
      return json.get<int64_t>();
    case Json::value_t::number_float:
      return json.get<double>();
    case Json::value_t::string:
      return convert_text(json.get_ref<const std::string&>(), false);
    case Json::value_t::array:
      return convert_array(json, depth, meter);
    case Json::value_t::object:
      return convert_object(json, depth, meter);
    default:
      return Value::none();
  }
}

/// A message is converted entry by entry, so that its role can be told from its other texts.
Value convert_message(const Json& json, Meter& meter) {
  if (!json.is_object()) return convert(json, 1, meter);
  std::vector<Dict::Entry> entries;
  for (const auto& [key, value] : json.items()) {
    const bool known_role = key == "role" && value.is_string() &&
                            std::ranges::find(kKnownRoles, value.get_ref<const std::string&>()) != kKnownRoles.end();
    Value converted =
        known_role ? Value(convert_text(value.get_ref<const std::string&>(), true)) : convert(value, 2, meter);
    entries.push_back({convert_text(key, false), std::move(converted)});
  }
  return make_dict(std::move(entries), meter);
}

}  // namespace

Value variable_from_json(std::string_view name, const Json& json, Meter& meter) {
  if (json.is_string()) return convert_text(json.get_ref<const std::string&>(), name.ends_with("_token"));
  if (name != "messages" || !json.is_array()) return convert(json, 0, meter);
  ListBuilder messages(meter, json.size());
  for (const Json& message : json) messages.push(convert_message(message, meter));
  return messages.finish();
}

}  // namespace aurea::templates
