// What the machine can do at most, and what a workload costs at least: their quotient is the time that no program can
// beat.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "cli/bench/workload.h"
#include "core/page_buffer.h"
#include "core/thread_pool.h"
#include "engine/kv_cache.h"
#include "kernels/kernel_set.h"
#include "models/source.h"

namespace aurea::cli::bench {

struct Limits {
  double memory_read_gb_per_s = 0;
  double int8_gops = 0;  // multiplications and additions, in 10^9 per second
};

/// Measures the limits with the kernels and threads of an engine; called between the runs, so that both see the same
/// neighbours.
class LimitMeter {
 public:
  LimitMeter(const kernels::KernelSet& set, ThreadPool& pool);

  /// One pass of each.
  void measure();
  /// The best of all passes so far: a limit is what the machine can do, not what it does on average.
  [[nodiscard]] const Limits& best() const { return best_; }

 private:
  const kernels::KernelSet& set_;
  ThreadPool& pool_;
  // Far larger than the caches; in huge pages where the system has them, since addresses cost time as well.
  PageBuffer buffer_;
  Limits best_;
};

/// Of one run of a workload, all steps together.
struct Floor {
  double bytes = 0;       // weights once per pass, and each writing sequence's keys and values once per step
  double operations = 0;  // multiplications and additions with weights; those of the attention are left out

  [[nodiscard]] double memory_seconds(const Limits& limits) const {
    return bytes / (limits.memory_read_gb_per_s * 1e9);
  }
  [[nodiscard]] double arithmetic_seconds(const Limits& limits) const { return operations / (limits.int8_gops * 1e9); }
  /// The larger of both: they can overlap.
  [[nodiscard]] double seconds(const Limits& limits) const;
  /// "memory" or "arithmetic".
  [[nodiscard]] std::string_view bound(const Limits& limits) const;
};

/// Bytes of one token's keys and values in all layers.
uint64_t cache_bytes_per_token(const models::Hyperparams& params, engine::KvTypes types);

/// `batch_tokens`: tokens of one forward pass at most. Of a mixture, the tokens of a pass are taken to choose their
/// experts evenly and independently.
Floor floor_of(const Workload& work, const models::ModelSource& source, engine::KvTypes cache, size_t batch_tokens);

}  // namespace aurea::cli::bench
