#include "cli/bench/memory_room.h"

#include <algorithm>
#include <map>

#include "core/error.h"
#include "core/progress.h"

namespace aurea::cli::bench {

void leave_out_too_large(std::vector<Row>& rows, std::span<const uint64_t> token_bytes, uint64_t room) {
  constexpr size_t kPrompt = SIZE_MAX;                 // stands for the depth of a workload without one
  std::map<std::pair<size_t, size_t>, uint64_t> held;  // bytes by model and depth
  for (Row& row : rows) {
    const Workload& work = row.work;
    const uint64_t bytes = (work.batch * (work.depth + work.generate) + work.prompt) * token_bytes[row.model];
    uint64_t& before = held[{row.model, work.kind == Kind::kPrefill ? kPrompt : work.depth}];
    const uint64_t grown = bytes - std::min(bytes, before);
    if (grown > room) {
      row.left_out = fmt::format("its keys and values take {}, {} of memory are free for them", format_bytes(bytes),
                                 format_bytes(room + before));
      continue;
    }
    room -= grown;
    before += grown;
  }
  if (std::ranges::all_of(rows, [](const Row& row) { return !row.left_out.empty(); })) {
    fail(ErrorCode::kOutOfMemory, "{}: {}", rows.front().work.name(), rows.front().left_out);
  }
}

}  // namespace aurea::cli::bench
