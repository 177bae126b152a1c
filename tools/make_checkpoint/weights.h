// Random weights that look like trained ones to a quantizer: bell-shaped with tails, rows of different size, outlier columns.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "models/description.h"

namespace aurea::tools {

/// Fills dst with rows [first_row, first_row + dst.size() / cols) of a tensor as BF16. Depends on seed, name and row alone, so that
/// threads may make any rows in any order.
void fill_rows(const models::TensorSpec& spec, uint64_t seed, uint64_t first_row, std::span<uint16_t> dst);

}  // namespace aurea::tools
