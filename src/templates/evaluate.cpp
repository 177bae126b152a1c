#include "templates/interpreter.h"
#include "templates/print.h"

namespace aurea::templates {

Value Interpreter::evaluate(const Expr& expr) {
  const DepthGuard guard(runtime_.depth);
  runtime_.meter.step();
  line_ = expr.line;
  switch (expr.kind) {
    case ExprKind::kConstant:
      return static_cast<const ConstantExpr&>(expr).value;
    case ExprKind::kName:
      return look_up(static_cast<const NameExpr&>(expr).id);
    case ExprKind::kList:
      return evaluate_list(static_cast<const ListExpr&>(expr));
    case ExprKind::kDict:
      return evaluate_dict(static_cast<const DictExpr&>(expr));
    case ExprKind::kNot:
      return !evaluate(*static_cast<const UnaryExpr&>(expr).operand).is_true();
    case ExprKind::kNegate:
      return negate(evaluate(*static_cast<const UnaryExpr&>(expr).operand));
    case ExprKind::kPlus:
      return plus(evaluate(*static_cast<const UnaryExpr&>(expr).operand));
    case ExprKind::kBinary:
    case ExprKind::kAnd:
    case ExprKind::kOr:
      return evaluate_binary(static_cast<const BinaryExpr&>(expr));
    case ExprKind::kCompare:
      return evaluate_compare(static_cast<const CompareExpr&>(expr));
    case ExprKind::kConcat:
      return evaluate_concat(static_cast<const ConcatExpr&>(expr));
    case ExprKind::kConditional: {
      const auto& conditional = static_cast<const ConditionalExpr&>(expr);
      if (evaluate(*conditional.condition).is_true()) return evaluate(*conditional.then);
      if (conditional.otherwise != nullptr) return evaluate(*conditional.otherwise);
      return Value();
    }
    case ExprKind::kFilter:
      return evaluate_filter(static_cast<const FilterExpr&>(expr));
    case ExprKind::kTest:
      return evaluate_test(static_cast<const TestExpr&>(expr));
    case ExprKind::kAttribute: {
      const auto& access = static_cast<const AttributeExpr&>(expr);
      return attribute(evaluate(*access.object), access.name, runtime_);
    }
    case ExprKind::kSubscript:
      return evaluate_subscript(static_cast<const SubscriptExpr&>(expr));
    case ExprKind::kSlice:
      return evaluate_slice(static_cast<const SliceExpr&>(expr));
    case ExprKind::kCall:
      return evaluate_call(static_cast<const CallExpr&>(expr));
  }
  return Value();
}

Value Interpreter::look_up(NameId id) {
  uint64_t levels = 0;
  for (const Scope* scope = scope_; scope != nullptr; scope = scope->parent, ++levels) {
    const auto at = scope->values.find(id);
    if (at == scope->values.end()) continue;
    runtime_.meter.step(levels / 4);
    return at->second;
  }
  return Value::undefined_name(program_.names[id]);
}

Value Interpreter::evaluate_list(const ListExpr& expr) {
  ListBuilder items(runtime_.meter, expr.items.size());
  for (const ExprPtr& item : expr.items) items.push(evaluate(*item));
  return items.finish(expr.is_tuple ? ListKind::kTuple : ListKind::kList);
}

Value Interpreter::evaluate_dict(const DictExpr& expr) {
  std::vector<Dict::Entry> entries;
  entries.reserve(expr.entries.size());
  for (const auto& [key, value] : expr.entries) {
    Value evaluated = evaluate(*key);
    entries.push_back({std::move(evaluated), evaluate(*value)});
  }
  return make_dict(std::move(entries), runtime_.meter);
}

Value Interpreter::evaluate_binary(const BinaryExpr& expr) {
  Value left = evaluate(*expr.left);
  if (expr.kind == ExprKind::kAnd) return left.is_true() ? evaluate(*expr.right) : left;
  if (expr.kind == ExprKind::kOr) return left.is_true() ? left : evaluate(*expr.right);
  return apply(expr.op, left, evaluate(*expr.right), runtime_);
}

Value Interpreter::evaluate_compare(const CompareExpr& expr) {
  Value left = evaluate(*expr.first);
  for (const auto& [op, operand] : expr.rest) {
    Value right = evaluate(*operand);
    if (!compare(op, left, right, runtime_)) return false;
    left = std::move(right);
  }
  return true;
}

Value Interpreter::evaluate_concat(const ConcatExpr& expr) {
  TextBuilder out(runtime_.meter);
  for (const ExprPtr& part : expr.parts) print(evaluate(*part), out, runtime_);
  return out.finish();
}

Value Interpreter::evaluate_subscript(const SubscriptExpr& expr) {
  const Value object = evaluate(*expr.object);
  return subscript(object, evaluate(*expr.key), runtime_);
}

Value Interpreter::evaluate_slice(const SliceExpr& expr) {
  const Value object = evaluate(*expr.object);
  const auto bound = [&](const ExprPtr& part) { return part == nullptr ? Value::none() : evaluate(*part); };
  const Value start = bound(expr.start), stop = bound(expr.stop), step = bound(expr.step);
  return slice_value(object, start, stop, step, runtime_);
}

Value Interpreter::evaluate_filter(const FilterExpr& expr) {
  const Value input = expr.input == nullptr ? block_texts_.back() : evaluate(*expr.input);
  const Arguments arguments = evaluate_arguments(expr.arguments);
  if (expr.filter == nullptr) fail_template("there is no filter '{}'", shorten(expr.name));
  return expr.filter->apply(runtime_, input, arguments);
}

Value Interpreter::evaluate_test(const TestExpr& expr) {
  const Value input = evaluate(*expr.input);
  const Arguments arguments = evaluate_arguments(expr.arguments);
  if (expr.test == nullptr) fail_template("there is no test '{}'", shorten(expr.name));
  return expr.test->holds(runtime_, input, arguments) != expr.negated;
}

Arguments Interpreter::evaluate_arguments(const CallArguments& arguments) {
  Arguments evaluated;
  for (const ExprPtr& item : arguments.positional) evaluated.positional.push_back(evaluate(*item));
  for (const auto& [name, value] : arguments.keyword) evaluated.keyword.emplace_back(name, evaluate(*value));
  if (arguments.star != nullptr) {
    const ListPtr more = items_of(evaluate(*arguments.star), runtime_);
    for (const Value& item : more->items) {
      runtime_.meter.work(sizeof(Value));
      evaluated.positional.push_back(item);
    }
  }
  if (arguments.double_star != nullptr) {
    const Value more = evaluate(*arguments.double_star);
    if (!more.is_dict()) fail_operand("**", more);
    for (const Dict::Entry& entry : more.dict()->entries()) {
      if (!entry.key.is_string()) fail_template("**: the names of arguments must be strings");
      runtime_.meter.work(sizeof(Value) + entry.key.str().size());
      evaluated.keyword.emplace_back(entry.key.str(), entry.value);
    }
  }
  return evaluated;
}

Value Interpreter::evaluate_call(const CallExpr& expr) {
  const Value function = evaluate(*expr.function);
  return call(function, evaluate_arguments(expr.arguments));
}

Value Interpreter::call(const Value& function, Arguments arguments) {
  if (function.is_undefined()) fail_template("{}", function.undefined_reason());
  if (!function.is_object() || !function.object()->is_callable()) {
    fail_template("a '{}' cannot be called", function.type_name());
  }
  const DepthGuard guard(runtime_.depth);
  return function.object()->call(runtime_, std::move(arguments));
}

}  // namespace aurea::templates
