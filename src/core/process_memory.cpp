#include "core/process_memory.h"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <fstream>
#include <string>

namespace aurea {

ResidentMemory resident_memory() {
  // Not getrusage: its peak includes the program that started this one.
  ResidentMemory memory;
  std::ifstream status("/proc/self/status");
  for (std::string key; status >> key;) {
    uint64_t kib = 0;
    if (key == "VmHWM:" && status >> kib) memory.peak = kib << 10;
    if (key == "VmRSS:" && status >> kib) memory.now = kib << 10;
  }
  return memory;
}

void keep_no_freed_memory() {
#if defined(__GLIBC__)
  // Left to itself, glibc raises this limit to 32 MiB and then keeps twice as much of what was freed.
  ::mallopt(M_MMAP_THRESHOLD, 256 << 10);
  ::mallopt(M_TRIM_THRESHOLD, 256 << 10);
  ::malloc_trim(0);
#endif
}

}  // namespace aurea
