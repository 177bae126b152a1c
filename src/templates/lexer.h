// Template source into tokens. Whitespace control happens here: trim_blocks and lstrip_blocks are on, - and + inside
// delimiters override them, one newline at the end of the source is dropped, all newlines become \n.
// Specification: Jinja 3.1, "Template Designer Documentation", set up as Hugging Face transformers sets it up.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "templates/chat_template.h"

namespace aurea::templates {

enum class TokenKind : uint8_t {
  kData,           // text to print as it is
  kBlockBegin,     // {%
  kBlockEnd,       // %}
  kVariableBegin,  // {{
  kVariableEnd,    // }}
  kName,
  kString,  // with its quotes and escapes
  kInteger,
  kFloat,
  kOperator,
  kEnd,
};

struct Token {
  TokenKind kind;
  int line;
  std::string_view text;  // into the lexer's source

  [[nodiscard]] bool is(TokenKind other, std::string_view other_text) const {
    return kind == other && text == other_text;
  }
  [[nodiscard]] bool is_operator(std::string_view sign) const { return is(TokenKind::kOperator, sign); }
  [[nodiscard]] bool is_name(std::string_view name) const { return is(TokenKind::kName, name); }
};

/// A syntax error at a line of the source.
[[noreturn]] void fail_syntax(int line, const std::string& message);

class Lexer {
 public:
  /// Fails on source that is too long or not UTF-8.
  Lexer(std::string_view source, const Limits& limits);
  Lexer(const Lexer&) = delete;
  Lexer& operator=(const Lexer&) = delete;

  /// All tokens, the last of kind kEnd. They point into this lexer.
  std::vector<Token> run();

 private:
  void read_data();
  void read_comment();
  bool read_raw(size_t tag);
  void read_tag(TokenKind begin, TokenKind end);
  bool read_tag_end(TokenKind end);
  void read_expression_token();
  std::string_view read_string();
  std::string_view read_number(TokenKind* kind);
  std::string_view read_name();
  std::string_view read_operator();

  [[nodiscard]] bool starts_with(std::string_view text) const { return source_.compare(at_, text.size(), text) == 0; }
  [[nodiscard]] char peek(size_t ahead = 0) const { return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0'; }
  [[nodiscard]] size_t skip_space(size_t at) const;
  void advance(size_t to);
  void push(TokenKind kind, std::string_view text);
  void push_data(size_t begin, size_t end, char sign, bool lstrip);
  void end_tag(size_t sign_at, size_t after);

  std::string source_;
  size_t max_tokens_;
  size_t at_ = 0;
  int line_ = 1;
  bool at_line_start_ = true;  // the last tag took the newline behind it with it (or nothing came yet)
  std::vector<Token> tokens_;
  std::string brackets_;  // the closing brackets that are awaited
};

/// The characters that a string token stands for.
std::string unescape(const Token& token);

}  // namespace aurea::templates
