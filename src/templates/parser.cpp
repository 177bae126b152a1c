#include "templates/parser.h"

#include <algorithm>

namespace aurea::templates {
namespace {

std::string describe(const Token& token) {
  switch (token.kind) {
    case TokenKind::kEnd:
      return "the end of the template";
    case TokenKind::kBlockEnd:
      return "the end of the tag";
    case TokenKind::kVariableEnd:
      return "the end of the expression";
    default:
      return fmt::format("'{}'", shorten(token.text));
  }
}

}  // namespace

Program parse_template(std::string_view source, const Limits& limits) {
  Lexer lexer(source, limits);
  return Parser(lexer.run(), limits).run();
}

Parser::Nesting::Nesting(Parser& parser) : parser_(parser) {
  if (parser.nesting_ >= parser.limits_.nesting) {
    fail_syntax(parser.current().line, fmt::format("nested deeper than {} levels", parser.limits_.nesting));
  }
  ++parser.nesting_;
}

void Parser::seal_node(Node& node, int line, int below) {
  if (++nodes_ > limits_.nodes) fail_syntax(line, fmt::format("the template has more than {} nodes", limits_.nodes));
  if (below >= limits_.nesting) fail_syntax(line, fmt::format("nested deeper than {} levels", limits_.nesting));
  node.line = line;
  node.depth = below + 1;
}

int Parser::depth_of(const Body& body) {
  int depth = 0;
  for (const StmtPtr& stmt : body) depth = std::max(depth, stmt->depth);
  return depth;
}

int Parser::depth_of(const std::vector<ExprPtr>& items) {
  int depth = 0;
  for (const ExprPtr& item : items) depth = std::max(depth, item->depth);
  return depth;
}

int Parser::depth_of(const CallArguments& arguments) {
  int depth = depth_of(arguments.positional);
  for (const auto& [name, value] : arguments.keyword) depth = std::max(depth, value->depth);
  for (const ExprPtr* star : {&arguments.star, &arguments.double_star}) {
    if (*star != nullptr) depth = std::max(depth, (*star)->depth);
  }
  return depth;
}

bool Parser::skip_operator(std::string_view sign) {
  if (!current().is_operator(sign)) return false;
  take();
  return true;
}

bool Parser::skip_name(std::string_view name) {
  if (!current().is_name(name)) return false;
  take();
  return true;
}

void Parser::expect_operator(std::string_view sign) {
  if (!skip_operator(sign)) fail_unexpected(fmt::format("'{}'", sign));
}

std::string_view Parser::expect_name() {
  if (current().kind != TokenKind::kName) fail_unexpected("a name");
  return take().text;
}

void Parser::expect_block_end() {
  if (current().kind != TokenKind::kBlockEnd) fail_unexpected("the end of the tag");
  take();
}

void Parser::fail_unexpected(std::string_view expected) {
  fail_syntax(current().line, fmt::format("expected {}, found {}", expected, describe(current())));
}

NameId Parser::intern(std::string_view name) {
  const auto [at, is_new] = program_.ids.try_emplace(std::string(name), static_cast<NameId>(program_.names.size()));
  if (is_new) program_.names.emplace_back(name);
  return at->second;
}

/// A macro takes further arguments, or a caller, only if its body mentions them.
void Parser::note_use(std::string_view name) {
  for (MacroDefinition* macro : macros_) {
    if (name == "varargs") macro->uses_varargs = true;
    if (name == "kwargs") macro->uses_kwargs = true;
    if (name == "caller") macro->uses_caller = true;
  }
}

Program Parser::run() {
  program_.body = parse_body({});
  if (!unknown_.empty()) fail_syntax(unknown_.front().line, unknown_.front().message);
  return std::move(program_);
}

}  // namespace aurea::templates
