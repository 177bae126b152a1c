// What follows an operand: attributes, subscripts, calls and their arguments; then filters and tests.
#include <algorithm>

#include "templates/parser.h"

namespace aurea::templates {

ExprPtr Parser::parse_postfix(ExprPtr expr) {
  for (;;) {
    if (current().is_operator(".")) {
      expr = parse_attribute(std::move(expr));
    } else if (current().is_operator("[")) {
      expr = parse_subscript(std::move(expr));
    } else if (current().is_operator("(")) {
      expr = parse_call(std::move(expr));
    } else {
      return expr;
    }
  }
}

ExprPtr Parser::parse_filters(ExprPtr expr) {
  for (;;) {
    if (skip_operator("|")) {
      expr = parse_filter(std::move(expr));
    } else if (current().is_name("is")) {
      expr = parse_test(std::move(expr));
    } else if (current().is_operator("(")) {  // the result of a filter may be called
      expr = parse_call(std::move(expr));
    } else {
      return expr;
    }
  }
}

ExprPtr Parser::parse_filter(ExprPtr input) {
  const int line = current().line;
  auto node = std::make_unique<FilterExpr>();
  node->name = expect_name();
  node->filter = find_filter(node->name);
  if (node->filter == nullptr) unknown_.push_back({line, fmt::format("there is no filter '{}'", shorten(node->name))});
  if (current().is_operator("(")) node->arguments = parse_arguments();
  node->input = std::move(input);
  seal_node(*node, line, std::max(node->input == nullptr ? 0 : node->input->depth, depth_of(node->arguments)));
  return node;
}

ExprPtr Parser::parse_test(ExprPtr input) {
  const int line = take().line;
  auto node = std::make_unique<TestExpr>();
  node->negated = skip_name("not");
  node->name = expect_name();
  node->test = find_test(node->name);
  if (node->test == nullptr) unknown_.push_back({line, fmt::format("there is no test '{}'", shorten(node->name))});
  const Token& token = current();
  const bool is_operand = token.kind == TokenKind::kName || token.kind == TokenKind::kString ||
                          token.kind == TokenKind::kInteger || token.kind == TokenKind::kFloat ||
                          token.is_operator("[") || token.is_operator("{");
  constexpr std::string_view kFollowers[] = {"else", "or", "and", "if", "is", "in", "not", "recursive"};
  const bool is_follower =
      token.kind == TokenKind::kName && std::ranges::find(kFollowers, token.text) != std::end(kFollowers);
  if (token.is_operator("(")) {
    node->arguments = parse_arguments();
  } else if (is_operand && !is_follower) {  // one argument needs no parentheses
    const Nesting nesting(*this);
    node->arguments.positional.push_back(parse_postfix(parse_primary()));
  }
  node->input = std::move(input);
  seal_node(*node, line, std::max(node->input->depth, depth_of(node->arguments)));
  return node;
}

/// .name, or .0 for [0]
ExprPtr Parser::parse_attribute(ExprPtr object) {
  const int line = take().line;
  const Node* child = object.get();
  if (current().kind == TokenKind::kInteger) {
    auto node = std::make_unique<SubscriptExpr>();
    node->object = std::move(object);
    node->key = parse_number();
    return seal(std::move(node), line, {child});
  }
  auto node = std::make_unique<AttributeExpr>();
  node->name = expect_name();
  node->object = std::move(object);
  return seal(std::move(node), line, {child});
}

/// [key] or [start:stop:step]
ExprPtr Parser::parse_subscript(ExprPtr object) {
  const int line = take().line;
  const Node* child = object.get();
  ExprPtr first = current().is_operator(":") ? nullptr : parse_tuple(true);
  if (!skip_operator(":")) {
    expect_operator("]");
    auto node = std::make_unique<SubscriptExpr>();
    const Node* key = first.get();
    node->object = std::move(object);
    node->key = std::move(first);
    return seal(std::move(node), line, {child, key});
  }
  auto node = std::make_unique<SliceExpr>();
  node->object = std::move(object);
  node->start = std::move(first);
  if (!current().is_operator(":") && !current().is_operator("]")) node->stop = parse_expression();
  if (skip_operator(":") && !current().is_operator("]")) node->step = parse_expression();
  expect_operator("]");
  const Node *a = node->start.get(), *b = node->stop.get(), *c = node->step.get();
  return seal(std::move(node), line, {child, a, b, c});
}

ExprPtr Parser::parse_call(ExprPtr function) {
  const int line = current().line;
  auto node = std::make_unique<CallExpr>();
  node->arguments = parse_arguments();
  node->function = std::move(function);
  seal_node(*node, line, std::max(node->function->depth, depth_of(node->arguments)));
  return node;
}

/// (value, name=value, *list, **dict)
CallArguments Parser::parse_arguments() {
  CallArguments arguments;
  expect_operator("(");
  bool first = true;
  while (!current().is_operator(")")) {
    if (!first) expect_operator(",");
    first = false;
    if (current().is_operator(")")) break;
    const int line = current().line;
    if (skip_operator("*")) {
      if (arguments.star != nullptr || arguments.double_star != nullptr) fail_syntax(line, "'*' is out of place");
      arguments.star = parse_expression();
    } else if (skip_operator("**")) {
      if (arguments.double_star != nullptr) fail_syntax(line, "'**' is out of place");
      arguments.double_star = parse_expression();
    } else if (current().kind == TokenKind::kName && next().is_operator("=")) {
      if (arguments.double_star != nullptr) fail_syntax(line, "a named argument follows '**'");
      std::string name(take().text);
      take();
      arguments.keyword.emplace_back(std::move(name), parse_expression());
    } else {
      if (!arguments.keyword.empty() || arguments.star != nullptr || arguments.double_star != nullptr) {
        fail_syntax(line, "a positional argument follows a named one");
      }
      arguments.positional.push_back(parse_expression());
    }
  }
  take();
  return arguments;
}

}  // namespace aurea::templates
