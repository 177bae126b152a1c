// Macros and loops as values, and what happens when they are called.
#include <algorithm>

#include "templates/arguments.h"
#include "templates/compare.h"
#include "templates/interpreter.h"
#include "templates/loop.h"

namespace aurea::templates {
namespace {

class LoopMethod final : public Object {
 public:
  LoopMethod(std::shared_ptr<Loop> loop, bool cycles)
      : Object(depth_around(loop->depth())), loop_(std::move(loop)), cycles_(cycles) {}
  [[nodiscard]] std::string_view type_name() const override { return "method"; }
  [[nodiscard]] bool is_callable() const override { return true; }
  Value call(Runtime& runtime, Arguments arguments) override {
    return cycles_ ? loop_->cycle(arguments) : loop_->changed(runtime, std::move(arguments));
  }

 private:
  std::shared_ptr<Loop> loop_;
  bool cycles_;
};

class Macro final : public Object {
 public:
  Macro(Interpreter& interpreter, const MacroDefinition& definition, Scope* scope, ListPtr parameters)
      : Object(depth_around(1)),
        interpreter_(interpreter),
        definition_(definition),
        scope_(scope),
        parameters_(std::move(parameters)) {}

  [[nodiscard]] std::string_view type_name() const override { return "Macro"; }
  [[nodiscard]] bool is_callable() const override { return true; }
  std::optional<Value> attribute(Runtime&, std::string_view name) override {
    if (name == "name") return make_text(definition_.name, true);
    if (name == "arguments") return parameters_;
    if (name == "catch_varargs") return definition_.uses_varargs;
    if (name == "catch_kwargs") return definition_.uses_kwargs;
    if (name == "caller") return definition_.uses_caller;
    return std::nullopt;
  }
  Value call(Runtime&, Arguments arguments) override {
    return interpreter_.call_macro(definition_, scope_, std::move(arguments));
  }
  void print(TextBuilder& out, Runtime&) const override {
    out.append(fmt::format("<Macro '{}'>", shorten(definition_.name)), true);
  }

