#include "templates/item_key.h"

#include <algorithm>
#include <charconv>

#include "templates/compare.h"
#include "templates/methods.h"
#include "templates/operators.h"
#include "templates/unicode.h"

namespace aurea::templates {
namespace {

/// Calls `part` for each piece of `text` between separators.
template <typename Part>
void each_part(std::string_view text, char separator, const Part& part) {
  for (size_t begin = 0;;) {
    const size_t end = std::min(text.find(separator, begin), text.size());
    part(text.substr(begin, end - begin));
    if (end == text.size()) return;
    begin = end + 1;
  }
}

/// Paths are short; this bounds what their steps take.
void check_path(std::string_view path) {
  constexpr size_t kMostBytes = 1000;
  if (path.size() > kMostBytes) fail_template("the attribute '{}' has more than {} bytes", shorten(path), kMostBytes);
}

Value path_step(std::string_view part) {
  int64_t index = 0;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
  if (error == std::errc() && end == part.data() + part.size() && part[0] != '-') return index;
  return make_text(std::string(part), true);
}

}  // namespace

ItemKey ItemKey::itself(bool case_sensitive) { return ItemKey(case_sensitive); }

ItemKey ItemKey::item(int64_t index, bool case_sensitive) {
  ItemKey key(case_sensitive);
  key.steps_.emplace_back(index);
  return key;
}

ItemKey ItemKey::attribute(const Value& path, bool case_sensitive) {
  ItemKey key(case_sensitive);
  if (path.is_string()) {
    check_path(path.str());
    each_part(path.str(), '.', [&](std::string_view part) { key.steps_.push_back(path_step(part)); });
  } else {
    key.steps_.emplace_back(require_integer(path, "an attribute to look up"));
  }
  return key;
}

ItemKey ItemKey::optional_attribute(const Value* path, bool case_sensitive) {
  return path == nullptr || path->is_none() ? itself(case_sensitive) : attribute(*path, case_sensitive);
}

std::vector<ItemKey> ItemKey::attributes(const Value& paths, bool case_sensitive) {
  if (!paths.is_string()) return {attribute(paths, case_sensitive)};
  check_path(paths.str());
  std::vector<ItemKey> keys;
  each_part(paths.str(), ',', [&](std::string_view path) {
    keys.push_back(attribute(make_text(std::string(path), true), case_sensitive));
  });
  return keys;
}

Value ItemKey::of(const Value& item, Runtime& runtime) const {
  runtime.meter.step();
  Value value = item;
  for (const Value& step : steps_) {
    runtime.meter.step();
    value = subscript(value, step, runtime);
    if (value.is_undefined() && default_) value = *default_;
  }
  if (!case_sensitive_ && value.is_string()) return lower_text(runtime, *value.text());
  return value;
}

ListPtr sort_items(Runtime& runtime, const List& list, const std::vector<ItemKey>& keys, bool reverse) {
  struct Row {
    std::vector<Value> keys;
    const Value* item;
  };
  Meter& meter = runtime.meter;
  meter.check_size(list.items.size(), sizeof(Row) + keys.size() * sizeof(Value));
  std::vector<Row> rows;
  rows.reserve(list.items.size());
  for (const Value& item : list.items) {
    meter.work(sizeof(Row) + keys.size() * sizeof(Value));
    Row row{{}, &item};
    for (const ItemKey& key : keys) row.keys.push_back(key.of(item, runtime));
    rows.push_back(std::move(row));
  }
  const auto before = [&](const Row& a, const Row& b) {
    for (size_t i = 0; i < keys.size(); ++i) {
      if (equal(a.keys[i], b.keys[i], meter)) continue;  // first, because undefined keys are equal but have no order
      return order(a.keys[i], b.keys[i], "<", meter) < 0;
    }
    return false;
  };
  // In reverse, equal items keep their order too, as in Python.
  std::ranges::stable_sort(rows, [&](const Row& a, const Row& b) { return reverse ? before(b, a) : before(a, b); });
  ListBuilder sorted(meter, rows.size());
  for (const Row& row : rows) sorted.push(*row.item);
  return sorted.finish();
}

}  // namespace aurea::templates
