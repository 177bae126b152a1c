// What a key, tensor or file name taken from a file must satisfy before it is stored, compared or shown.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/utf8.h"

namespace aurea::formats {

/// Why a name cannot be used; empty if it can. Control characters are refused because C programs compare names up to
/// a NUL byte, and because names are shown on terminals.
inline std::string_view name_problem(std::string_view name, uint64_t max_bytes) {
  if (name.size() > max_bytes) return "too long";
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return "control character";
  }
  return is_valid_utf8(name) ? "" : "invalid UTF-8";
}

}  // namespace aurea::formats
