// Looking into values: items, slices, attributes, membership, length.
#include <algorithm>

#include "core/utf8.h"
#include "templates/compare.h"
#include "templates/methods.h"
#include "templates/operators.h"
#include "templates/unicode.h"

namespace aurea::templates {
namespace {

Value missing_attribute(const Value& container, std::string_view name) {
  return Value::undefined(fmt::format("a '{}' has no attribute '{}'", container.type_name(), shorten(name)));
}

/// Item `index` of a string, list or range, counted from the end if negative; nothing if out of range.
std::optional<Value> item_at(const Value& container, int64_t index, Runtime& runtime) {
  const auto* range = container.as<Range>();
  if (!container.is_string() && !container.is_list() && range == nullptr) return std::nullopt;
  const int64_t length = length_of(container);
  if (index < 0) index += length;
  if (index < 0 || index >= length) return std::nullopt;
  if (range != nullptr) return range->at(index);
  if (container.is_list()) return container.items()[static_cast<size_t>(index)];
  const TextPtr& text = container.text();
  if (!text->is_ascii()) runtime.meter.work(text->bytes.size());
  const size_t begin = byte_offset(text->bytes, text->length, static_cast<size_t>(index));
  return slice(text, begin, begin + decode_utf8(text->bytes, begin).bytes, runtime.meter);
}

struct SliceBounds {
  int64_t start, step, count;
};

/// Python's rules: bounds are clamped, and counted from the end if negative.
SliceBounds slice_bounds(const Value& start, const Value& stop, const Value& step, int64_t length) {
  const int64_t stride = step.is_none() ? 1 : require_integer(step, "slice step");
  if (stride == 0) fail_template("the step of a slice is zero");
  const int64_t lowest = stride < 0 ? -1 : 0, highest = stride < 0 ? length - 1 : length;
  const auto clamp = [&](const Value& bound, int64_t otherwise) {
    if (bound.is_none()) return otherwise;
    int64_t at = require_integer(bound, "slice bound");
    if (at < 0) at = at < -length ? lowest : at + length;
    return std::clamp(at, lowest, highest);
  };
  const int64_t begin = clamp(start, stride < 0 ? highest : lowest), end = clamp(stop, stride < 0 ? lowest : highest);
  const int64_t distance = stride < 0 ? begin - end : end - begin;
  if (distance <= 0) return {begin, stride, 0};
  // stride is at most -1 or at least 1, and -(stride + 1) fits where -stride may not.
  const int64_t count = stride < 0 ? (distance - 1) / -std::max(stride, -INT64_MAX) + 1 : (distance - 1) / stride + 1;
  return {begin, stride, count};
}

Value slice_text(const TextPtr& text, const SliceBounds& bounds, Runtime& runtime) {
  Meter& meter = runtime.meter;
  meter.work(text->bytes.size());
  if (bounds.count == 0) return make_text("", true, text->safe);
  if (bounds.step == 1) {
    const size_t begin = byte_offset(text->bytes, text->length, static_cast<size_t>(bounds.start));
    const size_t end = byte_offset(text->bytes, text->length, static_cast<size_t>(bounds.start + bounds.count));
    return slice(text, begin, end, meter);
  }
  std::vector<uint32_t> offsets;  // of every character: a step may visit them in any order
  if (!text->is_ascii()) {
    offsets.reserve(text->length);
    for (size_t at = 0; at < text->bytes.size(); at += decode_utf8(text->bytes, at).bytes) {
      offsets.push_back(static_cast<uint32_t>(at));
    }
  }
  TextBuilder out(meter);
  for (int64_t i = 0, at = bounds.start; i < bounds.count; ++i, at += bounds.step) {
    const size_t begin = offsets.empty() ? static_cast<size_t>(at) : offsets[static_cast<size_t>(at)];
    out.append(*text, begin, begin + decode_utf8(text->bytes, begin).bytes);
    if (i + 1 == bounds.count) break;  // the next position may not fit in 64 bits
  }
  out.set_safe(text->safe);
  return out.finish();
}

/// An attribute or method only, never an item.
Value plain_attribute(const Value& container, std::string_view name, Runtime& runtime) {
  if (container.is_undefined()) fail_template("{}", container.undefined_reason());
  if (name.starts_with('_')) {
    return Value::undefined(fmt::format("access to attribute '{}' is not allowed", shorten(name)));
  }
  if (container.is_object()) {
    auto found = container.object()->attribute(runtime, name);
    return found ? *std::move(found) : missing_attribute(container, name);
  }
  if (container.is_list() && container.list_kind() == ListKind::kGroup && (name == "grouper" || name == "list")) {
    return container.items()[name == "list" ? 1 : 0];
  }
  if (auto method = find_method(container, name)) return *std::move(method);
  return missing_attribute(container, name);
}

}  // namespace

ListPtr items_of(const Value& value, Runtime& runtime) {
  switch (value.kind()) {
    case Value::Kind::kUndefined:
      return ListBuilder(runtime.meter).finish();
    case Value::Kind::kList:
      return value.list();
    case Value::Kind::kObject:
      return value.object()->items(runtime);
    case Value::Kind::kDict: {
      ListBuilder keys(runtime.meter, value.dict()->size());
      for (const Dict::Entry& entry : value.dict()->entries()) keys.push(entry.key);
      return keys.finish();
    }
    case Value::Kind::kString: {
      const TextPtr& text = value.text();
      ListBuilder characters(runtime.meter, text->length);
      for (size_t at = 0; at < text->bytes.size();) {
        const size_t end = at + decode_utf8(text->bytes, at).bytes;
        TextBuilder character(runtime.meter);  // unlike an item by its index, it loses the safe mark
        character.append(*text, at, end);
        characters.push(character.finish());
        at = end;
      }
      return characters.finish();
    }
    default:
      fail_template("a '{}' cannot be iterated over", value.type_name());
  }
}

int64_t length_of(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kUndefined:
      return 0;
    case Value::Kind::kString:
      return static_cast<int64_t>(value.text()->length);
    case Value::Kind::kList:
      return static_cast<int64_t>(value.items().size());
    case Value::Kind::kDict:
      return static_cast<int64_t>(value.dict()->size());
    default:
      break;
  }
  const auto length = value.is_object() ? value.object()->length() : std::nullopt;
  if (!length) fail_template("a '{}' has no length", value.type_name());
  return *length;
}

