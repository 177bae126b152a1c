#include "tokenizers/byte_alphabet.h"

#include <array>

#include "core/utf8.h"

namespace aurea::tokenizers {
namespace {

constexpr char32_t kFirstExtra = 0x100;

constexpr bool stands_for_itself(unsigned byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

struct Tables {
  std::array<char32_t, 256> character{};
  std::array<uint8_t, 68> extra_byte{};  // byte of U+0100 + index
};

constexpr Tables make_tables() {
  Tables tables;
  size_t extra = 0;
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (stands_for_itself(byte)) {
      tables.character[byte] = byte;
    } else {
      tables.character[byte] = kFirstExtra + static_cast<char32_t>(extra);
      tables.extra_byte[extra++] = static_cast<uint8_t>(byte);
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

}  // namespace

char32_t alphabet_from_byte(uint8_t byte) { return kTables.character[byte]; }

std::optional<uint8_t> byte_from_alphabet(char32_t character) {
  if (character < 256) {
    if (!stands_for_itself(character)) return std::nullopt;
    return static_cast<uint8_t>(character);
  }
  if (character >= kFirstExtra + kTables.extra_byte.size()) return std::nullopt;
  return kTables.extra_byte[character - kFirstExtra];
}

std::string to_alphabet(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char byte : bytes) append_utf8(text, alphabet_from_byte(static_cast<uint8_t>(byte)));
  return text;
}

std::string from_alphabet(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = decode_utf8(text, at);
    const auto byte = point.valid ? byte_from_alphabet(point.value) : std::nullopt;
    if (!byte) return std::string(text);
    bytes.push_back(static_cast<char>(*byte));
    at += point.bytes;
  }
  return bytes;
}

}  // namespace aurea::tokenizers
