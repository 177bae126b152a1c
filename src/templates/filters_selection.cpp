// Filters that go through items one by one: map, select, unique, groupby.
#include <algorithm>
#include <set>

#include "templates/arguments.h"
#include "templates/compare.h"
#include "templates/filters.h"
#include "templates/item_key.h"
#include "templates/operators.h"
#include "templates/tests.h"

namespace aurea::templates {
namespace {

/// Nothing, none and other false values have no items here, though they could not be looped over.
ListPtr items_if_any(Runtime& runtime, const Value& input) {
  return input.is_true() ? items_of(input, runtime) : ListBuilder(runtime.meter).finish();
}

/// The arguments after the first `count` positional ones.
Arguments rest_of(const Arguments& arguments, size_t count) {
  return {{arguments.positional.begin() + static_cast<ptrdiff_t>(count), arguments.positional.end()},
          arguments.keyword};
}

const std::string& name_argument(std::string_view filter, const Arguments& arguments, size_t index) {
  if (index >= arguments.positional.size() || !arguments.positional[index].is_string()) {
    fail_template("{} needs the name of a filter or test, in quotes", filter);
  }
  return arguments.positional[index].str();
}

/// map('filter', arguments...) or map(attribute='path', default=value).
Value map(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const ListPtr items = items_if_any(runtime, input);
  ListBuilder mapped(runtime.meter);
  if (arguments.positional.empty()) {
    const BoundArguments bound("map", arguments, {"attribute", "default"}, 1);
    ItemKey key = ItemKey::attribute(bound[0], true);
    if (bound.has(1)) key.set_default(bound[1]);
    for (const Value& item : items->items) mapped.push(key.of(item, runtime));
  } else {
    const std::string& name = name_argument("map", arguments, 0);
    const Arguments rest = rest_of(arguments, 1);
    for (const Value& item : items->items) mapped.push(apply_filter(runtime, name, item, rest));
  }
  return make_iterator(mapped.finish());
}

/// The items for which the test named by the arguments from `first` on gives `wanted`; without a test, the true ones.
Value keep_items(Runtime& runtime, const ListPtr& items, const ItemKey& key, const Arguments& arguments, size_t first,
                 bool wanted) {
  ListBuilder kept(runtime.meter);
  const bool has_test = first < arguments.positional.size();
  const Arguments rest = has_test ? rest_of(arguments, first + 1) : Arguments{};
  for (const Value& item : items->items) {
    const Value value = key.of(item, runtime);
    const bool holds =
        has_test ? apply_test(runtime, name_argument("select", arguments, first), value, rest) : value.is_true();
    if (holds == wanted) kept.push(item);
  }
  return make_iterator(kept.finish());
}

template <bool wanted>
Value select(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return keep_items(runtime, items_if_any(runtime, input), ItemKey::itself(true), arguments, 0, wanted);
}

template <bool wanted>
Value select_by_attribute(Runtime& runtime, const Value& input, const Arguments& arguments) {
  if (arguments.positional.empty()) fail_template("selectattr and rejectattr need the name of an attribute");
  const ItemKey key = ItemKey::attribute(arguments.positional[0], true);
  return keep_items(runtime, items_if_any(runtime, input), key, arguments, 1, wanted);
}

Value unique(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("unique", arguments, {"case_sensitive", "attribute"});
  const ItemKey key = ItemKey::optional_attribute(bound.get(1), bound.truth(0, false));
  const auto before = [&](const Value& a, const Value& b) { return order_keys(a, b, runtime.meter) < 0; };
  std::set<Value, decltype(before)> seen(before);
  ListBuilder kept(runtime.meter);
  const ListPtr items = items_of(input, runtime);
  for (const Value& item : items->items) {
    Value value = key.of(item, runtime);
    check_key(value, runtime.meter);
    if (seen.insert(std::move(value)).second) kept.push(item);
  }
  return make_iterator(kept.finish());
}

/// Pairs (grouper, items), sorted by grouper; a grouper keeps the case of its first item.
Value groupby(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("groupby", arguments, {"attribute", "default", "case_sensitive"}, 1);
  Meter& meter = runtime.meter;
  ItemKey key = ItemKey::attribute(bound[0], bound.truth(2, false)), shown = ItemKey::attribute(bound[0], true);
  if (bound.has(1) && !bound[1].is_none()) {
    key.set_default(bound[1]);
    shown.set_default(bound[1]);
  }
  const ListPtr unsorted = items_of(input, runtime);
  for (const Value& item : unsorted->items) {
    const Value value = key.of(item, runtime);
    if (value.is_undefined()) fail_operand("groupby", value);
  }
  const ListPtr sorted = sort_items(runtime, *unsorted, {key}, false);
  const std::vector<Value>& items = sorted->items;
  ListBuilder groups(meter);
  for (size_t begin = 0; begin < items.size();) {
    const Value group_key = key.of(items[begin], runtime);
    ListBuilder members(meter);
    size_t end = begin;
    while (end < items.size() && equal(key.of(items[end], runtime), group_key, meter)) members.push(items[end++]);
    if (end == begin) members.push(items[end++]);  // a key such as NaN does not equal itself
    groups.push(make_tuple(meter, {shown.of(items[begin], runtime), members.finish()}, ListKind::kGroup));
    begin = end;
  }
  return groups.finish();
}

constexpr FilterRow kSelectionFilters[] = {
    {"groupby", groupby},      {"map", map},
    {"reject", select<false>}, {"rejectattr", select_by_attribute<false>},
    {"select", select<true>},  {"selectattr", select_by_attribute<true>},
    {"unique", unique},
};

}  // namespace

std::span<const FilterRow> selection_filters() { return kSelectionFilters; }

}  // namespace aurea::templates
