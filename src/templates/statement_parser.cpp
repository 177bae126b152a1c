// Statements: tags with their bodies, up to their end tags. A body is parsed in a scope of its own where Jinja has one.
#include <algorithm>

#include "templates/parser.h"

namespace aurea::templates {
namespace {

std::string join_names(std::initializer_list<std::string_view> names) {
  std::string out;
  for (const std::string_view name : names) {
    if (!out.empty()) out += " or ";
    out += name;
  }
  return out;
}

bool is_reserved(std::string_view name) {
  constexpr std::string_view kReserved[] = {"true", "True", "false", "False", "none", "None"};
  return std::ranges::find(kReserved, name) != std::end(kReserved);
}

}  // namespace

/// Statements up to one of the end tags, whose name is the current token afterwards; to the end of the source if there
/// is none to look for.
Body Parser::parse_body(std::initializer_list<std::string_view> end_tags) {
  const Nesting nesting(*this);
  const int opened = current().line;
  Body body;
  for (;;) {
    const Token& token = current();
    switch (token.kind) {
      case TokenKind::kEnd:
        if (end_tags.size() == 0) return body;
        fail_syntax(token.line, fmt::format("the template ends, but the block opened in line {} needs {}", opened,
                                            join_names(end_tags)));
      case TokenKind::kData:
        body.push_back(seal(std::make_unique<TextStmt>(std::string(token.text)), token.line));
        take();
        break;
      case TokenKind::kVariableBegin: {
        take();
        ExprPtr value = parse_tuple(true);
        if (current().kind != TokenKind::kVariableEnd) fail_unexpected("the end of the expression");
        take();
        const Node* child = value.get();
        body.push_back(seal(std::make_unique<PrintStmt>(std::move(value)), token.line, {child}));
        break;
      }
      default:  // a block begin: nothing else stands outside of tags
        take();
        if (std::ranges::find(end_tags, current().text) != end_tags.end() && current().kind == TokenKind::kName)
          return body;
        body.push_back(parse_statement());
    }
  }
}

StmtPtr Parser::parse_statement() {
  struct Tag {
    std::string_view name;
    StmtPtr (Parser::*parse)();
  };
  static constexpr Tag kTags[] = {
      {"block", &Parser::parse_block},
      {"call", &Parser::parse_call_block},
      {"extends", &Parser::parse_loader_tag},
      {"filter", &Parser::parse_filter_block},
      {"for", &Parser::parse_for},
      {"from", &Parser::parse_loader_tag},
      {"generation", &Parser::parse_generation},
      {"if", &Parser::parse_if},
      {"import", &Parser::parse_loader_tag},
      {"include", &Parser::parse_loader_tag},
      {"macro", &Parser::parse_macro},
      {"set", &Parser::parse_set},
      {"with", &Parser::parse_with},
  };
  if (current().kind != TokenKind::kName) fail_unexpected("the name of a tag");
  const std::string_view name = current().text;
  if (name == "break") return parse_loop_control(StmtKind::kBreak);
  if (name == "continue") return parse_loop_control(StmtKind::kContinue);
  const auto* tag = std::ranges::find(kTags, name, &Tag::name);
  if (tag == std::end(kTags)) fail_syntax(current().line, fmt::format("unknown tag '{}'", shorten(name)));
  return (this->*tag->parse)();
}

StmtPtr Parser::parse_if() {
  const int line = take().line;
  auto node = std::make_unique<IfStmt>();
  const size_t unknown = unknown_.size();
  int below = 0;
  for (;;) {
    ExprPtr condition = parse_tuple(false);
    expect_block_end();
    Body body = parse_body({"elif", "else", "endif"});
    below = std::max({below, condition->depth, depth_of(body)});
    node->branches.emplace_back(std::move(condition), std::move(body));
    if (!skip_name("elif")) break;
  }
  if (skip_name("else")) {
    expect_block_end();
    node->otherwise = parse_body({"endif"});
  }
  take();
  expect_block_end();
  unknown_.resize(unknown);
  seal_node(*node, line, std::max(below, depth_of(node->otherwise)));
  return node;
}

StmtPtr Parser::parse_for() {
  const int line = take().line;
  auto node = std::make_unique<ForStmt>();
  node->target = parse_target(false, true);
  if (!skip_name("in")) fail_unexpected("'in'");
  node->items = parse_tuple(false, "recursive");
  if (skip_name("if")) node->condition = parse_expression();
  node->recursive = skip_name("recursive");
  expect_block_end();
  ++loops_;
  node->body = parse_body({"endfor", "else"});
  --loops_;
  if (skip_name("else")) {
    expect_block_end();
    node->otherwise = parse_body({"endfor"});
  }
  take();
  expect_block_end();
  seal_node(*node, line,
            std::max({node->items->depth, node->condition == nullptr ? 0 : node->condition->depth, depth_of(node->body),
                      depth_of(node->otherwise)}));
  return node;
}

StmtPtr Parser::parse_set() {
  const int line = take().line;
  Target target = parse_target(true, true);
  if (skip_operator("=")) {
    auto node = std::make_unique<SetStmt>();
    node->target = std::move(target);
    node->value = parse_tuple(true);
    expect_block_end();
    const Node* value = node->value.get();
    return seal(std::move(node), line, {value});
  }
  auto node = std::make_unique<SetBlockStmt>();
  node->target = std::move(target);
  if (skip_operator("|")) node->filter = parse_filter_chain();
  expect_block_end();
  node->body = parse_scope_body("endset");
  seal_node(*node, line, std::max(node->filter == nullptr ? 0 : node->filter->depth, depth_of(node->body)));
  return node;
}

/// name | name(...) | ... of a block's text: the innermost input is null.
ExprPtr Parser::parse_filter_chain() {
  ExprPtr chain = parse_filter(nullptr);
  while (skip_operator("|")) chain = parse_filter(std::move(chain));
  return chain;
}

/// The body of a block, with its end tag.
Body Parser::parse_scope_body(std::string_view end_tag) {
  Body body = parse_body({end_tag});
  take();
  expect_block_end();
  return body;
}

StmtPtr Parser::parse_macro() {
  const int line = take().line;
  auto node = std::make_unique<MacroStmt>();
  const std::string_view name = expect_name();
  if (is_reserved(name)) fail_syntax(line, fmt::format("'{}' cannot be the name of a macro", name));
  node->id = intern(name);
  node->definition.name = name;
  node->definition.line = line;
  parse_parameters(node->definition);
  expect_block_end();
  parse_macro_body(node->definition, "endmacro");
  int below = depth_of(node->definition.body);
  for (const auto& [id, value] : node->definition.parameters)
    below = std::max(below, value == nullptr ? 0 : value->depth);
  seal_node(*node, line, below);
  return node;
}

/// (name, name=default, ...)
void Parser::parse_parameters(MacroDefinition& macro) {
  expect_operator("(");
  while (!current().is_operator(")")) {
    if (!macro.parameters.empty()) expect_operator(",");
    Target target = parse_single_target(false);
    ExprPtr value = skip_operator("=") ? parse_expression() : nullptr;
    if (value == nullptr && !macro.parameters.empty() && macro.parameters.back().second != nullptr) {
      fail_syntax(current().line, "a parameter without a default follows one with a default");
    }
    macro.parameters.emplace_back(target.id, std::move(value));
  }
  take();
}

void Parser::parse_macro_body(MacroDefinition& macro, std::string_view end_tag) {
  const int loops = std::exchange(loops_, 0);  // a macro's body is not inside the loops around it
  macros_.push_back(&macro);
  macro.body = parse_scope_body(end_tag);
  macros_.pop_back();
  loops_ = loops;
}

StmtPtr Parser::parse_call_block() {
  const int line = take().line;
  auto node = std::make_unique<CallBlockStmt>();
  node->caller.name = "caller";
  node->caller.line = line;
  if (current().is_operator("(")) parse_parameters(node->caller);
  ExprPtr call = parse_expression();
  if (call->kind != ExprKind::kCall) fail_syntax(line, "a call block needs a call");
  node->call.reset(static_cast<CallExpr*>(call.release()));
  expect_block_end();
  parse_macro_body(node->caller, "endcall");
  int below = std::max(node->call->depth, depth_of(node->caller.body));
  for (const auto& [id, value] : node->caller.parameters) below = std::max(below, value == nullptr ? 0 : value->depth);
  seal_node(*node, line, below);
  return node;
}

StmtPtr Parser::parse_filter_block() {
  const int line = take().line;
  auto node = std::make_unique<FilterBlockStmt>();
  node->filter = parse_filter_chain();
  expect_block_end();
  node->body = parse_scope_body("endfilter");
  seal_node(*node, line, std::max(node->filter->depth, depth_of(node->body)));
  return node;
}

StmtPtr Parser::parse_with() {
  const int line = take().line;
  auto node = std::make_unique<WithStmt>();
  int below = 0;
  while (current().kind != TokenKind::kBlockEnd) {
    if (!node->bindings.empty()) expect_operator(",");
    Target target = parse_target(false, false);
    expect_operator("=");
    ExprPtr value = parse_expression();
    below = std::max(below, value->depth);
    node->bindings.emplace_back(std::move(target), std::move(value));
  }
  take();
  node->body = parse_scope_body("endwith");
  seal_node(*node, line, std::max(below, depth_of(node->body)));
  return node;
}

StmtPtr Parser::parse_block() {
  const int line = take().line;
  auto node = std::make_unique<ScopeStmt>();
  const std::string name(expect_name());
  if (std::ranges::find(blocks_, name) != blocks_.end())
    fail_syntax(line, fmt::format("block '{}' is there twice", name));
  if (blocks_.size() >= 1000) fail_syntax(line, "more than 1000 named blocks");  // they are searched one by one
  blocks_.push_back(name);
  node->sees_surroundings = skip_name("scoped");
  skip_name("required");
  expect_block_end();
  const int loops = std::exchange(loops_, 0);
  node->body = parse_body({"endblock"});
  loops_ = loops;
  take();
  skip_name(name);
  expect_block_end();
  seal_node(*node, line, depth_of(node->body));
  return node;
}

StmtPtr Parser::parse_generation() {
  const int line = take().line;
  expect_block_end();
  auto node = std::make_unique<ScopeStmt>();
  const int loops = std::exchange(loops_, 0);
  node->body = parse_scope_body("endgeneration");
  loops_ = loops;
  seal_node(*node, line, depth_of(node->body));
  return node;
}

StmtPtr Parser::parse_loop_control(StmtKind kind) {
  const Token& token = take();
  if (loops_ == 0) fail_syntax(token.line, fmt::format("'{}' outside of a loop", token.text));
  expect_block_end();
  return seal(std::make_unique<SimpleStmt>(kind), token.line);
}

/// include, import, from, extends: there is nothing they could load, which is an error only when they are reached.
StmtPtr Parser::parse_loader_tag() {
  const int line = take().line;
  parse_expression();
  while (current().kind == TokenKind::kName || current().is_operator(",")) take();
  expect_block_end();
  return seal(std::make_unique<SimpleStmt>(StmtKind::kNoLoader), line);
}

Target Parser::parse_target(bool allow_attributes, bool allow_tuple) {
  const Nesting nesting(*this);
  Target first;
  if (skip_operator("(")) {
    first = parse_target(allow_attributes, true);
    expect_operator(")");
  } else {
    first = parse_single_target(allow_attributes);
  }
  if (!allow_tuple || !current().is_operator(",")) return first;
  Target tuple;
  tuple.kind = Target::Kind::kTuple;
  tuple.line = first.line;
  tuple.parts.push_back(std::move(first));
  while (skip_operator(",")) {
    if (current().kind != TokenKind::kName && !current().is_operator("(")) break;  // a comma may end it
    if (current().is_name("in")) break;
    tuple.parts.push_back(parse_target(allow_attributes, false));
  }
  return tuple;
}

Target Parser::parse_single_target(bool allow_attributes) {
  Target target;
  target.line = current().line;
  const std::string_view name = expect_name();
  if (is_reserved(name)) fail_syntax(target.line, fmt::format("'{}' cannot be assigned to", name));
  target.id = intern(name);
  if (allow_attributes && skip_operator(".")) {
    target.kind = Target::Kind::kAttribute;
    target.attribute = expect_name();
  }
  return target;
}

}  // namespace aurea::templates
