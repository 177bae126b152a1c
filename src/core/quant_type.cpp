#include "core/quant_type.h"

#include <algorithm>
#include <cctype>

namespace aurea {

std::optional<QuantType> find_quant_type(std::string_view name) {
  const auto same = [](char a, char b) {
    return std::toupper(static_cast<unsigned char>(a)) == std::toupper(static_cast<unsigned char>(b));
  };
  for (const QuantTypeInfo& row : kQuantTypes) {
    if (std::ranges::equal(row.name, name, same)) return row.type;
  }
  return std::nullopt;
}

std::optional<QuantType> find_quant_type_by_gguf_id(uint32_t id) {
  for (const QuantTypeInfo& row : kQuantTypes) {
    if (row.gguf_id == id) return row.type;
  }
  return std::nullopt;
}

}  // namespace aurea
