#include "templates/methods.h"

#include <algorithm>

#include "templates/arguments.h"
#include "templates/compare.h"
#include "templates/operators.h"

namespace aurea::templates {
namespace {

class BoundMethod final : public Object {
 public:
  BoundMethod(const MethodRow& row, Value self)
      : Object(depth_around(self.depth())), row_(row), self_(std::move(self)) {}
  [[nodiscard]] std::string_view type_name() const override { return "builtin_function_or_method"; }
  [[nodiscard]] bool is_callable() const override { return true; }
  Value call(Runtime& runtime, Arguments arguments) override { return row_.call(runtime, self_, arguments); }

 private:
  const MethodRow& row_;
  Value self_;
};

Value dict_get(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const BoundArguments bound("get", arguments, {"key", "default"}, 1);
  const Value* found = self.dict()->find(bound[0], runtime.meter);
  if (found != nullptr) return *found;
  return bound.has(1) ? bound[1] : Value::none();
}

template <typename Item>
Value dict_view(Runtime& runtime, const Value& self, const Arguments& arguments, const char* name, const Item& item) {
  expect_no_arguments(name, arguments);
  ListBuilder items(runtime.meter, self.dict()->size());
  for (const Dict::Entry& entry : self.dict()->entries()) items.push(item(entry));
  return ObjectPtr(std::make_shared<DictView>(name, items.finish()));
}

Value dict_keys(Runtime& runtime, const Value& self, const Arguments& arguments) {
  return dict_view(runtime, self, arguments, "dict_keys", [](const Dict::Entry& entry) { return entry.key; });
}

Value dict_values(Runtime& runtime, const Value& self, const Arguments& arguments) {
  return dict_view(runtime, self, arguments, "dict_values", [](const Dict::Entry& entry) { return entry.value; });
}

Value dict_items(Runtime& runtime, const Value& self, const Arguments& arguments) {
  return dict_view(runtime, self, arguments, "dict_items", [&](const Dict::Entry& entry) {
    return make_tuple(runtime.meter, {entry.key, entry.value});
  });
}

/// Dictionaries and lists cannot be changed, so a copy is the thing itself.
Value copy(Runtime&, const Value& self, const Arguments& arguments) {
  expect_no_arguments("copy", arguments);
  return self;
}

Value list_index(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const BoundArguments bound("index", arguments, {"value", "start", "stop"}, 1);
  const auto size = static_cast<int64_t>(self.items().size());
  const auto clamp = [&](int64_t at) {
    return std::clamp<int64_t>(at < 0 ? std::max<int64_t>(at, -size) + size : at, 0, size);
  };
  const int64_t end = clamp(bound.integer(2, size));
  for (int64_t i = clamp(bound.integer(1, 0)); i < end; ++i) {
    if (equal(self.items()[static_cast<size_t>(i)], bound[0], runtime.meter)) return i;
  }
  fail_template("index: the value is not in the {}", self.type_name());
}

Value list_count(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const BoundArguments bound("count", arguments, {"value"}, 1);
  return static_cast<int64_t>(
      std::ranges::count_if(self.items(), [&](const Value& item) { return equal(item, bound[0], runtime.meter); }));
}

constexpr MethodRow kDictMethods[] = {
    {"copy", copy}, {"get", dict_get}, {"items", dict_items}, {"keys", dict_keys}, {"values", dict_values},
};

constexpr MethodRow kListMethods[] = {
    {"copy", copy},
    {"count", list_count},
    {"index", list_index},
};

constexpr std::string_view kRefusedOfDict[] = {"clear", "pop", "popitem", "setdefault", "update"};
constexpr std::string_view kRefusedOfList[] = {"append", "clear",  "extend",  "insert",
                                               "pop",    "remove", "reverse", "sort"};

std::span<const MethodRow> methods_of(const Value& value) {
  if (value.is_string()) return string_methods();
  if (value.is_dict()) return kDictMethods;
  if (value.is_list()) return kListMethods;
  return {};
}

bool is_refused(const Value& value, std::string_view name) {
  if (value.is_dict()) return std::ranges::find(kRefusedOfDict, name) != std::end(kRefusedOfDict);
  return value.is_list() && !value.is_tuple() && std::ranges::find(kRefusedOfList, name) != std::end(kRefusedOfList);
}

}  // namespace

bool has_method(const Value& value, std::string_view name) {
  const auto rows = methods_of(value);
  return is_refused(value, name) || std::ranges::find(rows, name, &MethodRow::name) != rows.end();
}

std::optional<Value> find_method(const Value& value, std::string_view name) {
  if (is_refused(value, name)) {
    return Value::undefined(
        fmt::format("'{}' would change a '{}', which templates may not do", name, value.type_name()));
  }
  const auto rows = methods_of(value);
  const auto row = std::ranges::find(rows, name, &MethodRow::name);
  if (row == rows.end()) return std::nullopt;
  return ObjectPtr(std::make_shared<BoundMethod>(*row, value));
}

}  // namespace aurea::templates
