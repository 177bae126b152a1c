// Tokens into a tree. Statements are in statement_parser.cpp, expressions in expression_parser.cpp, what follows an
// operand in postfix_parser.cpp, what all of them share in parser.cpp.
#pragma once

#include <string_view>

#include "templates/ast.h"
#include "templates/lexer.h"

namespace aurea::templates {

/// Throws TemplateError with a line.
Program parse_template(std::string_view source, const Limits& limits);

class Parser {
 public:
  Parser(std::vector<Token> tokens, const Limits& limits) : tokens_(std::move(tokens)), limits_(limits) {}
  Program run();

 private:
  // statement_parser.cpp
  Body parse_body(std::initializer_list<std::string_view> end_tags);
  StmtPtr parse_statement();
  StmtPtr parse_if();
  StmtPtr parse_for();
  StmtPtr parse_set();
  StmtPtr parse_macro();
  StmtPtr parse_call_block();
  StmtPtr parse_filter_block();
  StmtPtr parse_with();
  StmtPtr parse_block();
  StmtPtr parse_generation();
  StmtPtr parse_loop_control(StmtKind kind);
  StmtPtr parse_loader_tag();
  void parse_parameters(MacroDefinition& macro);
  void parse_macro_body(MacroDefinition& macro, std::string_view end_tag);
  Body parse_scope_body(std::string_view end_tag);
  ExprPtr parse_filter_chain();
  Target parse_target(bool allow_attributes, bool allow_tuple);
  Target parse_single_target(bool allow_attributes);

  // expression_parser.cpp
  ExprPtr parse_expression();
  ExprPtr parse_unconditional();
  ExprPtr parse_and();
  ExprPtr parse_not();
  ExprPtr parse_comparison();
  std::optional<CompareOp> take_comparison();
  ExprPtr parse_sum();
  ExprPtr parse_concatenation();
  ExprPtr parse_product();
  ExprPtr parse_power();
  ExprPtr parse_unary(bool with_filters);
  ExprPtr parse_primary();
  ExprPtr parse_constant_or_name();
  ExprPtr parse_list();
  ExprPtr parse_dict();
  ExprPtr parse_number();
  ExprPtr parse_strings();
  ExprPtr parse_tuple(bool conditional, std::string_view end_name = {}, bool in_parentheses = false);
  ExprPtr make_binary(ExprKind kind, BinaryOp op, ExprPtr left, ExprPtr right);

  // postfix_parser.cpp
  ExprPtr parse_postfix(ExprPtr expr);
  ExprPtr parse_filters(ExprPtr expr);
  ExprPtr parse_filter(ExprPtr input);
  ExprPtr parse_test(ExprPtr input);
  ExprPtr parse_attribute(ExprPtr object);
  ExprPtr parse_subscript(ExprPtr object);
  ExprPtr parse_call(ExprPtr function);
  CallArguments parse_arguments();

  [[nodiscard]] const Token& current() const { return tokens_[at_]; }
  [[nodiscard]] const Token& next() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  const Token& take() { return at_ + 1 < tokens_.size() ? tokens_[at_++] : tokens_[at_]; }
  bool skip_operator(std::string_view sign);
  bool skip_name(std::string_view name);
  void expect_operator(std::string_view sign);
  std::string_view expect_name();
  void expect_block_end();
  [[noreturn]] void fail_unexpected(std::string_view expected);

  NameId intern(std::string_view name);
  void note_use(std::string_view name);

  /// Counts a new node and gives it its line and depth; fails above the limits. Every node passes here once its
  /// children are in place.
  template <typename T>
  std::unique_ptr<T> seal(std::unique_ptr<T> node, int line, std::initializer_list<const Node*> children = {}) {
    int below = 0;
    for (const Node* child : children) below = std::max(below, child == nullptr ? 0 : child->depth);
    seal_node(*node, line, below);
    return node;
  }
  void seal_node(Node& node, int line, int below);
  static int depth_of(const Body& body);
  static int depth_of(const std::vector<ExprPtr>& items);
  static int depth_of(const CallArguments& arguments);

  std::vector<Token> tokens_;
  size_t at_ = 0;
  Limits limits_;
  Program program_;
  size_t nodes_ = 0;
  int nesting_ = 0;  // of the recursion that parses, see Nesting
  int loops_ = 0;    // for loops around this place, up to the next macro or block

  struct UnknownName {
    int line;
    std::string message;
  };
  /// Filters and tests that do not exist. They are an error unless they turn out to stand in a branch that may never
  /// run.
  std::vector<UnknownName> unknown_;
  std::vector<MacroDefinition*> macros_;  // definitions around this place
  std::vector<std::string> blocks_;       // names of {% block %}

  /// Bounds the parser's recursion while it lives.
  class Nesting {
   public:
    explicit Nesting(Parser& parser);
    ~Nesting() { --parser_.nesting_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;

   private:
    Parser& parser_;
  };
};

}  // namespace aurea::templates
