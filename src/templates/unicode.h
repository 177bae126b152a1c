// Characters of strings as Python's str type sees them: whitespace, classes, case. Text is valid UTF-8 throughout.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace aurea::templates {

/// str.isspace: U+0009-000D, 001C-001F, 0020, 0085, 00A0 and the Unicode spaces.
bool is_space(char32_t c);
/// Ends a line for str.splitlines: \n \v \f \r, 001C-001E, 0085, 2028, 2029.
bool is_line_break(char32_t c);
/// False for characters that Python's repr escapes.
bool is_printable(char32_t c);
bool is_letter(char32_t c);
bool is_ascii_digit(char32_t c);
/// Digits of any script, fractions, roman numerals, ...
bool is_number(char32_t c);
/// Part of a name: a letter, an ASCII digit or an underscore.
bool is_word(char32_t c);
/// Unicode's property Cased.
bool has_case(char32_t c);

/// Case mappings of one character to one character; all others stay as they are.
char32_t to_upper(char32_t c);
char32_t to_lower(char32_t c);

/// Appends `c` in another case. Throws TemplateError where Python gives several characters, looks at the neighbours (a
/// capital sigma) or has a title case of its own, rather than give another text.
void append_upper(std::string& out, char32_t c);
void append_lower(std::string& out, char32_t c);
void append_title(std::string& out, char32_t c);

/// Number of characters.
size_t count_characters(std::string_view text);
/// Byte position of character `index`, at most text.size(). Constant time where every character is one byte.
size_t byte_offset(std::string_view text, size_t characters, size_t index);

/// First position of `needle` at or after `from`, in linear time; npos if none.
size_t find_text(std::string_view text, std::string_view needle, size_t from = 0);

/// Byte range of `text` without the whitespace (or the characters of `*set`) at its ends.
struct ByteRange {
  size_t begin, end;
};
ByteRange strip_range(std::string_view text, const std::string* set, bool left, bool right);

/// Calls `line` for the lines of str.splitlines, without their ends.
void each_line(std::string_view text, const std::function<void(ByteRange)>& line);

/// Finds the last occurrence of a text in linear time (the standard library's search from the end can take the product
/// of both sizes), by looking from the front in reversed copies.
class ReverseSearch {
 public:
  ReverseSearch(std::string_view text, std::string_view needle);
  /// Position of the last occurrence that ends at or before `end`; npos if none.
  [[nodiscard]] size_t find_before(size_t end) const;

 private:
  std::string text_, needle_;
};

// As append_upper, append_lower and append_title, for a text.
std::string upper_case(std::string_view text);
std::string lower_case(std::string_view text);
/// First character of each word to title case, the rest to lower (str.title: a word is a run of characters with case).
std::string title_case(std::string_view text);
std::string capitalize(std::string_view text);

}  // namespace aurea::templates
