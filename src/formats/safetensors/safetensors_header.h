// The header of one safetensors file as a checked list. Internal to this folder: SafetensorsFile is the door.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/tensor_view.h"

namespace aurea::formats {

struct SafetensorsEntry {
  std::string name;
  std::string dtype;              // as written: "BF16"
  std::optional<QuantType> type;  // for F32, F16 and BF16
  Shape shape;                    // slowest dimension first
  std::span<const std::byte> data;
};

/// Sorted by place in the file. Throws kBadFile, naming the tensor, unless the tensors cover the data exactly, without
/// gap or overlap, and every size is that of shape and type (an unknown type's size cannot be checked).
std::vector<SafetensorsEntry> parse_safetensors_header(std::span<const std::byte> bytes);

}  // namespace aurea::formats
