#include "templates/value.h"

#include <algorithm>
#include <numeric>

#include "templates/compare.h"
#include "templates/object.h"

namespace aurea::templates {

Value Value::undefined(std::string reason) {
  return Value(Undefined{std::make_shared<const std::string>(std::move(reason))});
}

Value Value::undefined_name(std::string_view name) {
  return undefined(fmt::format("'{}' is undefined", shorten(name)));
}

bool Value::is_tuple() const { return is_list() && list()->kind != ListKind::kList; }
const std::vector<Value>& Value::items() const { return list()->items; }
ListKind Value::list_kind() const { return list()->kind; }

std::string_view Value::type_name() const {
  switch (kind()) {
    case Kind::kUndefined:
      return "Undefined";
    case Kind::kNone:
      return "NoneType";
    case Kind::kBool:
      return "bool";
    case Kind::kInt:
      return "int";
    case Kind::kFloat:
      return "float";
    case Kind::kString:
      return "str";
    case Kind::kList:
      return is_tuple() ? "tuple" : "list";
    case Kind::kDict:
      return "dict";
    case Kind::kObject:
      break;
  }
  return object()->type_name();
}

std::string Value::undefined_reason() const {
  const auto& reason = std::get<Undefined>(data_).reason;
  return reason == nullptr ? "a value is undefined" : *reason;
}

int Value::depth() const {
  if (is_list()) return list()->depth;
  if (is_dict()) return dict()->depth();
  return is_object() ? object()->depth() : 0;
}

bool Value::is_true() const {
  switch (kind()) {
    case Kind::kUndefined:
    case Kind::kNone:
      return false;
    case Kind::kBool:
      return as_bool();
    case Kind::kInt:
      return as_int() != 0;
    case Kind::kFloat:
      return as_double() != 0;
    case Kind::kString:
      return !str().empty();
    case Kind::kList:
      return !items().empty();
    case Kind::kDict:
      return dict()->size() != 0;
    case Kind::kObject:
      break;
  }
  return object()->is_true();
}

int depth_around(int inner) {
  if (inner >= kMaxValueDepth) fail_template("lists and dictionaries nested deeper than {} levels", kMaxValueDepth);
  return inner + 1;
}

ListBuilder::ListBuilder(Meter& meter, uint64_t count) : meter_(meter) {
  meter.check_size(count, sizeof(Value));
  items_.reserve(count);
}

void ListBuilder::push(Value value) {
  meter_.check_size(items_.size() + 1, sizeof(Value));
  meter_.work(sizeof(Value));
  depth_ = std::max(depth_, depth_around(value.depth()));
  items_.push_back(std::move(value));
}

ListPtr ListBuilder::finish(ListKind kind) {
  return std::make_shared<const List>(List{std::move(items_), kind, depth_});
}

ListPtr make_tuple(Meter& meter, std::vector<Value> items, ListKind kind) {
  ListBuilder builder(meter, items.size());
  for (Value& item : items) builder.push(std::move(item));
  return builder.finish(kind);
}

Dict::Dict(std::vector<Entry> entries, Meter& meter) : entries_(std::move(entries)), order_(entries_.size()) {
  meter.check_size(entries_.size(), sizeof(Entry) + sizeof(uint32_t));
  meter.work(entries_.size() * sizeof(Entry));
  for (const Entry& entry : entries_) {
    check_key(entry.key, meter);
    depth_ = std::max(depth_, depth_around(std::max(entry.key.depth(), entry.value.depth())));
  }
  std::iota(order_.begin(), order_.end(), 0u);
  std::ranges::stable_sort(
      order_, [&](uint32_t a, uint32_t b) { return order_keys(entries_[a].key, entries_[b].key, meter) < 0; });

  // Equal keys are neighbours now, in their order of insertion.
  std::vector<bool> doubled(entries_.size());
  bool any_doubled = false;
  for (size_t i = 0; i < order_.size();) {
    const uint32_t first = order_[i];
    size_t next = i + 1;
    while (next < order_.size() && order_keys(entries_[first].key, entries_[order_[next]].key, meter) == 0) ++next;
    if (next - i > 1) entries_[first].value = entries_[order_[next - 1]].value;
    for (size_t j = i + 1; j < next; ++j) doubled[order_[j]] = any_doubled = true;
    i = next;
  }
  if (!any_doubled) return;
  std::vector<Entry> kept;
  std::vector<uint32_t> moved(entries_.size());
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (doubled[i]) continue;
    moved[i] = static_cast<uint32_t>(kept.size());
    kept.push_back(std::move(entries_[i]));
  }
  std::erase_if(order_, [&](uint32_t i) { return doubled[i]; });
  for (uint32_t& i : order_) i = moved[i];
  entries_ = std::move(kept);
}

const Value* Dict::find(const Value& key, Meter& meter) const {
  check_key(key, meter);
  const auto at = std::ranges::lower_bound(
      order_, key, [&](const Value& a, const Value& b) { return order_keys(a, b, meter) < 0; },
      [&](uint32_t i) -> const Value& { return entries_[i].key; });
  if (at == order_.end() || order_keys(entries_[*at].key, key, meter) != 0) return nullptr;
  return &entries_[*at].value;
}

const Value* Dict::find(std::string_view key, Meter& meter) const {
  meter.work(key.size());
  // Keys that are no strings sort as a block before (none, numbers) or after (the rest) the strings.
  const auto below = [&](uint32_t i) {
    const Value& other = entries_[i].key;
    return other.is_string() ? other.str() < key : other.is_none() || other.is_number();
  };
  const auto at = std::ranges::partition_point(order_, below);
  if (at == order_.end() || !entries_[*at].key.is_string() || entries_[*at].key.str() != key) return nullptr;
  return &entries_[*at].value;
}

DictPtr make_dict(std::vector<Dict::Entry> entries, Meter& meter) {
  return std::make_shared<const Dict>(std::move(entries), meter);
}

}  // namespace aurea::templates
