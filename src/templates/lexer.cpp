#include "templates/lexer.h"

#include <algorithm>

#include "core/utf8.h"
#include "templates/meter.h"
#include "templates/unicode.h"

namespace aurea::templates {
namespace {

/// \r\n and \r become \n; one newline at the end is dropped.
std::string normalized(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] != '\r') {
      out += source[i];
      continue;
    }
    out += '\n';
    if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
  }
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

bool is_sign(char c) { return c == '-' || c == '+'; }

}  // namespace

void fail_syntax(int line, const std::string& message) {
  throw TemplateError(fmt::format("chat template, line {}: {}", line, sanitize_utf8(message)), false);
}

Lexer::Lexer(std::string_view source, const Limits& limits) : max_tokens_(10 * limits.nodes) {
  if (source.size() > limits.source_bytes) {
    fail_template("chat template: {} bytes, more than the limit of {}", source.size(), limits.source_bytes);
  }
  if (!is_valid_utf8(source)) fail_template("chat template: not valid UTF-8");
  source_ = normalized(source);
}

std::vector<Token> Lexer::run() {
  while (at_ < source_.size()) read_data();
  push(TokenKind::kEnd, {});
  return std::move(tokens_);
}

void Lexer::advance(size_t to) {
  line_ += static_cast<int>(
      std::count(source_.begin() + static_cast<ptrdiff_t>(at_), source_.begin() + static_cast<ptrdiff_t>(to), '\n'));
  at_ = to;
}

void Lexer::push(TokenKind kind, std::string_view text) {
  if (tokens_.size() >= max_tokens_) fail_syntax(line_, "the template has too many parts");
  tokens_.push_back({kind, line_, text});
}

size_t Lexer::skip_space(size_t at) const {
  while (at < source_.size()) {
    const CodePoint point = decode_utf8(source_, at);
    if (!is_space(point.value)) break;
    at += point.bytes;
  }
  return at;
}

/// The text before a tag. `sign` is the one behind the tag's opening delimiter.
void Lexer::push_data(size_t begin, size_t end, char sign, bool lstrip) {
  std::string_view text(source_.data() + begin, end - begin);
  if (sign == '-') {
    text = text.substr(0, strip_range(text, nullptr, false, true).end);
  } else if (lstrip && sign != '+') {
    const size_t newline = text.rfind('\n');
    const size_t line_start = newline == std::string_view::npos ? 0 : newline + 1;
    const std::string_view line = text.substr(line_start);
    const bool starts_line = newline != std::string_view::npos || at_line_start_;
    if (starts_line && strip_range(line, nullptr, true, false).begin == line.size()) text = text.substr(0, line_start);
  }
  if (!text.empty()) push(TokenKind::kData, text);
}

void Lexer::read_data() {
  const size_t begin = at_;
  size_t tag = begin;
  for (;; ++tag) {
    tag = source_.find('{', tag);
    if (tag == std::string::npos || tag + 1 >= source_.size()) {
      push(TokenKind::kData, std::string_view(source_).substr(begin));
      return advance(source_.size());
    }
    const char next = source_[tag + 1];
    if (next == '%' || next == '{' || next == '#') break;
  }
  const char kind = source_[tag + 1], sign = tag + 2 < source_.size() ? source_[tag + 2] : '\0';
  push_data(begin, tag, sign, kind != '{');
  at_line_start_ = false;
  advance(tag);
  if (kind == '#') return read_comment();
  if (kind == '%' && read_raw(tag)) return;
  push(kind == '%' ? TokenKind::kBlockBegin : TokenKind::kVariableBegin, {});
  advance(tag + 2 + (is_sign(sign) ? 1 : 0));
  if (kind == '%') return read_tag(TokenKind::kBlockBegin, TokenKind::kBlockEnd);
  read_tag(TokenKind::kVariableBegin, TokenKind::kVariableEnd);
}