bool contains(const Value& container, const Value& item, Runtime& runtime) {
  if (container.is_string()) {
    if (!item.is_string()) fail_template("'in' a string needs a string on its left side, found '{}'", item.type_name());
    runtime.meter.work(container.str().size());
    return find_text(container.str(), item.str()) != std::string_view::npos;
  }
  if (container.is_dict()) return !item.is_undefined() && container.dict()->find(item, runtime.meter) != nullptr;
  const ListPtr items = items_of(container, runtime);
  return std::ranges::any_of(items->items, [&](const Value& other) { return equal(other, item, runtime.meter); });
}

Value subscript(const Value& container, const Value& key, Runtime& runtime) {
  if (container.is_undefined()) fail_template("{}", container.undefined_reason());
  if (key.is_integral()) {
    if (auto item = item_at(container, key.as_int(), runtime)) return *std::move(item);
  }
  if (container.is_dict()) {
    const bool may_be_key = !key.is_undefined() && !key.is_dict() && (!key.is_list() || key.is_tuple());
    const Value* found = may_be_key ? container.dict()->find(key, runtime.meter) : nullptr;
    if (found != nullptr) return *found;
  }
  if (key.is_string()) return plain_attribute(container, key.str(), runtime);
  return Value::undefined(fmt::format("a '{}' has no such item", container.type_name()));
}

Value slice_value(const Value& container, const Value& start, const Value& stop, const Value& step, Runtime& runtime) {
  if (container.is_undefined()) fail_template("{}", container.undefined_reason());
  const auto* range = container.as<Range>();
  if (!container.is_string() && !container.is_list() && range == nullptr) {
    fail_template("a '{}' cannot be sliced", container.type_name());
  }
  const SliceBounds bounds = slice_bounds(start, stop, step, length_of(container));
  if (container.is_string()) return slice_text(container.text(), bounds, runtime);
  ListBuilder out(runtime.meter, static_cast<uint64_t>(bounds.count));
  for (int64_t i = 0; i < bounds.count; ++i) {
    const int64_t at = bounds.start + i * bounds.step;
    out.push(range != nullptr ? Value(range->at(at)) : container.items()[static_cast<size_t>(at)]);
  }
  return out.finish(container.is_tuple() ? ListKind::kTuple : ListKind::kList);
}

Value attribute(const Value& container, std::string_view name, Runtime& runtime) {
  if (container.is_dict() && !has_method(container, name)) {
    const Value* found = container.dict()->find(name, runtime.meter);
    if (found != nullptr) return *found;
  }
  return plain_attribute(container, name, runtime);
}

}  // namespace aurea::templates
