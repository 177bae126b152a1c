// Chat templates: an interpreter for the part of Jinja that models' templates use, set up as Hugging Face transformers
// sets it up (trim_blocks, lstrip_blocks, loop controls, sandbox). A template arrives inside a model file and is not
// trusted: it can read its variables and nothing else, and every resource it could use up has a limit.
#pragma once

#include <cstdint>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/json.h"

namespace aurea::templates {

struct Limits {
  size_t source_bytes = 1 << 20;
  size_t nodes = 100'000;
  int nesting = 200;     // levels of expressions and blocks in the source
  int call_depth = 200;  // macros and recursive loops
  int64_t range_items = 100'000;
  uint64_t steps = 10'000'000;  // nodes evaluated, and 32-byte pieces of values read or written: seconds at the most
  size_t output_bytes = 16 << 20;
  size_t value_bytes = 16 << 20;  // one string or list, checked before it is allocated
};

/// The template called raise_exception(message), or failed in another way. what() is the message.
/// Both are kBadFile errors; `raised_by_template` tells a server that the message is meant for the client.
class TemplateError : public Error {
 public:
  TemplateError(std::string message, bool raised)
      : Error(ErrorCode::kBadFile, std::move(message)), raised_by_template(raised) {}
  bool raised_by_template;
};

/// A piece of rendered text and where it came from: the tokenizer looks for special tokens only in the template's own
/// text.
struct Span {
  std::string text;
  bool from_template = true;  // false: a value out of the variables (a message's content)
};

class ChatTemplate {
 public:
  /// Throws TemplateError on a syntax error, with its line.
  explicit ChatTemplate(std::string_view source, const Limits& limits = {});
  ~ChatTemplate();
  ChatTemplate(ChatTemplate&&) noexcept;
  ChatTemplate& operator=(ChatTemplate&&) noexcept;

  /// Renders with the variables of a JSON object (messages, tools, add_generation_prompt, bos_token, ...). Key order
  /// counts. `clock` gives strftime_now its time; null: the local time.
  [[nodiscard]] std::string render(const Json& variables, const std::function<std::tm()>& clock = nullptr) const;

  /// The same text in spans; neighbouring spans of one kind are joined. Text that went through an operation on a
  /// message's value (trim, concatenation with a literal) keeps the origin of each character where possible; a value
  /// that was transformed as a whole (tojson, upper) counts as a value.
  [[nodiscard]] std::vector<Span> render_spans(const Json& variables,
                                               const std::function<std::tm()>& clock = nullptr) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aurea::templates