/// Moves behind a closing delimiter that ends before `after`, with its sign (if any) at `sign_at`: - takes the
/// whitespace that follows, + nothing, no sign one newline.
void Lexer::end_tag(size_t sign_at, size_t after) {
  const char sign = source_[sign_at];
  size_t to = after;
  if (sign == '-') {
    to = skip_space(after);
  } else if (sign != '+' && to < source_.size() && source_[to] == '\n') {
    ++to;
  }
  at_line_start_ = to > after && source_[to - 1] == '\n';
  advance(to);
}

void Lexer::read_comment() {
  const size_t body = at_ + 2 + (is_sign(peek(2)) ? 1 : 0);
  const size_t close = source_.find("#}", body);
  if (close == std::string::npos) fail_syntax(line_, "a comment has no end");
  end_tag(close > body ? close - 1 : close, close + 2);
}

/// {% raw %} ... {% endraw %}: true if the tag at `tag` is one.
bool Lexer::read_raw(size_t tag) {
  const auto match = [&](size_t at, std::string_view name) -> size_t {  // position behind the name, or npos
    at += 2;
    if (at < source_.size() && is_sign(source_[at])) ++at;
    at = skip_space(at);
    if (source_.compare(at, name.size(), name) != 0) return std::string::npos;
    return skip_space(at + name.size());
  };
  const size_t opened = match(tag, "raw");
  if (opened == std::string::npos) return false;
  size_t begin;
  if (source_.compare(opened, 2, "%}") == 0) {
    begin = opened + 2;
  } else if (source_.compare(opened, 3, "-%}") == 0) {
    begin = skip_space(opened + 3);
  } else {
    return false;
  }
  for (size_t end = source_.find("{%", begin); end != std::string::npos; end = source_.find("{%", end + 2)) {
    const size_t closed = match(end, "endraw");
    if (closed == std::string::npos) continue;
    const size_t signs = closed < source_.size() && is_sign(source_[closed]) ? 1 : 0;
    if (source_.compare(closed + signs, 2, "%}") != 0) continue;
    advance(begin);
    push_data(begin, end, source_[end + 2], true);
    end_tag(closed, closed + signs + 2);
    return true;
  }
  fail_syntax(line_, "a raw block has no end");
}

void Lexer::read_tag(TokenKind begin, TokenKind end) {
  const int opened = line_;
  brackets_.clear();
  for (;;) {
    advance(skip_space(at_));
    if (at_ >= source_.size()) {
      fail_syntax(opened, begin == TokenKind::kBlockBegin ? "a {% tag has no end" : "a {{ tag has no end");
    }
    if (brackets_.empty() && read_tag_end(end)) return;
    read_expression_token();
  }
}

bool Lexer::read_tag_end(TokenKind end) {
  const bool block = end == TokenKind::kBlockEnd;
  const std::string_view delimiter = block ? "%}" : "}}";
  const size_t signs = peek() == '-' || (block && peek() == '+') ? 1 : 0;
  if (source_.compare(at_ + signs, 2, delimiter) != 0) return false;
  push(end, {});
  const size_t after = at_ + signs + 2;
  if (block) {
    end_tag(at_, after);
  } else {  // no newline is taken after a variable
    const bool takes_space = signs != 0;
    advance(takes_space ? skip_space(after) : after);
    at_line_start_ = false;
  }
  return true;
}

void Lexer::read_expression_token() {
  const char c = peek();
  TokenKind kind = TokenKind::kOperator;
  std::string_view text;
  if (c == '"' || c == '\'') {
    kind = TokenKind::kString;
    text = read_string();
  } else if (is_ascii_digit(static_cast<unsigned char>(c))) {
    text = read_number(&kind);
  } else if (!(text = read_name()).empty()) {
    kind = TokenKind::kName;
  } else {
    text = read_operator();
  }
  push(kind, text);
  advance(at_ + text.size());
}

