// Walks a template's tree. Statements are in interpreter.cpp, expressions in evaluate.cpp, macros and loops in
// callables.cpp. One interpreter serves one rendering.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "core/json.h"
#include "templates/ast.h"
#include "templates/loop.h"

namespace aurea::templates {

/// Variables of one body. Lookups go from scope to scope outwards; assignments stay in the innermost.
struct Scope {
  explicit Scope(Scope* p) : parent(p) {}
  Scope* parent;
  std::unordered_map<NameId, Value> values;
  bool is_captured = false;  // a macro or a recursive loop may come back to it: kept until the end
};

class Interpreter {
 public:
  /// `variables` is an object; only the members that the template names are looked at.
  Interpreter(const Program& program, const Json& variables, Runtime& runtime);

  /// Throws TemplateError; one that the template did not raise itself begins with its line.
  TextPtr run();

  // For the objects of callables.cpp.
  TextPtr call_macro(const MacroDefinition& macro, Scope* scope, Arguments arguments);
  TextPtr call_loop(const ForStmt& loop, Scope* scope, const ListPtr& items, int depth);

 private:
  enum class Flow : uint8_t { kNormal, kBreak, kContinue };
  class ScopeGuard;
  class CallGuard;

  // interpreter.cpp
  Flow run_body(const Body& body);
  Flow run_statement(const Stmt& stmt);
  Flow run_if(const IfStmt& stmt);
  Flow run_loop(const ForStmt& stmt, ListPtr items, int depth);
  Flow run_set_block(const SetBlockStmt& stmt);
  Flow run_filter_block(const FilterBlockStmt& stmt);
  Flow run_with(const WithStmt& stmt);
  Flow run_scope(const ScopeStmt& stmt);
  void run_call_block(const CallBlockStmt& stmt);
  ListPtr kept_items(const ForStmt& stmt, const ListPtr& items);
  /// Runs a body and gives its output instead of printing it.
  TextPtr capture_body(const Body& body, Flow* flow);
  Value filter_text(const Expr* filter, TextPtr text);
  void assign(const Target& target, Value value);
  void capture_scope(Scope* scope);

  // callables.cpp
  void bind_parameters(const MacroDefinition& macro, Arguments& arguments);
  void bind_rest(const MacroDefinition& macro, Arguments& arguments);
  ObjectPtr make_macro(const MacroDefinition& macro);
  std::shared_ptr<Loop> make_loop(const ForStmt& stmt, ListPtr items, int depth);

  // evaluate.cpp
  Value evaluate(const Expr& expr);
  Value look_up(NameId id);
  Value evaluate_list(const ListExpr& expr);
  Value evaluate_dict(const DictExpr& expr);
  Value evaluate_binary(const BinaryExpr& expr);
  Value evaluate_subscript(const SubscriptExpr& expr);
  Value evaluate_compare(const CompareExpr& expr);
  Value evaluate_concat(const ConcatExpr& expr);
  Value evaluate_filter(const FilterExpr& expr);
  Value evaluate_test(const TestExpr& expr);
  Value evaluate_slice(const SliceExpr& expr);
  Value evaluate_call(const CallExpr& expr);
  Value call(const Value& function, Arguments arguments);
  Arguments evaluate_arguments(const CallArguments& arguments);

  [[nodiscard]] std::optional<NameId> id_of(const std::string& name) const;

  const Program& program_;
  Runtime& runtime_;
  Scope globals_{nullptr};  // functions and variables
  Scope root_{&globals_};   // what the template sets outside of all blocks
  Scope* scope_ = &root_;
  TextBuilder* out_ = nullptr;      // where the current body prints
  std::vector<Value> block_texts_;  // inputs of the filter blocks that are being evaluated
  std::vector<std::unique_ptr<Scope>> captured_;
  std::optional<NameId> loop_id_, caller_id_, varargs_id_, kwargs_id_;  // absent if the template never names them
  int call_depth_ = 0;
  int line_ = 1;  // of the node that is being evaluated
};

/// A scope that lives as long as this guard, or until the end if it was captured.
class Interpreter::ScopeGuard {
 public:
  ScopeGuard(Interpreter& interpreter, Scope* parent)
      : interpreter_(interpreter), before_(interpreter.scope_), scope_(std::make_unique<Scope>(parent)) {
    interpreter.scope_ = scope_.get();
  }
  explicit ScopeGuard(Interpreter& interpreter) : ScopeGuard(interpreter, interpreter.scope_) {}
  ~ScopeGuard() {
    interpreter_.scope_ = before_;
    if (scope_->is_captured) interpreter_.captured_.push_back(std::move(scope_));
  }
  ScopeGuard(const ScopeGuard&) = delete;
  ScopeGuard& operator=(const ScopeGuard&) = delete;

 private:
  Interpreter& interpreter_;
  Scope* before_;
  std::unique_ptr<Scope> scope_;
};

/// A call of a macro or a recursive loop: bounds their depth, puts the output aside, comes back to the caller's line.
class Interpreter::CallGuard {
 public:
  CallGuard(Interpreter& interpreter, TextBuilder& out);
  ~CallGuard();
  CallGuard(const CallGuard&) = delete;
  CallGuard& operator=(const CallGuard&) = delete;

 private:
  Interpreter& interpreter_;
  TextBuilder* out_before_;
  int line_before_;
};

}  // namespace aurea::templates
