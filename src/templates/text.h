// Strings as templates see them: valid UTF-8, and for each byte whether the template itself wrote it or whether it came
// in with the variables. The tokenizer takes special tokens from the template's own bytes only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "templates/meter.h"

namespace aurea::templates {

struct Text {
  std::string bytes;  // valid UTF-8
  size_t length = 0;  // characters
  bool safe = false;  // marked by `safe` or `escape`: joining it with + escapes the other side
  /// Origin: the first byte's, and the positions at which it changes (ascending, inside the text).
  bool starts_from_template = true;
  std::vector<uint32_t> switches;

  [[nodiscard]] bool is_ascii() const { return length == bytes.size(); }
  [[nodiscard]] bool is_all_template() const { return starts_from_template && switches.empty(); }
};

using TextPtr = std::shared_ptr<const Text>;

/// A text of one origin. `bytes` must be valid UTF-8.
TextPtr make_text(std::string bytes, bool from_template, bool safe = false);

/// Grows a text within the limits of a meter.
class TextBuilder {
 public:
  explicit TextBuilder(Meter& meter) : TextBuilder(meter, meter.limits().value_bytes) {}
  TextBuilder(Meter& meter, uint64_t limit_bytes) : meter_(meter), limit_bytes_(limit_bytes) {}

  void append(std::string_view bytes, bool from_template);
  void append(const Text& text) { append(text, 0, text.bytes.size()); }
  /// The bytes [begin, end) of `text`, with their origins.
  void append(const Text& text, size_t begin, size_t end);
  /// `count` times the same text; the size is checked first.
  void append_repeated(const Text& text, uint64_t count);
  void append_repeated(char c, uint64_t count, bool from_template);

  [[nodiscard]] size_t size() const { return text_.bytes.size(); }
  [[nodiscard]] const Text& text() const { return text_; }
  /// Forgets the origins of the parts: a text that was transformed as a whole has one.
  void set_origin(bool from_template);
  void set_safe(bool safe) { text_.safe = safe; }

  /// The finished text; the builder is empty afterwards.
  TextPtr finish();

 private:
  void reserve(uint64_t bytes, uint64_t switches);
  /// True if text of this origin, appended now, needs an entry in `switches`.
  [[nodiscard]] bool begins_origin(bool from_template) const;
  void begin_origin(bool from_template);

  Meter& meter_;
  uint64_t limit_bytes_;
  Text text_;
  bool last_from_template_ = true;
};

/// The bytes [begin, end) of `text` with their origins and its safe mark; the text itself where that is all of it.
TextPtr slice(const TextPtr& text, size_t begin, size_t end, Meter& meter);

}  // namespace aurea::templates
