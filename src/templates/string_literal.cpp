// Escapes of string literals: those of Python's str, without \N{NAME}.
#include "core/utf8.h"
#include "templates/lexer.h"
#include "templates/meter.h"

namespace aurea::templates {
namespace {

class Unescaper {
 public:
  Unescaper(std::string_view text, int line) : text_(text), line_(line) {}

  std::string run() {
    while (at_ < text_.size()) {
      if (text_[at_] == '\\') {
        read_escape();
      } else {
        put_byte(text_[at_++]);
      }
    }
    flush_surrogate();
    return std::move(out_);
  }

 private:
  void put_byte(char c) {
    flush_surrogate();
    out_ += c;
  }

  void read_escape() {
    const char c = text_[at_ + 1];  // a literal does not end in a backslash: it would have escaped the quote
    at_ += 2;
    constexpr std::string_view kLetters = "ntr\\'\"abfv", kValues = "\n\t\r\\'\"\a\b\f\v";
    if (const size_t simple = kLetters.find(c); simple != std::string_view::npos) return put_byte(kValues[simple]);
    if (c == '\n') return;
    if (c == 'x') return put(read_digits(2, 2, 16));
    if (c == 'u') return put(read_digits(4, 4, 16));
    if (c == 'U') return put(read_digits(8, 8, 16));
    if (c >= '0' && c <= '7') {
      --at_;
      return put(read_digits(1, 3, 8));
    }
    put_byte('\\');
    put_byte(c);
  }

  char32_t read_digits(int least, int most, char32_t base) {
    char32_t value = 0;
    int count = 0;
    for (; count < most && at_ < text_.size(); ++count, ++at_) {
      const char c = text_[at_], lower = static_cast<char>(c | 0x20);
      const char32_t digit = c >= '0' && c <= '9'           ? static_cast<char32_t>(c - '0')
                             : lower >= 'a' && lower <= 'f' ? static_cast<char32_t>(lower - 'a' + 10)
                                                            : base;
      if (digit >= base) break;
      value = value * base + digit;
    }
    if (count < least) fail_syntax(line_, "an escape in a string has too few digits");
    return value;
  }

  /// Two surrogates in a row are one character; a single one has no form in UTF-8.
  void put(char32_t c) {
    if (high_ != 0 && c >= 0xDC00 && c <= 0xDFFF) {
      append_utf8(out_, 0x10000 + ((high_ - 0xD800) << 10) + (c - 0xDC00));
      high_ = 0;
      return;
    }
    flush_surrogate();
    if (c >= 0xD800 && c <= 0xDBFF) {
      high_ = c;
      return;
    }
    if (c > 0x10FFFF || (c >= 0xDC00 && c <= 0xDFFF)) fail_syntax(line_, "an escape in a string is no character");
    append_utf8(out_, c);
  }

  void flush_surrogate() {
    if (high_ != 0) fail_syntax(line_, "an escape in a string is half a character");
  }

  std::string_view text_;
  int line_;
  size_t at_ = 0;
  char32_t high_ = 0;  // a high surrogate that waits for its low one
  std::string out_;
};

}  // namespace

std::string unescape(const Token& token) {
  return Unescaper(token.text.substr(1, token.text.size() - 2), token.line).run();
}

}  // namespace aurea::templates
