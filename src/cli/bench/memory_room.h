// Whether the workloads' keys and values fit into memory: a batch at a depth can take many times what the model does.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cli/bench/report.h"

namespace aurea::cli::bench {

/// Marks as left out what does not fit into `room` bytes beside the rows before it. Sequences of one depth are shared
/// by all workloads of a model there. `token_bytes`: of one token's keys and values, by model. Throws kOutOfMemory when
/// no row is left.
void leave_out_too_large(std::vector<Row>& rows, std::span<const uint64_t> token_bytes, uint64_t room);

}  // namespace aurea::cli::bench
