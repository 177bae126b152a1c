// Parses one GGUF file, or one part of a split one. Internal to this folder: GgufFile is the door.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "formats/gguf/gguf_file.h"
#include "formats/gguf/gguf_value.h"

namespace aurea::formats {

struct GgufPart {
  uint32_t version = 0;
  GgufMetadata metadata;
  std::vector<GgufTensor> tensors;  // views into the bytes; names may still repeat
};

/// Throws kBadFile or kUnsupported naming key or tensor. Makes the checks 1 to 19 (names may repeat) of
/// docs/formats/gguf.md.
GgufPart parse_gguf_part(std::span<const std::byte> bytes);

}  // namespace aurea::formats
