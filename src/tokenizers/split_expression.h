// One regular expression of a pre-tokenizer, compiled by PCRE2: cuts a text into its matches and what lies between
// them. Syntax and meaning are those of Hugging Face's tokenizers (Oniguruma) as far as pre-tokenizers use it; \s and
// \S are Unicode's White_Space there, which PCRE2 only has as a property.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace aurea::tokenizers {

class SplitExpression {
 public:
  /// `linear`: known to need a bounded number of steps per byte on any text; it is compiled to machine code and runs
  /// without limits. Any other expression is interpreted, with a budget proportional to the text for its steps and for
  /// how far it looks ahead. Throws kUnsupported, naming the expression, when it does not compile or has parts that
  /// mean something else to Oniguruma.
  SplitExpression(std::string_view pattern, bool linear);

  /// The pieces of each text (valid UTF-8) in order; joined they are the texts. Throws kUnsupported when the budget is
  /// used up or PCRE2 fails in another way.
  [[nodiscard]] std::vector<std::string_view> split(std::span<const std::string_view> texts) const;

 private:
  struct CodeDeleter {
    void operator()(void* code) const;
  };
  std::unique_ptr<void, CodeDeleter> code_;  // pcre2_code
  std::string pattern_;                      // as given, for messages
  bool linear_;
};

}  // namespace aurea::tokenizers
