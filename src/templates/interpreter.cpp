#include "templates/interpreter.h"

#include "core/utf8.h"
#include "templates/from_json.h"
#include "templates/globals.h"
#include "templates/print.h"

namespace aurea::templates {
namespace {

/// What a scope takes that is kept until the end, with a few variables, the loop or macro that it is kept for included.
constexpr uint64_t kCapturedScopeBytes = 1024;

}  // namespace

Interpreter::Interpreter(const Program& program, const Json& variables, Runtime& runtime)
    : program_(program), runtime_(runtime) {
  for (const FunctionRow& row : global_functions()) {
    if (const auto id = id_of(std::string(row.name))) globals_.values[*id] = make_function(row);
  }
  for (const auto& [name, value] : variables.items()) {
    if (const auto id = id_of(name)) globals_.values[*id] = variable_from_json(name, value, runtime.meter);
  }
  loop_id_ = id_of("loop");
  caller_id_ = id_of("caller");
  varargs_id_ = id_of("varargs");
  kwargs_id_ = id_of("kwargs");
}

std::optional<NameId> Interpreter::id_of(const std::string& name) const {
  const auto at = program_.ids.find(name);
  if (at == program_.ids.end()) return std::nullopt;
  return at->second;
}

TextPtr Interpreter::run() {
  TextBuilder out(runtime_.meter, runtime_.meter.limits().output_bytes);
  out_ = &out;
  try {
    run_body(program_.body);
  } catch (const TemplateError& error) {
    if (error.raised_by_template) throw;
    throw TemplateError(fmt::format("chat template, line {}: {}", line_, sanitize_utf8(error.what())), false);
  }
  return out.finish();
}

Interpreter::Flow Interpreter::run_body(const Body& body) {
  for (const StmtPtr& stmt : body) {
    const Flow flow = run_statement(*stmt);
    if (flow != Flow::kNormal) return flow;
  }
  return Flow::kNormal;
}

Interpreter::Flow Interpreter::run_statement(const Stmt& stmt) {
  const DepthGuard guard(runtime_.depth);
  runtime_.meter.step();
  line_ = stmt.line;
  switch (stmt.kind) {
    case StmtKind::kText:
      out_->append(static_cast<const TextStmt&>(stmt).text, true);
      return Flow::kNormal;
    case StmtKind::kPrint:
      print(evaluate(*static_cast<const PrintStmt&>(stmt).value), *out_, runtime_);
      return Flow::kNormal;
    case StmtKind::kIf:
      return run_if(static_cast<const IfStmt&>(stmt));
    case StmtKind::kFor: {
      const auto& loop = static_cast<const ForStmt&>(stmt);
      return run_loop(loop, items_of(evaluate(*loop.items), runtime_), 0);
    }
    case StmtKind::kSet: {
      const auto& set = static_cast<const SetStmt&>(stmt);
      assign(set.target, evaluate(*set.value));
      return Flow::kNormal;
    }
    case StmtKind::kSetBlock:
      return run_set_block(static_cast<const SetBlockStmt&>(stmt));
    case StmtKind::kMacro: {
      const auto& macro = static_cast<const MacroStmt&>(stmt);
      scope_->values[macro.id] = make_macro(macro.definition);
      return Flow::kNormal;
    }
    case StmtKind::kCallBlock:
      run_call_block(static_cast<const CallBlockStmt&>(stmt));
      return Flow::kNormal;
    case StmtKind::kFilterBlock:
      return run_filter_block(static_cast<const FilterBlockStmt&>(stmt));
    case StmtKind::kWith:
      return run_with(static_cast<const WithStmt&>(stmt));
    case StmtKind::kScope:
      return run_scope(static_cast<const ScopeStmt&>(stmt));
    case StmtKind::kBreak:
      return Flow::kBreak;
    case StmtKind::kContinue:
      return Flow::kContinue;
    case StmtKind::kNoLoader:
      fail_template("there are no other templates to load");
  }
  return Flow::kNormal;
}

Interpreter::Flow Interpreter::run_if(const IfStmt& stmt) {
  for (const auto& [condition, body] : stmt.branches) {
    if (evaluate(*condition).is_true()) return run_body(body);
  }
  return run_body(stmt.otherwise);
}

/// The items for which the loop's inline `if` holds.
ListPtr Interpreter::kept_items(const ForStmt& stmt, const ListPtr& items) {
  if (stmt.condition == nullptr) return items;
  ListBuilder kept(runtime_.meter);
  for (const Value& item : items->items) {
    const ScopeGuard scope(*this);
    assign(stmt.target, item);
    if (evaluate(*stmt.condition).is_true()) kept.push(item);
  }
  return kept.finish();
}

Interpreter::Flow Interpreter::run_loop(const ForStmt& stmt, ListPtr items, int depth) {
  items = kept_items(stmt, items);
  if (items->items.empty()) {
    const ScopeGuard scope(*this);
    return run_body(stmt.otherwise);
  }
  const auto loop = loop_id_ ? make_loop(stmt, items, depth) : nullptr;
  for (size_t i = 0; i < items->items.size(); ++i) {
    runtime_.meter.step();
    const ScopeGuard scope(*this);
    if (loop != nullptr) {
      loop->set_index(i);
      scope_->values[*loop_id_] = ObjectPtr(loop);
    }
    assign(stmt.target, items->items[i]);
    if (run_body(stmt.body) == Flow::kBreak) break;
  }
  return Flow::kNormal;
}

TextPtr Interpreter::capture_body(const Body& body, Flow* flow) {
  TextBuilder out(runtime_.meter);
  TextBuilder* before = std::exchange(out_, &out);
  try {
    const ScopeGuard scope(*this);
    *flow = run_body(body);
  } catch (...) {
    out_ = before;
    throw;
  }
  out_ = before;
  return out.finish();
}

Value Interpreter::filter_text(const Expr* filter, TextPtr text) {
  if (filter == nullptr) return text;
  block_texts_.emplace_back(std::move(text));
  Value value = evaluate(*filter);
  block_texts_.pop_back();
  return value;
}

Interpreter::Flow Interpreter::run_set_block(const SetBlockStmt& stmt) {
  Flow flow;
  TextPtr text = capture_body(stmt.body, &flow);
  if (flow == Flow::kNormal) assign(stmt.target, filter_text(stmt.filter.get(), std::move(text)));
  return flow;
}

Interpreter::Flow Interpreter::run_filter_block(const FilterBlockStmt& stmt) {
  Flow flow;
  TextPtr text = capture_body(stmt.body, &flow);
  if (flow == Flow::kNormal) print(filter_text(stmt.filter.get(), std::move(text)), *out_, runtime_);
  return flow;
}

Interpreter::Flow Interpreter::run_with(const WithStmt& stmt) {
  std::vector<Value> values;
  for (const auto& [target, expr] : stmt.bindings) values.push_back(evaluate(*expr));
  const ScopeGuard scope(*this);
  for (size_t i = 0; i < values.size(); ++i) assign(stmt.bindings[i].first, std::move(values[i]));
  return run_body(stmt.body);
}

Interpreter::Flow Interpreter::run_scope(const ScopeStmt& stmt) {
  const ScopeGuard scope(*this, stmt.sees_surroundings ? scope_ : &root_);
  return run_body(stmt.body);
}

void Interpreter::run_call_block(const CallBlockStmt& stmt) {
  const Value function = evaluate(*stmt.call->function);
  Arguments arguments = evaluate_arguments(stmt.call->arguments);
  arguments.keyword.emplace_back("caller", make_macro(stmt.caller));
  print(call(function, std::move(arguments)), *out_, runtime_);
}

void Interpreter::assign(const Target& target, Value value) {
  switch (target.kind) {
    case Target::Kind::kName:
      scope_->values[target.id] = std::move(value);
      return;
    case Target::Kind::kAttribute: {
      const Value object = look_up(target.id);
      auto* space = object.as<Namespace>();
      if (space == nullptr) {
        fail_template("'{}' is no namespace, so '{}' cannot be set in it", shorten(program_.names[target.id]),
                      shorten(target.attribute));
      }
      space->set(target.attribute, std::move(value), runtime_.meter);
      return;
    }
    case Target::Kind::kTuple:
      break;
  }
  const ListPtr items = items_of(value, runtime_);
  if (items->items.size() != target.parts.size()) {
    fail_template("{} values cannot be assigned to {} names", items->items.size(), target.parts.size());
  }
  for (size_t i = 0; i < target.parts.size(); ++i) assign(target.parts[i], items->items[i]);
}

void Interpreter::capture_scope(Scope* scope) {
  for (; scope != nullptr && !scope->is_captured; scope = scope->parent) {
    runtime_.meter.work(kCapturedScopeBytes);
    scope->is_captured = true;
  }
}

}  // namespace aurea::templates