std::string_view Lexer::read_string() {
  const char quote = peek();
  for (size_t end = at_ + 1; end < source_.size(); ++end) {
    if (source_[end] == '\\') {
      ++end;
    } else if (source_[end] == quote) {
      return std::string_view(source_).substr(at_, end + 1 - at_);
    }
  }
  fail_syntax(line_, "a string has no end");
}

std::string_view Lexer::read_name() {
  size_t end = at_;
  while (end < source_.size()) {
    const CodePoint point = decode_utf8(source_, end);
    if (!is_word(point.value)) break;
    end += point.bytes;
  }
  return std::string_view(source_).substr(at_, end - at_);
}

std::string_view Lexer::read_number(TokenKind* kind) {
  const auto digits = [&](size_t at, const auto& is_digit) {  // digits with single underscores between them
    size_t end = at;
    while (end < source_.size()) {
      if (is_digit(source_[end])) {
        ++end;
      } else if (source_[end] == '_' && end > at && end + 1 < source_.size() && is_digit(source_[end + 1])) {
        end += 2;
      } else {
        break;
      }
    }
    return end;
  };
  const auto decimal = [](char c) { return c >= '0' && c <= '9'; };
  const auto hex = [&](char c) { return decimal(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); };
  const auto token = [&](TokenKind k, size_t end) {
    *kind = k;
    return std::string_view(source_).substr(at_, end - at_);
  };
  const char prefix = peek() == '0' ? static_cast<char>(peek(1) | 0x20) : '\0';
  if (prefix == 'x' || prefix == 'o' || prefix == 'b') {
    const size_t start = at_ + 2 + (peek(2) == '_' ? 1 : 0);
    const size_t end = prefix == 'x'
                           ? digits(start, hex)
                           : digits(start, [&](char c) { return c >= '0' && c <= (prefix == 'o' ? '7' : '1'); });
    if (end > start) return token(TokenKind::kInteger, end);
  }
  size_t end = digits(at_, decimal);
  const size_t whole = end;
  const bool after_dot = at_ > 0 && source_[at_ - 1] == '.';  // x.0.1 is x[0][1]
  if (!after_dot && end + 1 < source_.size() && source_[end] == '.' && decimal(source_[end + 1])) {
    end = digits(end + 1, decimal);
  }
  if (!after_dot && end < source_.size() && (source_[end] | 0x20) == 'e') {
    const size_t start = end + 1 + (end + 1 < source_.size() && is_sign(source_[end + 1]) ? 1 : 0);
    const size_t exponent = digits(start, decimal);
    if (exponent > start) end = exponent;
  }
  if (end > whole) return token(TokenKind::kFloat, end);
  const bool leading_zero = source_[at_] == '0' && whole > at_ + 1;
  if (leading_zero &&
      std::any_of(source_.begin() + static_cast<ptrdiff_t>(at_), source_.begin() + static_cast<ptrdiff_t>(whole),
                  [](char c) { return c != '0' && c != '_'; })) {
    fail_syntax(line_, "a decimal number may not begin with 0");
  }
  return token(TokenKind::kInteger, whole);
}

std::string_view Lexer::read_operator() {
  constexpr std::string_view kOperators[] = {"//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[",
                                             "]",  "(",  ")",  "{",  "}",  ">",  "<", "=", ".", ":", "|", ",", ";"};
  const auto* found = std::ranges::find_if(kOperators, [&](std::string_view sign) { return starts_with(sign); });
  if (found == std::end(kOperators)) {
    const CodePoint point = decode_utf8(source_, at_);
    fail_syntax(line_, fmt::format("unexpected character '{}'", source_.substr(at_, point.bytes)));
  }
  const char c = found->front();
  if (c == '(' || c == '[' || c == '{') {
    brackets_ += c == '(' ? ')' : c == '[' ? ']' : '}';
  } else if (c == ')' || c == ']' || c == '}') {
    if (brackets_.empty() || brackets_.back() != c) fail_syntax(line_, fmt::format("unexpected '{}'", c));
    brackets_.pop_back();
  }
  return *found;
}

}  // namespace aurea::templates