 private:
  Interpreter& interpreter_;
  const MacroDefinition& definition_;
  Scope* scope_;
  ListPtr parameters_;  // their names
};

}  // namespace

Loop::Loop(Interpreter& interpreter, const ForStmt& stmt, Scope* scope, ListPtr items, int depth)
    : Object(depth_around(items->depth)),
      interpreter_(interpreter),
      stmt_(stmt),
      scope_(scope),
      items_(std::move(items)),
      recursion_(depth) {}

bool Loop::is_callable() const { return stmt_.recursive; }

std::optional<Value> Loop::attribute(Runtime&, std::string_view name) {
  const auto size = static_cast<int64_t>(items_->items.size()), index = static_cast<int64_t>(index_);
  if (name == "index") return index + 1;
  if (name == "index0") return index;
  if (name == "revindex") return size - index;
  if (name == "revindex0") return size - index - 1;
  if (name == "first") return index == 0;
  if (name == "last") return index + 1 == size;
  if (name == "length") return size;
  if (name == "depth") return int64_t{recursion_} + 1;
  if (name == "depth0") return int64_t{recursion_};
  if (name == "previtem") return index == 0 ? Value::undefined("there is no previous item") : items_->items[index_ - 1];
  if (name == "nextitem")
    return index + 1 == size ? Value::undefined("there is no next item") : items_->items[index_ + 1];
  if (name != "cycle" && name != "changed") return std::nullopt;
  auto self = std::static_pointer_cast<Loop>(shared_from_this());
  return ObjectPtr(std::make_shared<LoopMethod>(std::move(self), name == "cycle"));
}

Value Loop::call(Runtime& runtime, Arguments arguments) {
  const BoundArguments bound("loop", arguments, {"iterable"}, 1);
  return interpreter_.call_loop(stmt_, scope_, items_of(bound[0], runtime), recursion_ + 1);
}

void Loop::print(TextBuilder& out, Runtime&) const {
  out.append(fmt::format("<LoopContext {}/{}>", index_ + 1, items_->items.size()), true);
}

Value Loop::cycle(const Arguments& arguments) const {
  if (arguments.positional.empty() || !arguments.keyword.empty()) fail_template("loop.cycle takes one or more items");
  return arguments.positional[index_ % arguments.positional.size()];
}

Value Loop::changed(Runtime& runtime, Arguments arguments) {
  const ListPtr values = make_tuple(runtime.meter, std::move(arguments.positional));
  if (!last_.is_undefined() && equal(last_, values, runtime.meter)) return false;
  if (!is_kept_ && values->depth > 1) {  // it may hold this loop, or one that holds another
    runtime.meter.work(sizeof(Loop));
    runtime.keep(shared_from_this());
    is_kept_ = true;
  }
  last_ = values;
  return true;
}

Interpreter::CallGuard::CallGuard(Interpreter& interpreter, TextBuilder& out)
    : interpreter_(interpreter), out_before_(interpreter.out_), line_before_(interpreter.line_) {
  const int most = interpreter.runtime_.meter.limits().call_depth;
  if (interpreter.call_depth_ >= most)
    fail_template("macros and loops call one another more than {} levels deep", most);
  ++interpreter.call_depth_;
  interpreter.out_ = &out;
}

Interpreter::CallGuard::~CallGuard() {
  --interpreter_.call_depth_;
  interpreter_.out_ = out_before_;
  if (std::uncaught_exceptions() == 0) interpreter_.line_ = line_before_;
}

ObjectPtr Interpreter::make_macro(const MacroDefinition& macro) {
  capture_scope(scope_);
  ListBuilder parameters(runtime_.meter, macro.parameters.size());
  for (const auto& [id, otherwise] : macro.parameters) {
    runtime_.meter.work(program_.names[id].size());
    parameters.push(make_text(program_.names[id], true));
  }
  return std::make_shared<Macro>(*this, macro, scope_, parameters.finish(ListKind::kTuple));
}

std::shared_ptr<Loop> Interpreter::make_loop(const ForStmt& stmt, ListPtr items, int depth) {
  if (stmt.recursive) capture_scope(scope_);
  return std::make_shared<Loop>(*this, stmt, scope_, std::move(items), depth);
}

TextPtr Interpreter::call_loop(const ForStmt& loop, Scope* scope, const ListPtr& items, int depth) {
  TextBuilder out(runtime_.meter);
  const CallGuard call(*this, out);
  const ScopeGuard inner(*this, scope);
  run_loop(loop, items, depth);
  return out.finish();
}

TextPtr Interpreter::call_macro(const MacroDefinition& macro, Scope* scope, Arguments arguments) {
  TextBuilder out(runtime_.meter);
  const CallGuard call(*this, out);
  const ScopeGuard inner(*this, scope);
  bind_parameters(macro, arguments);
  run_body(macro.body);
  return out.finish();
}

/// Parameters take positional arguments, then named ones, then their defaults, which may use the parameters before
/// them.
void Interpreter::bind_parameters(const MacroDefinition& macro, Arguments& arguments) {
  auto& values = scope_->values;
  const size_t positional = std::min(arguments.positional.size(), macro.parameters.size());
  for (size_t i = 0; i < positional; ++i) values[macro.parameters[i].first] = arguments.positional[i];
  for (size_t i = positional; i < macro.parameters.size(); ++i) {
    const auto& [id, otherwise] = macro.parameters[i];
    const std::string& name = program_.names[id];
    runtime_.meter.step(1 + arguments.keyword.size() / 8);
    const auto given =
        std::ranges::find(arguments.keyword, name, [](const auto& pair) -> const std::string& { return pair.first; });
    if (given != arguments.keyword.end()) {
      values[id] = std::move(given->second);
      arguments.keyword.erase(given);
    } else if (otherwise != nullptr) {
      Value value = evaluate(*otherwise);
      values[id] = std::move(value);
    } else {
      values[id] = Value::undefined_name(name);
    }
  }
  bind_rest(macro, arguments);
}

/// What is left over: `varargs` and `kwargs` if the body mentions them, the `caller` of a call block.
void Interpreter::bind_rest(const MacroDefinition& macro, Arguments& arguments) {
  auto& values = scope_->values;
  std::vector<Value>& positional = arguments.positional;
  positional.erase(positional.begin(),
                   positional.begin() + static_cast<ptrdiff_t>(std::min(positional.size(), macro.parameters.size())));
  if (!positional.empty() && !macro.uses_varargs) {
    fail_template("macro '{}' takes at most {} arguments", shorten(macro.name), macro.parameters.size());
  }
  if (macro.uses_caller) {
    const auto given = std::ranges::find(arguments.keyword, "caller",
                                         [](const auto& pair) -> const std::string& { return pair.first; });
    values[*caller_id_] =
        given != arguments.keyword.end() ? given->second : Value::undefined("the macro was called without a caller");
    if (given != arguments.keyword.end()) arguments.keyword.erase(given);
  }
  if (!arguments.keyword.empty() && !macro.uses_kwargs) {
    fail_template("macro '{}' has no argument '{}'", shorten(macro.name), shorten(arguments.keyword.front().first));
  }
  if (macro.uses_varargs) values[*varargs_id_] = make_tuple(runtime_.meter, std::move(positional));
  if (macro.uses_kwargs) {
    std::vector<Dict::Entry> entries;
    for (auto& [name, value] : arguments.keyword) entries.push_back({make_text(name, true), std::move(value)});
    values[*kwargs_id_] = make_dict(std::move(entries), runtime_.meter);
  }
}

}  // namespace aurea::templates
