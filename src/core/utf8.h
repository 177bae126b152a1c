// UTF-8: decoding with strict validation, and cutting a byte stream at character borders.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace aurea {

struct CodePoint {
  char32_t value = 0;
  uint8_t bytes = 0;   // 1 to 4; 1 when invalid
  bool valid = false;  // false: `value` is the raw byte
};

/// The character at `text[at]`; overlong forms, surrogates and values above U+10FFFF are invalid. `at` must be inside.
CodePoint decode_utf8(std::string_view text, size_t at);
void append_utf8(std::string& out, char32_t value);
bool is_valid_utf8(std::string_view text);

/// Length of the longest prefix that does not end inside a character. Bytes that can never become valid count as
/// finished, so a stream cannot stall on them.
size_t complete_utf8_prefix(std::string_view text);

/// Invalid bytes become U+FFFD.
std::string sanitize_utf8(std::string_view text);

}  // namespace aurea
