// Values of the template language: Python's, as far as templates meet them. Strings, lists, tuples and dictionaries are
// immutable and shared; what can change (namespaces, loops, iterators) is an Object, see object.h.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "templates/text.h"

namespace aurea::templates {

class Value;
class Object;
struct List;
class Dict;
using ListPtr = std::shared_ptr<const List>;
using DictPtr = std::shared_ptr<const Dict>;
using ObjectPtr = std::shared_ptr<Object>;

/// What an undefined value remembers for the error message of whoever uses it; may be null.
struct Undefined {
  std::shared_ptr<const std::string> reason;
};

struct None {};

enum class ListKind : uint8_t {
  kList,
  kTuple,
  kGroup,  // what `groupby` gives: the tuple (grouper, list), its items reachable by these names too
};

class Value {
 public:
  enum class Kind : uint8_t { kUndefined, kNone, kBool, kInt, kFloat, kString, kList, kDict, kObject };

  Value() = default;
  static Value none() { return Value(None{}); }
  static Value undefined(std::string reason);
  /// For a name that is not there: reason "'NAME' is undefined", a long name cut short.
  static Value undefined_name(std::string_view name);
  Value(bool value) : data_(value) {}
  Value(int64_t value) : data_(value) {}
  Value(double value) : data_(value) {}
  Value(TextPtr text) : data_(std::move(text)) {}
  Value(ListPtr list) : data_(std::move(list)) {}
  Value(DictPtr dict) : data_(std::move(dict)) {}
  Value(ObjectPtr object) : data_(std::move(object)) {}
  Value(const void*) = delete;  // a pointer would become a bool

  [[nodiscard]] Kind kind() const { return static_cast<Kind>(data_.index()); }
  [[nodiscard]] bool is_undefined() const { return kind() == Kind::kUndefined; }
  [[nodiscard]] bool is_none() const { return kind() == Kind::kNone; }
  [[nodiscard]] bool is_bool() const { return kind() == Kind::kBool; }
  [[nodiscard]] bool is_float() const { return kind() == Kind::kFloat; }
  [[nodiscard]] bool is_string() const { return kind() == Kind::kString; }
  [[nodiscard]] bool is_list() const { return kind() == Kind::kList; }  // a tuple too
  [[nodiscard]] bool is_dict() const { return kind() == Kind::kDict; }
  [[nodiscard]] bool is_object() const { return kind() == Kind::kObject; }
  /// An integer or a bool, which counts as 0 or 1 in arithmetic.
  [[nodiscard]] bool is_integral() const { return kind() == Kind::kInt || is_bool(); }
  [[nodiscard]] bool is_number() const { return is_integral() || is_float(); }
  [[nodiscard]] bool is_tuple() const;

  // Each asks for the matching kind.
  [[nodiscard]] bool as_bool() const { return std::get<bool>(data_); }
  [[nodiscard]] int64_t as_int() const { return is_bool() ? int64_t{as_bool()} : std::get<int64_t>(data_); }
  [[nodiscard]] double as_double() const {
    return is_float() ? std::get<double>(data_) : static_cast<double>(as_int());
  }
  [[nodiscard]] const TextPtr& text() const { return std::get<TextPtr>(data_); }
  [[nodiscard]] const std::string& str() const { return text()->bytes; }
  [[nodiscard]] const ListPtr& list() const { return std::get<ListPtr>(data_); }
  [[nodiscard]] const std::vector<Value>& items() const;
  [[nodiscard]] ListKind list_kind() const;
  [[nodiscard]] const DictPtr& dict() const { return std::get<DictPtr>(data_); }
  [[nodiscard]] const ObjectPtr& object() const { return std::get<ObjectPtr>(data_); }
  /// The object if this is one of class T, else null.
  template <typename T>
  [[nodiscard]] T* as() const {
    return is_object() ? dynamic_cast<T*>(object().get()) : nullptr;
  }

  /// Name of the type as Python's messages have it: "str", "NoneType".
  [[nodiscard]] std::string_view type_name() const;
  /// "'x' is undefined" and the like; for an undefined value only.
  [[nodiscard]] std::string undefined_reason() const;
  /// Levels of containers, 0 for a scalar.
  [[nodiscard]] int depth() const;
  [[nodiscard]] bool is_true() const;

 private:
  using Data = std::variant<Undefined, None, bool, int64_t, double, TextPtr, ListPtr, DictPtr, ObjectPtr>;
  explicit Value(None none) : data_(none) {}
  explicit Value(Undefined undefined) : data_(std::move(undefined)) {}
  Data data_;
};

struct List {
  std::vector<Value> items;
  ListKind kind = ListKind::kList;
  int depth = 1;
};

/// Makes a list item by item within the limits of a meter.
class ListBuilder {
 public:
  explicit ListBuilder(Meter& meter) : meter_(meter) {}
  /// For a known count: fails before anything is allocated.
  ListBuilder(Meter& meter, uint64_t count);
  void push(Value value);
  [[nodiscard]] size_t size() const { return items_.size(); }
  ListPtr finish(ListKind kind = ListKind::kList);

 private:
  Meter& meter_;
  std::vector<Value> items_;
  int depth_ = 1;
};

ListPtr make_tuple(Meter& meter, std::vector<Value> items, ListKind kind = ListKind::kTuple);

/// Keys in insertion order. Lookups are a binary search in a sorted index: no hash that a template could attack.
class Dict {
 public:
  struct Entry {
    Value key, value;
  };

  /// The later of two equal keys wins, in the place of the first. Fails on keys that Python cannot hash.
  Dict(std::vector<Entry> entries, Meter& meter);

  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  [[nodiscard]] size_t size() const { return entries_.size(); }
  [[nodiscard]] int depth() const { return depth_; }
  /// The value under `key`, or null. The key may be of any type; one that cannot be a key fails.
  [[nodiscard]] const Value* find(const Value& key, Meter& meter) const;
  [[nodiscard]] const Value* find(std::string_view key, Meter& meter) const;

 private:
  std::vector<Entry> entries_;
  std::vector<uint32_t> order_;  // indexes of entries_, sorted by key
  int depth_ = 1;
};

DictPtr make_dict(std::vector<Dict::Entry> entries, Meter& meter);

}  // namespace aurea::templates
