// Methods of strings, with the names and rules of Python's str. Texts marked safe (`safe`, `escape`) stay so, and
// escape what is put into them.
#include <algorithm>

#include "core/utf8.h"
#include "templates/arguments.h"
#include "templates/methods.h"
#include "templates/operators.h"
#include "templates/print.h"
#include "templates/str_format.h"
#include "templates/unicode.h"

namespace aurea::templates {
namespace {

// --- ends -----------------------------------------------------------------------------------------------------------

template <bool left, bool right>
Value strip(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const BoundArguments bound("strip", arguments, {"chars"});
  return strip_text(runtime, self.text(), bound.text(0), left, right);
}

/// Calls `test` for a string, or for each of a tuple until one holds.
template <typename Test>
Value test_affixes(Runtime& runtime, const BoundArguments& bound, const Test& test) {
  const auto one = [&](const Value& affix) {
    if (!affix.is_string()) fail_operand("startswith or endswith", affix);
    runtime.meter.work(affix.str().size());
    return test(affix.str());
  };
  return bound[0].is_tuple() ? std::ranges::any_of(bound[0].items(), one) : one(bound[0]);
}

Value starts_with(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const BoundArguments bound("startswith", arguments, {"prefix"}, 1);
  return test_affixes(runtime, bound, [&](const std::string& prefix) { return self.str().starts_with(prefix); });
}

Value ends_with(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const BoundArguments bound("endswith", arguments, {"suffix"}, 1);
  return test_affixes(runtime, bound, [&](const std::string& suffix) { return self.str().ends_with(suffix); });
}

Value remove_prefix(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const BoundArguments bound("removeprefix", arguments, {"prefix"}, 1);
  const std::string& prefix = bound.required_text(0)->bytes;
  runtime.meter.work(prefix.size());
  if (!self.str().starts_with(prefix)) return self;
  return slice(self.text(), prefix.size(), self.str().size(), runtime.meter);
}

Value remove_suffix(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const BoundArguments bound("removesuffix", arguments, {"suffix"}, 1);
  const std::string& suffix = bound.required_text(0)->bytes;
  runtime.meter.work(suffix.size());
  if (!self.str().ends_with(suffix)) return self;
  return slice(self.text(), 0, self.str().size() - suffix.size(), runtime.meter);
}

// --- search ---------------------------------------------------------------------------------------------------------

/// Character position of the first occurrence within [start, end), or nothing.
std::optional<int64_t> position(Runtime& runtime, const Value& self, const BoundArguments& bound) {
  const Text& text = *self.text();
  const std::string& needle = bound.required_text(0)->bytes;
  const auto length = static_cast<int64_t>(text.length);
  const auto clamp = [&](int64_t at) { return at < 0 ? std::max<int64_t>(0, at + length) : at; };
  const int64_t start = clamp(bound.integer(1, 0)), stop = std::min(length, clamp(bound.integer(2, length)));
  if (start > stop) return std::nullopt;
  runtime.meter.work(text.bytes.size());
  const size_t begin = byte_offset(text.bytes, text.length, static_cast<size_t>(start));
  const size_t end = byte_offset(text.bytes, text.length, static_cast<size_t>(stop));
  const std::string_view within = std::string_view(text.bytes).substr(0, end);
  const size_t found = find_text(within, needle, begin);
  if (found == std::string_view::npos) return std::nullopt;
  return text.is_ascii() ? static_cast<int64_t>(found)
                         : static_cast<int64_t>(count_characters(within.substr(0, found)));
}

Value find(Runtime& runtime, const Value& self, const Arguments& arguments) {
  return position(runtime, self, BoundArguments("find", arguments, {"sub", "start", "end"}, 1)).value_or(-1);
}

Value index(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const auto found = position(runtime, self, BoundArguments("index", arguments, {"sub", "start", "end"}, 1));
  if (!found) fail_template("index: the text is not found");
  return *found;
}

Value count(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const BoundArguments bound("count", arguments, {"sub"}, 1);
  const std::string& needle = bound.required_text(0)->bytes;
  runtime.meter.work(self.str().size());
  if (needle.empty()) return static_cast<int64_t>(self.text()->length) + 1;
  int64_t found = 0;
  for (size_t at = 0; (at = find_text(self.str(), needle, at)) != std::string_view::npos; at += needle.size()) ++found;
  return found;
}

Value replace(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const BoundArguments bound("replace", arguments, {"old", "new", "count"}, 2);
  TextPtr to = bound.required_text(1);
  if (self.text()->safe) to = escape_html(to, runtime);
  return replace_text(runtime, *self.text(), *bound.required_text(0), *to, bound.integer(2, -1));
}

// --- splitting and joining ------------------------------------------------------------------------------------------

const TextPtr& separator_of(const BoundArguments& bound) {
  const TextPtr& separator = bound.required_text(0);
  if (separator->bytes.empty()) fail_template("the separator is empty");
  return separator;
}

/// Pieces of a text that are still to be cut out, counted against the limits.
class RangeList {
 public:
  explicit RangeList(Meter& meter) : meter_(meter) {}
  void push(ByteRange range) {
    meter_.check_size(ranges_.size() + 1, sizeof(ByteRange));
    ranges_.push_back(range);
  }
  [[nodiscard]] size_t size() const { return ranges_.size(); }
  std::vector<ByteRange>& ranges() { return ranges_; }

