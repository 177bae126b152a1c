// From stored blocks to the layout that the matmul kernels read (packed_format.h). Nothing is lost: a kernel's weights
// are exactly the decoded ones.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/quant_type.h"
#include "kernels/packed_format.h"

namespace aurea::kernels {

/// One type's way into its packed format.
struct Packing {
  PackedFormat format;
  /// One stored block of one row. `factors` [stored elements / block_elements][format.factors] and
  /// `columns` [stored elements / block_elements][format.columns]; a stored block has up to kMaxPackedBlocks packed
  /// ones.
  void (*pack_block)(const uint8_t* block, uint16_t* factors, uint32_t* columns);
};

inline constexpr size_t kMaxPackedBlocks = 4, kMaxColumns = 52;

/// Null: the kernels read this type as it is stored (F32, F16, BF16).
const Packing* packing(QuantType type);

/// Bytes of the packed matrix; 0 where packing() is null. cols is a multiple of the type's block.
size_t packed_bytes(QuantType type, size_t rows, size_t cols);

/// Packs the groups [group_begin, group_end) of a matrix [rows, cols] whose stored rows begin at `weights`, `row_bytes`
/// apart. dst: where the matrix' packed bytes begin.
void pack_groups(QuantType type, const uint8_t* weights, size_t row_bytes, size_t rows, size_t cols, size_t group_begin,
                 size_t group_end, uint8_t* dst);

}  // namespace aurea::kernels
