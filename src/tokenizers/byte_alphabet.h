// GPT-2's byte alphabet: each byte as one printable character, so that byte-level vocabularies can be stored as text.
// Source: openai/gpt-2, src/encoder.py (bytes_to_unicode): the printable bytes of Latin-1 stand for themselves, the
// other 68, in ascending order, for U+0100 and up.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aurea::tokenizers {

/// The character of a byte.
char32_t alphabet_from_byte(uint8_t byte);
/// The byte of a character; nothing for characters outside the alphabet.
std::optional<uint8_t> byte_from_alphabet(char32_t character);

std::string to_alphabet(std::string_view bytes);
/// The inverse. A text with a character outside the alphabet stands for itself.
std::string from_alphabet(std::string_view text);

}  // namespace aurea::tokenizers
