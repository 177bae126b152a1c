// Filters on lists, dictionaries and whatever else can be looped over, as a whole.
#include <algorithm>

#include "templates/arguments.h"
#include "templates/compare.h"
#include "templates/filters.h"
#include "templates/item_key.h"
#include "templates/methods.h"
#include "templates/operators.h"
#include "templates/print.h"

namespace aurea::templates {
namespace {

Value batch(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("batch", arguments, {"linecount", "fill_with"}, 1);
  const int64_t size = bound.integer(0, 0);
  if (size <= 0) fail_template("batch: the size must be above zero, found {}", size);
  const ListPtr items = items_of(input, runtime);
  const bool fills = bound.has(1) && !bound[1].is_none();
  ListBuilder batches(runtime.meter);
  for (size_t at = 0; at < items->items.size();) {
    ListBuilder one(runtime.meter);
    for (; at < items->items.size() && static_cast<int64_t>(one.size()) < size; ++at) one.push(items->items[at]);
    while (fills && static_cast<int64_t>(one.size()) < size) one.push(bound[1]);
    batches.push(one.finish());
  }
  return make_iterator(batches.finish());
}

/// Into `count` lists of nearly equal size, the longer ones first; the shorter ones get `fill_with` at their end.
Value slice_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("slice", arguments, {"slices", "fill_with"}, 1);
  const int64_t count = bound.integer(0, 0);
  if (count <= 0) fail_template("slice: the count must be above zero, found {}", count);
  const ListPtr items = items_of(input, runtime);
  const auto total = static_cast<int64_t>(items->items.size());
  const int64_t each = total / count, longer = total % count;
  ListBuilder slices(runtime.meter, static_cast<uint64_t>(count));
  size_t at = 0;
  for (int64_t i = 0; i < count; ++i) {
    ListBuilder one(runtime.meter);
    const int64_t size = each + (i < longer ? 1 : 0);
    for (int64_t j = 0; j < size; ++j) one.push(items->items[at++]);
    if (bound.has(1) && !bound[1].is_none() && i >= longer) one.push(bound[1]);
    slices.push(one.finish());
  }
  return make_iterator(slices.finish());
}

Value default_filter(Runtime&, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("default", arguments, {"default_value", "boolean"});
  const bool replaces = input.is_undefined() || (bound.truth(1, false) && !input.is_true());
  if (!replaces) return input;
  return bound.has(0) ? bound[0] : Value(make_text("", true));
}

Value dictsort(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("dictsort", arguments, {"case_sensitive", "by", "reverse"});
  const std::string by = bound.text(1) == nullptr ? "key" : (*bound.text(1))->bytes;
  if (by != "key" && by != "value") fail_template("dictsort: 'by' must be 'key' or 'value'");
  if (!input.is_dict()) fail_operand("dictsort", input);
  ListBuilder pairs(runtime.meter, input.dict()->size());
  for (const Dict::Entry& entry : input.dict()->entries()) {
    pairs.push(make_tuple(runtime.meter, {entry.key, entry.value}));
  }
  const ItemKey key = ItemKey::item(by == "key" ? 0 : 1, bound.truth(0, false));
  return sort_items(runtime, *pairs.finish(), {key}, bound.truth(2, false));
}

Value first(Runtime& runtime, const Value& input, const Arguments& arguments) {
  expect_no_arguments("first", arguments);
  if (auto* taken = input.as<Iterator>()) return taken->take().value_or(Value());
  const ListPtr items = items_of(input, runtime);
  return items->items.empty() ? Value::undefined("the first item of nothing is undefined") : items->items.front();
}

Value last(Runtime& runtime, const Value& input, const Arguments& arguments) {
  expect_no_arguments("last", arguments);
  if (input.as<Iterator>() != nullptr) fail_operand("last", input);
  const ListPtr items = items_of(input, runtime);
  return items->items.empty() ? Value::undefined("the last item of nothing is undefined") : items->items.back();
}

Value items(Runtime& runtime, const Value& input, const Arguments& arguments) {
  expect_no_arguments("items", arguments);
  if (!input.is_dict() && !input.is_undefined()) fail_operand("items", input);
  ListBuilder pairs(runtime.meter);
  if (input.is_dict()) {
    for (const Dict::Entry& entry : input.dict()->entries())
      pairs.push(make_tuple(runtime.meter, {entry.key, entry.value}));
  }
  return make_iterator(pairs.finish());
}

Value join(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("join", arguments, {"d", "attribute"});
  const TextPtr separator = bound.has(0) ? to_text(bound[0], runtime) : make_text("", true);
  const ListPtr items = items_of(input, runtime);
  if (!bound.has(1) || bound[1].is_none()) return join_texts(runtime, *separator, items->items, false);
  const ItemKey key = ItemKey::attribute(bound[1], true);
  ListBuilder parts(runtime.meter);
  for (const Value& item : items->items) parts.push(key.of(item, runtime));
  return join_texts(runtime, *separator, parts.finish()->items, false);
}

Value length(Runtime&, const Value& input, const Arguments& arguments) {
  expect_no_arguments("length", arguments);
  return length_of(input);
}

Value list(Runtime& runtime, const Value& input, const Arguments& arguments) {
  expect_no_arguments("list", arguments);
  const ListPtr items = items_of(input, runtime);
  if (items->kind == ListKind::kList) return items;
  ListBuilder copy(runtime.meter, items->items.size());
  for (const Value& item : items->items) copy.push(item);
  return copy.finish();
}

/// The first of the greatest (sign ">") or least (sign "<") items.
Value extreme(Runtime& runtime, const Value& input, const Arguments& arguments, const char* sign) {
  const BoundArguments bound("min or max", arguments, {"case_sensitive", "attribute"});
  const ItemKey key = ItemKey::optional_attribute(bound.get(1), bound.truth(0, false));
  const ListPtr items = items_of(input, runtime);
  if (items->items.empty()) return Value::undefined("the extreme of nothing is undefined");
  const Value* best = &items->items.front();
  Value best_key = key.of(*best, runtime);
  for (size_t i = 1; i < items->items.size(); ++i) {
    Value other = key.of(items->items[i], runtime);
    const auto comparison = order(other, best_key, sign, runtime.meter);
    if (*sign == '<' ? comparison >= 0 : comparison <= 0) continue;
    best = &items->items[i];
    best_key = std::move(other);
  }
  return *best;
}

Value max(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return extreme(runtime, input, arguments, ">");
}
Value min(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return extreme(runtime, input, arguments, "<");
}

Value reverse(Runtime& runtime, const Value& input, const Arguments& arguments) {
  expect_no_arguments("reverse", arguments);
  if (input.is_string()) return slice_value(input, Value::none(), Value::none(), int64_t{-1}, runtime);
  const ListPtr items = items_of(input, runtime);
  ListBuilder reversed(runtime.meter, items->items.size());
  for (auto item = items->items.rbegin(); item != items->items.rend(); ++item) reversed.push(*item);
  return make_iterator(reversed.finish());
}

Value sort(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("sort", arguments, {"reverse", "case_sensitive", "attribute"});
  const bool case_sensitive = bound.truth(1, false);
  const auto keys = bound.has(2) && !bound[2].is_none() ? ItemKey::attributes(bound[2], case_sensitive)
                                                        : std::vector{ItemKey::itself(case_sensitive)};
  return sort_items(runtime, *items_of(input, runtime), keys, bound.truth(0, false));
}

Value sum(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("sum", arguments, {"attribute", "start"});
  const ItemKey key = ItemKey::optional_attribute(bound.get(0), true);
  Value total = bound.has(1) ? bound[1] : Value(int64_t{0});
  if (total.is_string()) fail_operand("sum", total);
  const ListPtr items = items_of(input, runtime);
  for (const Value& item : items->items) {
    runtime.meter.step();
    total = apply(BinaryOp::kAdd, total, key.of(item, runtime), runtime);
  }
  return total;
}

constexpr FilterRow kSequenceFilters[] = {
    {"batch", batch},       {"count", length},    {"d", default_filter},   {"default", default_filter},
    {"dictsort", dictsort}, {"first", first},     {"items", items},        {"join", join},
    {"last", last},         {"length", length},   {"list", list},          {"max", max},
    {"min", min},           {"reverse", reverse}, {"slice", slice_filter}, {"sort", sort},
    {"sum", sum},
};

}  // namespace

std::span<const FilterRow> sequence_filters() { return kSequenceFilters; }

}  // namespace aurea::templates
