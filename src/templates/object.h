// Values with behaviour: functions, methods, macros, namespaces, loops, ranges, iterators. An object answers only the
// questions below; there is nothing behind it that a template could reach.
#pragma once

#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "templates/value.h"

namespace aurea::templates {

struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> keyword;
};

/// State of one rendering that built-ins need.
class Runtime {
 public:
  Runtime(const Limits& limits, std::function<std::tm()> now) : meter(limits), clock(std::move(now)) {}
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  /// Keeps an object whose contents can change until the end of the rendering, and empties it then: two of them may
  /// hold each other, which counting references alone would never free.
  void keep(ObjectPtr object) { kept_.push_back(std::move(object)); }

  Meter meter;
  std::function<std::tm()> clock;
  int depth = 0;  // of evaluations, see DepthGuard

 private:
  std::vector<ObjectPtr> kept_;
};

class Object : public std::enable_shared_from_this<Object> {
 public:
  explicit Object(int depth = 1) : depth_(depth) {}
  virtual ~Object() = default;
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  [[nodiscard]] virtual std::string_view type_name() const = 0;
  [[nodiscard]] virtual bool is_true() const { return true; }
  [[nodiscard]] virtual bool is_callable() const { return false; }
  [[nodiscard]] virtual bool is_iterable() const { return false; }
  /// Has a length and can be indexed.
  [[nodiscard]] virtual bool is_sequence() const { return false; }
  [[nodiscard]] virtual std::optional<int64_t> length() const { return std::nullopt; }
  /// x.name; nothing if there is no such attribute.
  virtual std::optional<Value> attribute(Runtime& runtime, std::string_view name);
  /// The items of an iterable; an iterator is used up by it.
  virtual ListPtr items(Runtime& runtime);
  virtual Value call(Runtime& runtime, Arguments arguments);
  virtual void print(TextBuilder& out, Runtime& runtime) const;
  /// Lets go of what can change after construction.
  virtual void release() {}

  [[nodiscard]] int depth() const { return depth_; }

 private:
  int depth_;  // levels of containers, as in Value::depth
};

/// Depth of an object around `inner`; fails above kMaxValueDepth.
int depth_around(int inner);

/// range(...): knows its items without holding them.
class Range final : public Object {
 public:
  Range(int64_t start, int64_t stop, int64_t step);
  [[nodiscard]] std::string_view type_name() const override { return "range"; }
  [[nodiscard]] bool is_true() const override { return count_ != 0; }
  [[nodiscard]] bool is_iterable() const override { return true; }
  [[nodiscard]] bool is_sequence() const override { return true; }
  [[nodiscard]] std::optional<int64_t> length() const override { return count_; }
  ListPtr items(Runtime& runtime) override;
  void print(TextBuilder& out, Runtime& runtime) const override;
  [[nodiscard]] int64_t at(int64_t index) const { return start_ + index * step_; }

 private:
  int64_t start_, stop_, step_, count_;
};

/// What lazy filters give: items that can be taken once. They are all computed at once, before the first is taken: an
/// error in any of them shows even where Jinja would not have reached it ({{ [1, 'a']|map('abs')|first }}).
class Iterator final : public Object {
 public:
  explicit Iterator(ListPtr items);
  [[nodiscard]] std::string_view type_name() const override { return "generator"; }
  [[nodiscard]] bool is_iterable() const override { return true; }
  ListPtr items(Runtime& runtime) override;
  /// The next item, as the filter `first` takes it.
  std::optional<Value> take();

 private:
  ListPtr items_;
  size_t next_ = 0;
};

Value make_iterator(ListPtr items);

/// dict.keys(), values() and items().
class DictView final : public Object {
 public:
  DictView(const char* type_name, ListPtr items);
  [[nodiscard]] std::string_view type_name() const override { return type_name_; }
  [[nodiscard]] bool is_true() const override { return !items_->items.empty(); }
  [[nodiscard]] bool is_iterable() const override { return true; }
  [[nodiscard]] std::optional<int64_t> length() const override { return items_->items.size(); }
  ListPtr items(Runtime&) override { return items_; }
  void print(TextBuilder& out, Runtime& runtime) const override;

 private:
  const char* type_name_;
  ListPtr items_;
};

/// namespace(...): the one thing a template can assign to.
class Namespace final : public Object {
 public:
  [[nodiscard]] std::string_view type_name() const override { return "Namespace"; }
  std::optional<Value> attribute(Runtime& runtime, std::string_view name) override;
  void print(TextBuilder& out, Runtime& runtime) const override;
  void release() override { entries_.clear(); }
  void set(std::string_view name, Value value, Meter& meter);

 private:
  std::vector<std::pair<std::string, Value>> entries_;
};

}  // namespace aurea::templates
