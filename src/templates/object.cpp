#include "templates/object.h"

#include <algorithm>

#include "templates/print.h"

namespace aurea::templates {

Runtime::~Runtime() {
  for (const ObjectPtr& object : kept_) object->release();
}

std::optional<Value> Object::attribute(Runtime&, std::string_view) { return std::nullopt; }
ListPtr Object::items(Runtime&) { fail_template("a '{}' cannot be iterated over", type_name()); }
Value Object::call(Runtime&, Arguments) { fail_template("a '{}' cannot be called", type_name()); }

void Object::print(TextBuilder& out, Runtime&) const { out.append(fmt::format("<{}>", type_name()), true); }

Range::Range(int64_t start, int64_t stop, int64_t step) : start_(start), stop_(stop), step_(step) {
  // Unsigned, where the distance of any two 64-bit integers fits.
  const bool is_empty = step > 0 ? stop <= start : stop >= start;
  const auto from = static_cast<uint64_t>(start), to = static_cast<uint64_t>(stop), by = static_cast<uint64_t>(step);
  const uint64_t span = step > 0 ? to - from : from - to, stride = step > 0 ? by : 0 - by;
  const uint64_t count = is_empty ? 0 : (span - 1) / stride + 1;
  count_ = static_cast<int64_t>(std::min<uint64_t>(count, INT64_MAX));
}

ListPtr Range::items(Runtime& runtime) {
  ListBuilder items(runtime.meter, static_cast<uint64_t>(count_));
  for (int64_t i = 0; i < count_; ++i) items.push(at(i));
  return items.finish();
}

void Range::print(TextBuilder& out, Runtime&) const {
  out.append(
      step_ == 1 ? fmt::format("range({}, {})", start_, stop_) : fmt::format("range({}, {}, {})", start_, stop_, step_),
      true);
}

Iterator::Iterator(ListPtr items) : Object(depth_around(items->depth)), items_(std::move(items)) {}

ListPtr Iterator::items(Runtime& runtime) {
  const size_t begin = std::exchange(next_, items_->items.size());
  if (begin == 0) return items_;
  ListBuilder rest(runtime.meter);
  for (size_t i = begin; i < items_->items.size(); ++i) rest.push(items_->items[i]);
  return rest.finish();
}

std::optional<Value> Iterator::take() {
  if (next_ >= items_->items.size()) return std::nullopt;
  return items_->items[next_++];
}

Value make_iterator(ListPtr items) { return ObjectPtr(std::make_shared<Iterator>(std::move(items))); }

DictView::DictView(const char* type_name, ListPtr items)
    : Object(depth_around(items->depth)), type_name_(type_name), items_(std::move(items)) {}

void DictView::print(TextBuilder& out, Runtime& runtime) const {
  out.append(type_name_, true);
  out.append("(", true);
  print_repr(items_, out, runtime);
  out.append(")", true);
}

std::optional<Value> Namespace::attribute(Runtime& runtime, std::string_view name) {
  runtime.meter.step(1 + entries_.size() / 8);
  const auto at = std::ranges::find(entries_, name, [](const auto& entry) -> std::string_view { return entry.first; });
  if (at == entries_.end()) return std::nullopt;
  return at->second;
}

void Namespace::set(std::string_view name, Value value, Meter& meter) {
  meter.step(1 + entries_.size() / 8);
  const auto at = std::ranges::find(entries_, name, [](const auto& entry) -> std::string_view { return entry.first; });
  if (at != entries_.end()) {
    at->second = std::move(value);
    return;
  }
  meter.work(name.size() + sizeof(entries_[0]));
  entries_.emplace_back(name, std::move(value));
}

void Namespace::print(TextBuilder& out, Runtime& runtime) const {
  out.append("<Namespace {", true);
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (i != 0) out.append(", ", true);
    out.append(quote(entries_[i].first), true);
    out.append(": ", true);
    print_repr(entries_[i].second, out, runtime);
  }
  out.append("}>", true);
}

}  // namespace aurea::templates
