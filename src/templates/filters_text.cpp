// Filters that give texts. Most print their input first, so numbers, none and undefined values are texts too.
#include <algorithm>

#include "core/utf8.h"
#include "templates/arguments.h"
#include "templates/filters.h"
#include "templates/methods.h"
#include "templates/operators.h"
#include "templates/print.h"
#include "templates/printf_format.h"
#include "templates/tojson.h"
#include "templates/unicode.h"

namespace aurea::templates {
namespace {

/// For the few filters that do not print their input first.
const TextPtr& require_text(std::string_view filter, const Value& input) {
  if (!input.is_string()) fail_operand(filter, input);
  return input.text();
}

Value capitalize_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  expect_no_arguments("capitalize", arguments);
  return transform_text(runtime, *to_text(input, runtime), capitalize);
}

Value center(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("center", arguments, {"width"});
  const TextPtr text = to_text(input, runtime);
  const int64_t width = bound.integer(0, 80), length = static_cast<int64_t>(text->length);
  const int64_t padding = std::max<int64_t>(0, width - length);
  // Python puts the odd one to the left when the width is odd.
  const int64_t left = padding / 2 + (padding & width & 1);
  TextBuilder out(runtime.meter);
  out.append_repeated(' ', static_cast<uint64_t>(left), true);
  out.append(*text);
  out.append_repeated(' ', static_cast<uint64_t>(padding - left), true);
  out.set_safe(text->safe);
  return out.finish();
}

Value escape(Runtime& runtime, const Value& input, const Arguments& arguments) {
  expect_no_arguments("escape", arguments);
  return escape_html(input, runtime);
}

Value safe(Runtime& runtime, const Value& input, const Arguments& arguments) {
  expect_no_arguments("safe", arguments);
  const TextPtr text = to_text(input, runtime);
  if (text->safe) return text;
  runtime.meter.work(text->bytes.size() + text->switches.size() * sizeof(uint32_t));
  auto marked = std::make_shared<Text>(*text);
  marked->safe = true;
  return TextPtr(std::move(marked));
}

Value format(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const TextPtr pattern = to_text(input, runtime);
  if (!arguments.positional.empty() && !arguments.keyword.empty()) {
    fail_template("format takes positional or named arguments, not both");
  }
  if (arguments.keyword.empty())
    return printf_format(*pattern, make_tuple(runtime.meter, arguments.positional), runtime);
  std::vector<Dict::Entry> entries;
  for (const auto& [name, value] : arguments.keyword) entries.push_back({make_text(name, true), value});
  return printf_format(*pattern, make_dict(std::move(entries), runtime.meter), runtime);
}

Value indent(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("indent", arguments, {"width", "first", "blank"});
  const bool first_too = bound.truth(1, false), blank_too = bound.truth(2, false);
  Meter& meter = runtime.meter;
  const TextPtr& text = require_text("indent", input);
  TextPtr margin = make_text("    ", true);
  if (bound.has(0) && bound[0].is_string()) {
    margin = bound[0].text();
  } else if (bound.has(0)) {
    TextBuilder spaces(meter);
    spaces.append_repeated(' ', static_cast<uint64_t>(std::max<int64_t>(0, bound.integer(0, 4))), true);
    margin = spaces.finish();
  }
  TextBuilder out(meter);
  bool first = true;
  const auto line = [&](ByteRange range) {
    if (!first) out.append("\n", text->is_all_template());
    if (first ? first_too : blank_too || range.begin != range.end) out.append(*margin);
    out.append(*text, range.begin, range.end);
    first = false;
  };
  meter.work(2 * text->bytes.size());
  each_line(text->bytes + "\n", line);  // so that a text that ends in a line break has one more line, an empty one
  out.set_safe(text->safe);
  return out.finish();
}

Value lower(Runtime& runtime, const Value& input, const Arguments& arguments) {
  expect_no_arguments("lower", arguments);
  return lower_text(runtime, *to_text(input, runtime));
}

Value upper(Runtime& runtime, const Value& input, const Arguments& arguments) {
  expect_no_arguments("upper", arguments);
  return upper_text(runtime, *to_text(input, runtime));
}

Value replace(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("replace", arguments, {"old", "new", "count"}, 2);
  const TextPtr from = to_text(bound[0], runtime), to = to_text(bound[1], runtime);
  return replace_text(runtime, *to_text(input, runtime), *from, *to, bound.integer(2, -1));
}

Value string(Runtime& runtime, const Value& input, const Arguments& arguments) {
  expect_no_arguments("string", arguments);
  return to_text(input, runtime);
}

/// Words begin after whitespace, hyphens and opening brackets; str.title would begin them after any non-letter.
std::string title_words(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool in_word = false;
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = decode_utf8(text, at);
    (in_word ? append_lower : append_upper)(out, point.value);
    in_word = !is_space(point.value) && std::u32string_view(U"-({[<").find(point.value) == std::u32string_view::npos;
    at += point.bytes;
  }
  return out;
}

Value title(Runtime& runtime, const Value& input, const Arguments& arguments) {
  expect_no_arguments("title", arguments);
  return transform_text(runtime, *to_text(input, runtime), title_words);
}

Value trim(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("trim", arguments, {"chars"});
  return strip_text(runtime, to_text(input, runtime), bound.text(0), true, true);
}

