// A wish to stop: set from a signal handler or another thread, looked at between pieces of work.
#pragma once

#include <atomic>

#include "core/error.h"

namespace aurea {

class CancelToken {
 public:
  void request() noexcept { requested_.store(true, std::memory_order_relaxed); }
  void reset() noexcept { requested_.store(false, std::memory_order_relaxed); }
  [[nodiscard]] bool requested() const noexcept { return requested_.load(std::memory_order_relaxed); }
  /// Throws kCancelled if a stop was asked for.
  void check() const {
    if (requested()) throw Error(ErrorCode::kCancelled, "interrupted");
  }

 private:
  std::atomic<bool> requested_{false};
  static_assert(std::atomic<bool>::is_always_lock_free, "used in a signal handler");
};

}  // namespace aurea
