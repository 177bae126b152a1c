// Expressions, loosest first: a if c else b; or; and; not; comparisons; + -; ~; * / // %; **; unary - +; postfix;
// filters and tests. Unary minus binds tighter than **, and ~ tighter than +: that is Jinja's order, not Python's.
#include <algorithm>
#include <charconv>

#include "templates/parser.h"

namespace aurea::templates {

ExprPtr Parser::make_binary(ExprKind kind, BinaryOp op, ExprPtr left, ExprPtr right) {
  const int line = left->line;
  const Node *l = left.get(), *r = right.get();
  return seal(std::make_unique<BinaryExpr>(kind, op, std::move(left), std::move(right)), line, {l, r});
}

ExprPtr Parser::parse_expression() {
  const Nesting nesting(*this);
  const size_t unknown = unknown_.size();
  ExprPtr expr = parse_unconditional();
  if (!current().is_name("if")) return expr;
  while (current().is_name("if")) {
    const int line = take().line;
    auto node = std::make_unique<ConditionalExpr>();
    node->then = std::move(expr);
    node->condition = parse_unconditional();
    if (skip_name("else")) node->otherwise = parse_expression();
    const Node *a = node->then.get(), *b = node->condition.get(), *c = node->otherwise.get();
    expr = seal(std::move(node), line, {a, b, c});
  }
  unknown_.resize(unknown);  // no part of a conditional is sure to run
  return expr;
}

/// or
ExprPtr Parser::parse_unconditional() {
  ExprPtr left = parse_and();
  while (skip_name("or")) left = make_binary(ExprKind::kOr, BinaryOp::kAdd, std::move(left), parse_and());
  return left;
}

ExprPtr Parser::parse_and() {
  ExprPtr left = parse_not();
  while (skip_name("and")) left = make_binary(ExprKind::kAnd, BinaryOp::kAdd, std::move(left), parse_not());
  return left;
}

ExprPtr Parser::parse_not() {
  if (!current().is_name("not")) return parse_comparison();
  const Nesting nesting(*this);
  const int line = take().line;
  ExprPtr operand = parse_not();
  const Node* child = operand.get();
  return seal(std::make_unique<UnaryExpr>(ExprKind::kNot, std::move(operand)), line, {child});
}

std::optional<CompareOp> Parser::take_comparison() {
  constexpr std::pair<std::string_view, CompareOp> kSigns[] = {
      {"==", CompareOp::kEqual},     {"!=", CompareOp::kNotEqual}, {"<", CompareOp::kLess},
      {"<=", CompareOp::kLessEqual}, {">", CompareOp::kGreater},   {">=", CompareOp::kGreaterEqual},
  };
  for (const auto& [sign, op] : kSigns) {
    if (skip_operator(sign)) return op;
  }
  if (skip_name("in")) return CompareOp::kIn;
  if (current().is_name("not") && next().is_name("in")) {
    take();
    take();
    return CompareOp::kNotIn;
  }
  return std::nullopt;
}

ExprPtr Parser::parse_comparison() {
  const int line = current().line;
  ExprPtr first = parse_sum();
  auto op = take_comparison();
  if (!op) return first;
  auto node = std::make_unique<CompareExpr>();
  int below = first->depth;
  node->first = std::move(first);
  for (; op; op = take_comparison()) {
    node->rest.emplace_back(*op, parse_sum());
    below = std::max(below, node->rest.back().second->depth);
  }
  seal_node(*node, line, below);
  return node;
}

ExprPtr Parser::parse_sum() {
  ExprPtr left = parse_concatenation();
  for (;;) {
    if (skip_operator("+")) {
      left = make_binary(ExprKind::kBinary, BinaryOp::kAdd, std::move(left), parse_concatenation());
    } else if (skip_operator("-")) {
      left = make_binary(ExprKind::kBinary, BinaryOp::kSubtract, std::move(left), parse_concatenation());
    } else {
      return left;
    }
  }
}

ExprPtr Parser::parse_concatenation() {
  const int line = current().line;
  ExprPtr first = parse_product();
  if (!current().is_operator("~")) return first;
  auto node = std::make_unique<ConcatExpr>();
  node->parts.push_back(std::move(first));
  while (skip_operator("~")) node->parts.push_back(parse_product());
  seal_node(*node, line, depth_of(node->parts));
  return node;
}

ExprPtr Parser::parse_product() {
  constexpr std::pair<std::string_view, BinaryOp> kSigns[] = {
      {"*", BinaryOp::kMultiply}, {"/", BinaryOp::kDivide}, {"//", BinaryOp::kFloorDivide}, {"%", BinaryOp::kModulo}};
  ExprPtr left = parse_power();
  for (;;) {
    const auto* sign = std::ranges::find_if(kSigns, [&](const auto& row) { return current().is_operator(row.first); });
    if (sign == std::end(kSigns)) return left;
    take();
    left = make_binary(ExprKind::kBinary, sign->second, std::move(left), parse_power());
  }
}

ExprPtr Parser::parse_power() {
  ExprPtr left = parse_unary(true);
  while (skip_operator("**"))
    left = make_binary(ExprKind::kBinary, BinaryOp::kPower, std::move(left), parse_unary(true));
  return left;
}

ExprPtr Parser::parse_unary(bool with_filters) {
  const int line = current().line;
  ExprPtr expr;
  if (current().is_operator("-") || current().is_operator("+")) {
    const Nesting nesting(*this);
    const ExprKind kind = take().text == "-" ? ExprKind::kNegate : ExprKind::kPlus;
    ExprPtr operand = parse_unary(false);
    const Node* child = operand.get();
    expr = seal(std::make_unique<UnaryExpr>(kind, std::move(operand)), line, {child});
  } else {
    expr = parse_primary();
  }
  expr = parse_postfix(std::move(expr));
  return with_filters ? parse_filters(std::move(expr)) : std::move(expr);
}

ExprPtr Parser::parse_primary() {
  switch (current().kind) {
    case TokenKind::kName:
      return parse_constant_or_name();
    case TokenKind::kString:
      return parse_strings();
    case TokenKind::kInteger:
    case TokenKind::kFloat:
      return parse_number();
    default:
      break;
  }
  if (current().is_operator("[")) return parse_list();
  if (current().is_operator("{")) return parse_dict();
  if (!skip_operator("(")) fail_unexpected("an expression");
  ExprPtr inner = parse_tuple(true, {}, true);
  expect_operator(")");
  return inner;
}

ExprPtr Parser::parse_constant_or_name() {
  const Token& token = take();
  const auto constant = [&](Value value) { return seal(std::make_unique<ConstantExpr>(std::move(value)), token.line); };
  if (token.text == "true" || token.text == "True") return constant(true);
  if (token.text == "false" || token.text == "False") return constant(false);
  if (token.text == "none" || token.text == "None") return constant(Value::none());
  note_use(token.text);
  return seal(std::make_unique<NameExpr>(intern(token.text)), token.line);
}

ExprPtr Parser::parse_strings() {
  const int line = current().line;
  std::string text;
  while (current().kind == TokenKind::kString) text += unescape(take());
  return seal(std::make_unique<ConstantExpr>(make_text(std::move(text), true)), line);
}

ExprPtr Parser::parse_number() {
  const Token& token = take();
  std::string digits(token.text);
  std::erase(digits, '_');
  const char *begin = digits.data(), *end = begin + digits.size();
  if (token.kind == TokenKind::kFloat) {
    double value = 0;
    if (std::from_chars(begin, end, value).ec != std::errc()) {
      fail_syntax(token.line, fmt::format("the number {} is out of range", shorten(token.text)));
    }
    return seal(std::make_unique<ConstantExpr>(value), token.line);
  }
  const char prefix = digits.size() > 1 && digits[0] == '0' ? static_cast<char>(digits[1] | 0x20) : '\0';
  const int base = prefix == 'x' ? 16 : prefix == 'o' ? 8 : prefix == 'b' ? 2 : 10;
  int64_t value = 0;
  if (std::from_chars(begin + (base == 10 ? 0 : 2), end, value, base).ec != std::errc()) {
    fail_syntax(token.line, fmt::format("the integer {} needs more than 64 bits", shorten(token.text)));
  }
  return seal(std::make_unique<ConstantExpr>(value), token.line);
}

ExprPtr Parser::parse_list() {
  const int line = take().line;
  auto node = std::make_unique<ListExpr>();
  while (!current().is_operator("]")) {
    if (!node->items.empty()) expect_operator(",");
    if (current().is_operator("]")) break;
    node->items.push_back(parse_expression());
  }
  take();
  seal_node(*node, line, depth_of(node->items));
  return node;
}

ExprPtr Parser::parse_dict() {
  const int line = take().line;
  auto node = std::make_unique<DictExpr>();
  int below = 0;
  while (!current().is_operator("}")) {
    if (!node->entries.empty()) expect_operator(",");
    if (current().is_operator("}")) break;
    ExprPtr key = parse_expression();
    expect_operator(":");
    ExprPtr value = parse_expression();
    below = std::max({below, key->depth, value->depth});
    node->entries.emplace_back(std::move(key), std::move(value));
  }
  take();
  seal_node(*node, line, below);
  return node;
}

/// One expression, or several with commas between them: a tuple. `end_name` is a word that may follow. Only parentheses
/// may hold no expression at all.
ExprPtr Parser::parse_tuple(bool conditional, std::string_view end_name, bool in_parentheses) {
  const int line = current().line;
  const auto at_end = [&] {
    return current().kind == TokenKind::kBlockEnd || current().kind == TokenKind::kVariableEnd ||
           current().is_operator(")") || (!end_name.empty() && current().is_name(end_name));
  };
  auto tuple = std::make_unique<ListExpr>();
  tuple->is_tuple = true;
  bool has_comma = false;
  while (!at_end()) {
    tuple->items.push_back(conditional ? parse_expression() : parse_unconditional());
    if (!skip_operator(",")) break;
    has_comma = true;
  }
  if (!has_comma && !tuple->items.empty()) return std::move(tuple->items.front());
  if (tuple->items.empty() && !in_parentheses) fail_unexpected("an expression");
  seal_node(*tuple, line, depth_of(tuple->items));
  return tuple;
}

}  // namespace aurea::templates
