#include "templates/globals.h"

#include <algorithm>

#include "templates/arguments.h"
#include "templates/operators.h"
#include "templates/print.h"
#include "templates/strftime.h"

namespace aurea::templates {
namespace {

class Function final : public Object {
 public:
  explicit Function(const FunctionRow& row) : row_(row) {}
  [[nodiscard]] std::string_view type_name() const override { return "function"; }
  [[nodiscard]] bool is_callable() const override { return true; }
  Value call(Runtime& runtime, Arguments arguments) override { return row_.call(runtime, arguments); }

 private:
  const FunctionRow& row_;
};

Value range(Runtime& runtime, const Arguments& arguments) {
  if (!arguments.keyword.empty()) fail_template("range takes no named arguments");
  const std::vector<Value>& given = arguments.positional;
  if (given.empty() || given.size() > 3) fail_template("range takes 1 to 3 arguments, found {}", given.size());
  const auto number = [&](size_t i) { return require_integer(given[i], "range"); };
  const int64_t step = given.size() == 3 ? number(2) : 1;
  if (step == 0) fail_template("range: the step is zero");
  auto made = given.size() == 1 ? std::make_shared<Range>(0, number(0), step)
                                : std::make_shared<Range>(number(0), number(1), step);
  const int64_t most = runtime.meter.limits().range_items;
  if (*made->length() > most) fail_template("range: {} items, more than the limit of {}", *made->length(), most);
  return ObjectPtr(std::move(made));
}

/// A dictionary as it is, or pairs; then the named arguments.
std::vector<Dict::Entry> dict_entries(Runtime& runtime, std::string_view function, const Arguments& arguments) {
  if (arguments.positional.size() > 1) {
    fail_template("{} takes at most 1 argument without a name, found {}", function, arguments.positional.size());
  }
  std::vector<Dict::Entry> entries;
  const auto add = [&](Value key, Value value) {
    runtime.meter.check_size(entries.size() + 1, sizeof(Dict::Entry));
    runtime.meter.work(sizeof(Dict::Entry));
    entries.push_back({std::move(key), std::move(value)});
  };
  if (!arguments.positional.empty()) {
    const Value& from = arguments.positional[0];
    if (from.is_dict()) {
      for (const Dict::Entry& entry : from.dict()->entries()) add(entry.key, entry.value);
    } else {
      const ListPtr pairs = items_of(from, runtime);
      for (const Value& pair : pairs->items) {
        const ListPtr items = items_of(pair, runtime);
        if (items->items.size() != 2) fail_template("{}: a list must hold pairs", function);
        add(items->items[0], items->items[1]);
      }
    }
  }
  for (const auto& [name, value] : arguments.keyword) add(make_text(name, true), value);
  return entries;
}

Value dict(Runtime& runtime, const Arguments& arguments) {
  return make_dict(dict_entries(runtime, "dict", arguments), runtime.meter);
}

Value make_namespace(Runtime& runtime, const Arguments& arguments) {
  auto made = std::make_shared<Namespace>();
  for (const Dict::Entry& entry : dict_entries(runtime, "namespace", arguments)) {
    if (!entry.key.is_string()) fail_template("namespace: the names must be strings");
    made->set(entry.key.str(), entry.value, runtime.meter);
  }
  runtime.meter.work(sizeof(Namespace) + sizeof(ObjectPtr));
  runtime.keep(made);
  return ObjectPtr(std::move(made));
}

/// cycler(a, b, ...): next() gives one after the other and begins anew.
class Cycler final : public Object {
 public:
  explicit Cycler(ListPtr items) : Object(depth_around(items->depth)), items_(std::move(items)) {}
  [[nodiscard]] std::string_view type_name() const override { return "Cycler"; }
  std::optional<Value> attribute(Runtime& runtime, std::string_view name) override;
  Value next() {
    const Value item = current();
    position_ = (position_ + 1) % items_->items.size();
    return item;
  }
  void reset() { position_ = 0; }
  [[nodiscard]] Value current() const { return items_->items[position_]; }

 private:
  ListPtr items_;
  size_t position_ = 0;
};

class CyclerMethod final : public Object {
 public:
  CyclerMethod(std::shared_ptr<Cycler> cycler, bool resets)
      : Object(depth_around(cycler->depth())), cycler_(std::move(cycler)), resets_(resets) {}
  [[nodiscard]] std::string_view type_name() const override { return "method"; }
  [[nodiscard]] bool is_callable() const override { return true; }
  Value call(Runtime&, Arguments arguments) override {
    expect_no_arguments("a cycler's method", arguments);
    if (!resets_) return cycler_->next();
    cycler_->reset();
    return Value::none();
  }

 private:
  std::shared_ptr<Cycler> cycler_;
  bool resets_;
};

std::optional<Value> Cycler::attribute(Runtime&, std::string_view name) {
  if (name == "current") return current();
  if (name != "next" && name != "reset") return std::nullopt;
  auto self = std::static_pointer_cast<Cycler>(shared_from_this());
  return ObjectPtr(std::make_shared<CyclerMethod>(std::move(self), name == "reset"));
}

Value cycler(Runtime& runtime, const Arguments& arguments) {
  if (!arguments.keyword.empty() || arguments.positional.empty()) fail_template("cycler takes one or more items");
  return ObjectPtr(std::make_shared<Cycler>(make_tuple(runtime.meter, arguments.positional)));
}

/// joiner(separator): gives nothing on the first call, the separator afterwards.
class Joiner final : public Object {
 public:
  explicit Joiner(Value separator) : Object(depth_around(separator.depth())), separator_(std::move(separator)) {}
  [[nodiscard]] std::string_view type_name() const override { return "Joiner"; }
  [[nodiscard]] bool is_callable() const override { return true; }
  Value call(Runtime&, Arguments arguments) override {
    expect_no_arguments("a joiner", arguments);
    return std::exchange(used_, true) ? separator_ : Value(make_text("", true));
  }

 private:
  Value separator_;
  bool used_ = false;
};

Value joiner(Runtime&, const Arguments& arguments) {
  const BoundArguments bound("joiner", arguments, {"sep"});
  return ObjectPtr(std::make_shared<Joiner>(bound.has(0) ? bound[0] : Value(make_text(", ", true))));
}

Value lipsum(Runtime&, const Arguments&) { fail_template("lipsum gives random text, which no prompt should hold"); }

Value raise_exception(Runtime& runtime, const Arguments& arguments) {
  const BoundArguments bound("raise_exception", arguments, {"message"}, 1);
  throw TemplateError(to_text(bound[0], runtime)->bytes, true);
}

Value strftime_now(Runtime& runtime, const Arguments& arguments) {
  const BoundArguments bound("strftime_now", arguments, {"format"}, 1);
  return format_time(*bound.required_text(0), runtime.clock(), runtime.meter);
}

constexpr FunctionRow kGlobalFunctions[] = {
    {"cycler", cycler},
    {"dict", dict},
    {"joiner", joiner},
    {"lipsum", lipsum},
    {"namespace", make_namespace},
    {"raise_exception", raise_exception},
    {"range", range},
    {"strftime_now", strftime_now},
};

}  // namespace

std::span<const FunctionRow> global_functions() { return kGlobalFunctions; }
Value make_function(const FunctionRow& row) { return ObjectPtr(std::make_shared<Function>(row)); }

}  // namespace aurea::templates
