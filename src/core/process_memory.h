// How much memory the process takes, as the system counts it: resident pages, those of mapped files included.
#pragma once

#include <cstdint>

namespace aurea {

struct ResidentMemory {
  uint64_t now = 0, peak = 0;  // bytes; 0 where the system does not tell
};

ResidentMemory resident_memory();

/// Bytes that the system could give to this process without swapping; UINT64_MAX where it does not tell.
uint64_t available_memory();

/// Gives freed memory back to the system, and makes every large block go back when it is freed from now on.
void keep_no_freed_memory();

}  // namespace aurea