Value truncate(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("truncate", arguments, {"length", "killwords", "end", "leeway"});
  const TextPtr end = bound.text(2) == nullptr ? make_text("...", true) : *bound.text(2);
  const int64_t length = bound.integer(0, 255), leeway = bound.integer(3, 5);
  const auto end_length = static_cast<int64_t>(end->length);
  if (length < end_length) fail_template("truncate: the length {} is below that of the end, {}", length, end_length);
  if (leeway < 0) fail_template("truncate: the leeway {} is negative", leeway);
  if (length_of(input) - length <= leeway) return input;
  const TextPtr& text = require_text("truncate", input);
  runtime.meter.work(text->bytes.size());
  size_t cut = byte_offset(text->bytes, text->length, static_cast<size_t>(length - end_length));
  if (!bound.truth(1, false)) {
    const size_t space = std::string_view(text->bytes).substr(0, cut).rfind(' ');
    if (space != std::string_view::npos) cut = space;
  }
  TextBuilder out(runtime.meter);
  out.append(*text, 0, cut);
  out.append(*end);
  return out.finish();
}

Value wordcount(Runtime& runtime, const Value& input, const Arguments& arguments) {
  expect_no_arguments("wordcount", arguments);
  const TextPtr text = to_text(input, runtime);
  runtime.meter.work(text->bytes.size());
  int64_t count = 0;
  bool in_word = false;
  for (size_t at = 0; at < text->bytes.size();) {
    const CodePoint point = decode_utf8(text->bytes, at);
    const bool is_part = is_word(point.value) || is_number(point.value);
    if (is_part && !in_word) ++count;
    in_word = is_part;
    at += point.bytes;
  }
  return count;
}

/// Breaks one line at whitespace into lines of at most `width` characters; a longer word is cut if `cut_words`.
class LineWrapper {
 public:
  LineWrapper(const Text& text, size_t width, bool cut_words, const Text& separator, TextBuilder& out)
      : text_(text), width_(width), cut_words_(cut_words), separator_(separator), out_(out) {}

  void wrap(ByteRange line) {
    begin_line();
    for (size_t at = line.begin; at < line.end;) {
      const size_t word = skip(at, line.end, true), next = skip(word, line.end, false);
      place(at, word, next, at == line.begin);
      at = next;
    }
  }

 private:
  void begin_line() {
    if (!is_first_) out_.append(separator_);
    is_first_ = false;
    used_ = 0;
  }

  [[nodiscard]] size_t skip(size_t at, size_t end, bool spaces) const {
    while (at < end) {
      const CodePoint point = decode_utf8(text_.bytes, at);
      if (is_space(point.value) != spaces) break;
      at += point.bytes;
    }
    return at;
  }

  /// Whitespace [at, word) and the word [word, next): whitespace at a line's end is dropped, at its start too unless
  /// the text begins with it.
  void place(size_t at, size_t word, size_t next, bool at_start) {
    const std::string_view bytes = text_.bytes;
    const size_t spaces = count_characters(bytes.substr(at, word - at));
    const size_t letters = count_characters(bytes.substr(word, next - word));
    if (letters == 0) return;
    const bool keeps_spaces = used_ > 0 || at_start;
    if ((keeps_spaces ? spaces : 0) + letters + used_ <= width_) {
      if (keeps_spaces) put(at, word, spaces);
      return put(word, next, letters);
    }
    if (letters <= width_ || !cut_words_) {
      if (used_ > 0) begin_line();
      return put(word, next, letters);
    }
    if (keeps_spaces && used_ + spaces < width_) put(at, word, spaces);
    while (word < next) {
      if (used_ >= width_) begin_line();
      size_t end = word, taken = 0;
      for (; end < next && used_ + taken < width_; ++taken) end += decode_utf8(bytes, end).bytes;
      put(word, end, taken);
      word = end;
    }
  }

  void put(size_t begin, size_t end, size_t characters) {
    out_.append(text_, begin, end);
    used_ += characters;
  }

  const Text& text_;
  size_t width_;
  bool cut_words_;
  const Text& separator_;
  TextBuilder& out_;
  size_t used_ = 0;  // characters on the current line
  bool is_first_ = true;
};

Value wordwrap(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("wordwrap", arguments, {"width", "break_long_words", "wrapstring"});
  const TextPtr text = require_text("wordwrap", input),
                newline = bound.text(2) == nullptr ? make_text("\n", true) : *bound.text(2);
  const int64_t width = bound.integer(0, 79);
  if (width <= 0) fail_template("wordwrap: the width must be above zero, found {}", width);
  runtime.meter.work(2 * text->bytes.size());
  TextBuilder out(runtime.meter);
  LineWrapper wrapper(*text, static_cast<size_t>(width), bound.truth(1, true), *newline, out);
  each_line(text->bytes, [&](ByteRange line) { wrapper.wrap(line); });
  return out.finish();
}

constexpr FilterRow kTextFilters[] = {
    {"capitalize", capitalize_filter},
    {"center", center},
    {"e", escape},
    {"escape", escape},
    {"format", format},
    {"indent", indent},
    {"lower", lower},
    {"replace", replace},
    {"safe", safe},
    {"string", string},
    {"title", title},
    {"tojson", tojson_filter},
    {"trim", trim},
    {"truncate", truncate},
    {"upper", upper},
    {"wordcount", wordcount},
    {"wordwrap", wordwrap},
};

}  // namespace

std::span<const FilterRow> text_filters() { return kTextFilters; }

}  // namespace aurea::templates
