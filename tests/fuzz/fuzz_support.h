// What every fuzz target shares: which exceptions are an answer and which are a bug.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "core/error.h"

namespace aurea::fuzz {

inline std::span<const std::byte> as_bytes(const uint8_t* data, size_t size) {
  return std::as_bytes(std::span(data, size));
}

/// Runs `read`. A refusal (aurea::Error) is a fine answer to a hostile input; kInternal and every other exception are
/// bugs and pass through.
template <typename Read>
void allow_refusal(Read&& read) {
  try {
    read();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kInternal) throw;
  }
}

/// For properties that must hold whatever the input; libFuzzer and the replay both report an abort with its input.
inline void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace aurea::fuzz