  Value cut(const TextPtr& text, bool reversed = false) {
    if (reversed) std::ranges::reverse(ranges_);
    ListBuilder pieces(meter_, ranges_.size());
    for (const ByteRange& range : ranges_) pieces.push(slice(text, range.begin, range.end, meter_));
    return pieces.finish();
  }

 private:
  Meter& meter_;
  std::vector<ByteRange> ranges_;
};

/// Byte ranges between runs of whitespace; after `limit` cuts (if not negative) the rest is one piece.
RangeList split_words(Meter& meter, std::string_view text, int64_t limit) {
  RangeList words(meter);
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = decode_utf8(text, at);
    if (is_space(point.value)) {
      at += point.bytes;
      continue;
    }
    size_t end = at;
    if (limit >= 0 && static_cast<int64_t>(words.size()) == limit) {
      words.push({at, text.size()});
      break;
    }
    while (end < text.size() && !is_space(decode_utf8(text, end).value)) end += decode_utf8(text, end).bytes;
    words.push({at, end});
    at = end;
  }
  return words;
}

/// The same from the end.
RangeList split_words_from_right(Meter& meter, std::string_view text, int64_t limit) {
  RangeList words = split_words(meter, text, -1);
  if (limit < 0 || words.size() <= static_cast<uint64_t>(limit)) return words;
  std::vector<ByteRange>& ranges = words.ranges();
  const auto last_joined = ranges.end() - 1 - limit;
  last_joined->begin = 0;  // whitespace at the text's start stays
  ranges.erase(ranges.begin(), last_joined);
  return words;
}

Value split(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const BoundArguments bound("split", arguments, {"sep", "maxsplit"});
  const int64_t limit = bound.integer(1, -1);
  const TextPtr& text = self.text();
  runtime.meter.work(text->bytes.size());
  if (bound.text(0) == nullptr) return split_words(runtime.meter, text->bytes, limit).cut(text);
  const std::string& separator = separator_of(bound)->bytes;
  ListBuilder pieces(runtime.meter);
  size_t begin = 0;
  while (limit < 0 || static_cast<int64_t>(pieces.size()) < limit) {
    const size_t end = find_text(text->bytes, separator, begin);
    if (end == std::string_view::npos) break;
    pieces.push(slice(text, begin, end, runtime.meter));
    begin = end + separator.size();
  }
  pieces.push(slice(text, begin, text->bytes.size(), runtime.meter));
  return pieces.finish();
}

Value rsplit(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const BoundArguments bound("rsplit", arguments, {"sep", "maxsplit"});
  const int64_t limit = bound.integer(1, -1);
  const TextPtr& text = self.text();
  runtime.meter.work(text->bytes.size());
  if (bound.text(0) == nullptr) return split_words_from_right(runtime.meter, text->bytes, limit).cut(text);
  const std::string& separator = separator_of(bound)->bytes;
  runtime.meter.work(2 * text->bytes.size());
  const ReverseSearch search(text->bytes, separator);
  RangeList ranges(runtime.meter);
  size_t end = text->bytes.size();
  while (limit < 0 || static_cast<int64_t>(ranges.size()) < limit) {
    const size_t found = search.find_before(end);
    if (found == std::string_view::npos) break;
    ranges.push({found + separator.size(), end});
    end = found;
  }
  ranges.push({0, end});
  return ranges.cut(text, true);
}

Value splitlines(Runtime& runtime, const Value& self, const Arguments& arguments) {
  expect_no_arguments("splitlines", arguments);
  runtime.meter.work(self.str().size());
  RangeList lines(runtime.meter);
  each_line(self.str(), [&](ByteRange line) { lines.push(line); });
  return lines.cut(self.text());
}

Value partition(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const BoundArguments bound("partition", arguments, {"sep"}, 1);
  const TextPtr& separator = separator_of(bound);
  const TextPtr& text = self.text();
  runtime.meter.work(text->bytes.size());
  const size_t at = find_text(text->bytes, separator->bytes);
  const Value empty = make_text("", true);
  if (at == std::string_view::npos) return make_tuple(runtime.meter, {self, empty, empty});
  return make_tuple(runtime.meter, {slice(text, 0, at, runtime.meter), separator,
                                    slice(text, at + separator->bytes.size(), text->bytes.size(), runtime.meter)});
}

Value join(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const BoundArguments bound("join", arguments, {"iterable"}, 1);
  const ListPtr items = items_of(bound[0], runtime);
  for (const Value& item : items->items) {
    if (!item.is_string()) fail_operand("join", item);
  }
  return join_texts(runtime, *self.text(), items->items, self.text()->safe);
}

Value format(Runtime& runtime, const Value& self, const Arguments& arguments) {
  return str_format(*self.text(), arguments, runtime);
}

// --- case and padding -----------------------------------------------------------------------------------------------

Value upper(Runtime& runtime, const Value& self, const Arguments& arguments) {
  expect_no_arguments("upper", arguments);
  return upper_text(runtime, *self.text());
}

Value lower(Runtime& runtime, const Value& self, const Arguments& arguments) {
  expect_no_arguments("lower", arguments);
  return lower_text(runtime, *self.text());
}

Value title(Runtime& runtime, const Value& self, const Arguments& arguments) {
  expect_no_arguments("title", arguments);
  return transform_text(runtime, *self.text(), title_case);
}

Value capitalize_method(Runtime& runtime, const Value& self, const Arguments& arguments) {
  expect_no_arguments("capitalize", arguments);
  return transform_text(runtime, *self.text(), capitalize);
}

Value zfill(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const BoundArguments bound("zfill", arguments, {"width"}, 1);
  const auto length = static_cast<int64_t>(self.text()->length);
  const bool has_sign = self.str().starts_with('+') || self.str().starts_with('-');
  TextBuilder out(runtime.meter);
  out.append(*self.text(), 0, has_sign ? 1 : 0);
  out.append_repeated('0', static_cast<uint64_t>(std::max<int64_t>(0, bound.integer(0, 0) - length)), true);
  out.append(*self.text(), has_sign ? 1 : 0, self.str().size());
  return out.finish();
}

Value expandtabs(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const BoundArguments bound("expandtabs", arguments, {"tabsize"});
  const int64_t size = bound.integer(0, 8);
  TextBuilder out(runtime.meter);
  int64_t column = 0;
  const std::string& bytes = self.str();
  for (size_t at = 0; at < bytes.size();) {
    const CodePoint point = decode_utf8(bytes, at);
    if (point.value == '\t') {
      const int64_t spaces = size > 0 ? size - column % size : 0;
      out.append_repeated(' ', static_cast<uint64_t>(spaces), true);
      column += spaces;
    } else {
      out.append(*self.text(), at, at + point.bytes);
      column = point.value == '\n' || point.value == '\r' ? 0 : column + 1;
    }
    at += point.bytes;
  }
  return out.finish();
}

// --- classes --------------------------------------------------------------------------------------------------------

Value is_alpha(Runtime& runtime, const Value& self, const Arguments& arguments) {
  expect_no_arguments("isalpha", arguments);
  const std::string& text = self.str();
  runtime.meter.work(text.size());
  for (size_t at = 0; at < text.size(); at += decode_utf8(text, at).bytes) {
    if (!is_letter(decode_utf8(text, at).value)) return false;
  }
  return !text.empty();
}

/// Which of Unicode's numbers Python takes for digits is not known here, so one that decides is refused.
Value is_digit(Runtime& runtime, const Value& self, const Arguments& arguments) {
  expect_no_arguments("isdigit", arguments);
  const std::string& text = self.str();
  runtime.meter.work(text.size());
  bool all_ascii = true;
  for (size_t at = 0; at < text.size(); at += decode_utf8(text, at).bytes) {
    const char32_t c = decode_utf8(text, at).value;
    if (!is_number(c)) return false;
    all_ascii = all_ascii && is_ascii_digit(c);
  }
  if (!all_ascii) fail_template("isdigit: only ASCII digits are supported");
  return !text.empty();
}

constexpr MethodRow kStringMethods[] = {
    {"capitalize", capitalize_method},
    {"count", count},
    {"endswith", ends_with},
    {"expandtabs", expandtabs},
    {"find", find},
    {"format", format},
    {"index", index},
    {"isalpha", is_alpha},
    {"isdigit", is_digit},
    {"join", join},
    {"lower", lower},
    {"lstrip", strip<true, false>},
    {"partition", partition},
    {"removeprefix", remove_prefix},
    {"removesuffix", remove_suffix},
    {"replace", replace},
    {"rsplit", rsplit},
    {"rstrip", strip<false, true>},
    {"split", split},
    {"splitlines", splitlines},
    {"startswith", starts_with},
    {"strip", strip<true, true>},
    {"title", title},
    {"upper", upper},
    {"zfill", zfill},
};

}  // namespace

std::span<const MethodRow> string_methods() { return kStringMethods; }

}  // namespace aurea::templates
