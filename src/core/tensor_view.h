// A tensor that lies in memory or in a mapped file: type, shape and bytes, owned by somebody else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/quant_type.h"

namespace aurea {

/// Shapes are row-major with the slowest dimension first, as in safetensors: a linear layer is [out, in].
/// (GGUF lists the same numbers in reverse.)
using Shape = std::vector<uint64_t>;

struct TensorView {
  QuantType type = QuantType::kF32;
  Shape shape;
  std::span<const std::byte> data;

  /// Elements of one row: the last (contiguous) dimension; 1 for a scalar.
  [[nodiscard]] uint64_t cols() const { return shape.empty() ? 1 : shape.back(); }
  /// Product of the other dimensions.
  [[nodiscard]] uint64_t rows() const {
    uint64_t count = 1;
    for (size_t i = 0; i + 1 < shape.size(); ++i) count *= shape[i];
    return count;
  }
  [[nodiscard]] uint64_t elements() const { return rows() * cols(); }
  [[nodiscard]] uint64_t row_bytes() const { return aurea::row_bytes(type, cols()); }
  [[nodiscard]] const std::byte* row(uint64_t index) const { return data.data() + index * row_bytes(); }
};

}  // namespace aurea
