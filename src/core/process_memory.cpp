#include "core/process_memory.h"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <algorithm>
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

uint64_t available_memory() {
  uint64_t available = UINT64_MAX;
  std::ifstream system("/proc/meminfo");
  for (std::string key; system >> key;) {
    uint64_t kib = 0;
    if (key == "MemAvailable:" && system >> kib) available = kib << 10;
  }
  uint64_t limit = 0, used = 0;  // of a container, where there is one; its page cache counts as used
  if (std::ifstream("/sys/fs/cgroup/memory.max") >> limit && std::ifstream("/sys/fs/cgroup/memory.current") >> used) {
    available = std::min(available, limit > used ? limit - used : 0);
  }
  return available;
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
