// The element types that a tensor can have, as a table. Nothing but codecs and kernels may switch on a type.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace aurea {

enum class QuantType : uint8_t {
#define AUREA_QUANT_TYPE(id, name, elements, bytes, gguf, codec) id,
#include "core/quant_types.def"
#undef AUREA_QUANT_TYPE
};

struct QuantTypeInfo {
  QuantType type;
  std::string_view name;    // as in GGUF tools: "Q4_K"
  uint32_t block_elements;  // elements per block; a row holds a whole number of blocks
  uint32_t block_bytes;
  uint32_t gguf_id;
};

inline constexpr QuantTypeInfo kQuantTypes[] = {
#define AUREA_QUANT_TYPE(id, name, elements, bytes, gguf, codec) {QuantType::id, name, elements, bytes, gguf},
#include "core/quant_types.def"
#undef AUREA_QUANT_TYPE
};
inline constexpr size_t kQuantTypeCount = sizeof(kQuantTypes) / sizeof(kQuantTypes[0]);

constexpr const QuantTypeInfo& info(QuantType type) { return kQuantTypes[static_cast<size_t>(type)]; }
constexpr std::string_view name(QuantType type) { return info(type).name; }

/// Bits per element, all scales included.
constexpr double bits_per_element(QuantType type) { return 8.0 * info(type).block_bytes / info(type).block_elements; }

/// Bytes of a row of `elements`; the count must be a multiple of the block (check rows from files first).
constexpr uint64_t row_bytes(QuantType type, uint64_t elements) {
  return elements / info(type).block_elements * info(type).block_bytes;
}

constexpr bool is_float(QuantType type) { return info(type).block_elements == 1; }

/// Case does not matter: "q4_k" and "Q4_K" are the same type.
std::optional<QuantType> find_quant_type(std::string_view name);
std::optional<QuantType> find_quant_type_by_gguf_id(uint32_t id);

}  // namespace aurea
