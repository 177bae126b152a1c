#include "templates/unicode.h"

#include <cstring>

#include <algorithm>
#include <unordered_set>

#include "core/utf8.h"
#include "templates/meter.h"
#include "templates/unicode_tables.h"

namespace aurea::templates {
namespace {

bool in_ranges(std::span<const CharacterRange> ranges, char32_t c) {
  const auto after = std::ranges::upper_bound(ranges, c, {}, &CharacterRange::first);
  return after != ranges.begin() && c <= std::prev(after)->last;
}

/// The row that maps `c`, or null.
const CaseRange* find_case(std::span<const CaseRange> rows, char32_t c) {
  const auto after = std::ranges::upper_bound(rows, c, {}, &CaseRange::first);
  // Rows with step 2 interleave, so the row before the nearest one may hold the character too.
  for (auto row = after; row != rows.begin() && after - row < 2;) {
    --row;
    if (c <= row->last && (c - row->first) % row->step == 0) return &*row;
  }
  return nullptr;
}

char32_t map(std::span<const CaseRange> rows, char32_t c) {
  const CaseRange* row = find_case(rows, c);
  return row == nullptr ? c : static_cast<char32_t>(static_cast<int32_t>(c) + row->distance);
}

[[noreturn]] void fail_case(char32_t c) {
  fail_template("the case of U+{:04X} cannot be changed", static_cast<uint32_t>(c));
}

template <typename Append>
std::string map_characters(std::string_view text, const Append& append) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = decode_utf8(text, at);
    append(out, point.value);
    at += point.bytes;
  }
  return out;
}

}  // namespace

bool is_space(char32_t c) {
  if (c <= 0x20) return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20);
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
         c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_line_break(char32_t c) {
  return (c >= 0x0A && c <= 0x0D) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

bool is_printable(char32_t c) { return c < 0x7F ? c >= 0x20 : !in_ranges(kUnprintable, c); }

bool is_letter(char32_t c) {
  if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return in_ranges(kLetters, c);
}

bool is_ascii_digit(char32_t c) { return c >= '0' && c <= '9'; }
bool is_word(char32_t c) { return is_letter(c) || is_ascii_digit(c) || c == '_'; }
bool is_number(char32_t c) { return in_ranges(kNumbers, c); }
bool has_case(char32_t c) { return to_upper(c) != c || to_lower(c) != c || in_ranges(kCasedAlone, c); }

char32_t to_upper(char32_t c) {
  if (c < 0x80) return c >= 'a' && c <= 'z' ? c - 0x20 : c;
  return map(kToUpper, c);
}

char32_t to_lower(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 0x20 : c;
  return map(kToLower, c);
}

size_t count_characters(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

size_t byte_offset(std::string_view text, size_t characters, size_t index) {
  if (index >= characters) return text.size();
  if (characters == text.size()) return index;
  size_t at = 0;
  for (size_t i = 0; i < index; ++i) at += decode_utf8(text, at).bytes;
  return at;
}

size_t find_text(std::string_view text, std::string_view needle, size_t from) {
  if (from > text.size()) return std::string_view::npos;
  // The usual case, quicker for the many short pieces of a split; its worst case is the product of both sizes.
  constexpr size_t kShort = 32;
  if (needle.size() <= kShort) return text.find(needle, from);
  const void* found = ::memmem(text.data() + from, text.size() - from, needle.data(), needle.size());
  return found == nullptr ? std::string_view::npos : static_cast<size_t>(static_cast<const char*>(found) - text.data());
}

ByteRange strip_range(std::string_view text, const std::string* set, bool left, bool right) {
  std::unordered_set<char32_t> members;
  for (size_t at = 0; set != nullptr && at < set->size();) {
    const CodePoint point = decode_utf8(*set, at);
    members.insert(point.value);
    at += point.bytes;
  }
  const auto strips = [&](char32_t c) { return set == nullptr ? is_space(c) : members.contains(c); };
  size_t begin = 0, end = text.size();
  while (left && begin < end) {
    const CodePoint point = decode_utf8(text, begin);
    if (!strips(point.value)) break;
    begin += point.bytes;
  }
  while (right && end > begin) {
    size_t start = end - 1;
    while (start > begin && (text[start] & 0xC0) == 0x80) --start;
    if (!strips(decode_utf8(text, start).value)) break;
    end = start;
  }
  return {begin, end};
}

void each_line(std::string_view text, const std::function<void(ByteRange)>& line) {
  size_t begin = 0;
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = decode_utf8(text, at);
    const size_t line_end = at;
    at += point.bytes;
    if (!is_line_break(point.value)) continue;
    if (point.value == '\r' && at < text.size() && text[at] == '\n') ++at;
    line({begin, line_end});
    begin = at;
  }
  if (begin < text.size()) line({begin, text.size()});
}

ReverseSearch::ReverseSearch(std::string_view text, std::string_view needle)
    : text_(text.rbegin(), text.rend()), needle_(needle.rbegin(), needle.rend()) {}

size_t ReverseSearch::find_before(size_t end) const {
  const size_t found = find_text(text_, needle_, text_.size() - end);
  return found == std::string_view::npos ? found : text_.size() - found - needle_.size();
}

void append_upper(std::string& out, char32_t c) {
  if (in_ranges(kLongUpper, c)) fail_case(c);
  append_utf8(out, to_upper(c));
}

void append_lower(std::string& out, char32_t c) {
  if (c == 0x130 || c == 0x3A3) fail_case(c);  // I with a dot: two characters; sigma: another one at a word's end
  append_utf8(out, to_lower(c));
}

void append_title(std::string& out, char32_t c) {
  const auto within = [c](char32_t first, char32_t last) { return c >= first && c <= last; };
  // Digraphs such as U+01C4, and Georgian letters, which stay as they are at the start of a word.
  if (within(0x1C4, 0x1CC) || within(0x1F1, 0x1F3) || within(0x10D0, 0x10FF)) fail_case(c);
  append_upper(out, c);
}

std::string upper_case(std::string_view text) { return map_characters(text, append_upper); }
std::string lower_case(std::string_view text) { return map_characters(text, append_lower); }

std::string title_case(std::string_view text) {
  bool in_word = false;
  return map_characters(text, [&](std::string& out, char32_t c) {
    (in_word ? append_lower : append_title)(out, c);
    in_word = has_case(c);
  });
}

std::string capitalize(std::string_view text) {
  return map_characters(text,
                        [](std::string& out, char32_t c) { (out.empty() ? append_title : append_lower)(out, c); });
}

}  // namespace aurea::templates
