// SentencePiece writes a space as U+2581.
#pragma once

#include <string>
#include <string_view>

namespace aurea::tokenizers {

inline constexpr std::string_view kSpaceMark = "\u2581";

inline std::string spaces_from_marks(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const bool is_mark = text.starts_with(kSpaceMark);
    out += is_mark ? ' ' : text.front();
    text.remove_prefix(is_mark ? kSpaceMark.size() : 1);
  }
  return out;
}

inline std::string marks_from_spaces(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 2);
  for (const char byte : text) byte == ' ' ? out.append(kSpaceMark) : out.append(1, byte);
  return out;
}

}  // namespace aurea::tokenizers
