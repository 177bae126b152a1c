// Worker threads for short parallel loops. Kernels never start threads: callers split rows here, and every row's
// result is computed by the same code whatever the split, so results do not depend on the number of threads.
//
// Between the loops of a forward pass threads spin, for a wake-up costs more than most loops; who waits longer sleeps,
// so that an idle process takes no processor and a thread that lost its processor to another program can have ours.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace aurea {

class ThreadPool {
 public:
  static constexpr unsigned kMaxThreads = 256;

  /// `n_threads` counts the calling thread; 0 means one per available CPU. Throws kBadArgument above 256, kOutOfMemory
  /// when the system does not start that many.
  explicit ThreadPool(unsigned n_threads = 0);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  [[nodiscard]] unsigned size() const { return static_cast<unsigned>(workers_.size()) + 1; }

  /// Calls fn(begin, end, thread) for pieces of [0, n) of at most `grain` items (multiples of it but for the last), on
  /// all threads, and waits. Each thread walks through a range of its own, in order, so that its memory is one stream,
  /// and then takes pieces from the ends of the others' ranges. `thread` is in [0, size()): an index for per-thread
  /// scratch. The first exception is rethrown here after all threads stopped. Not reentrant; one caller at a time.
  void parallel_for(size_t n, size_t grain, const std::function<void(size_t, size_t, unsigned)>& fn);

 private:
  /// Pieces [begin, end) that a thread has still to do, as begin * 2^32 + end: it takes from the front, others from the
  /// end.
  struct alignas(64) Range {
    std::atomic<uint64_t> pieces{0};
  };
  static constexpr uint32_t kNone = UINT32_MAX;

  void stop();  // ends the workers and waits for them
  void work(unsigned thread);
  void drain(unsigned thread);
  [[nodiscard]] uint32_t take_first(Range& range);
  [[nodiscard]] uint32_t take_last(Range& range);

  struct Job {
    const std::function<void(size_t, size_t, unsigned)>* fn = nullptr;
    size_t n = 0, grain = 1;
  };

  std::vector<std::thread> workers_;
  bool may_spin_ = true;
  std::unique_ptr<Range[]> ranges_;  // [size()]
  Job job_;
  alignas(64) std::atomic<uint32_t> generation_{0};  // raised once per job; workers wait for the change
  alignas(64) std::atomic<uint32_t> running_{0};     // workers still inside the current job
  std::atomic<bool> stop_{false};
  std::mutex mutex_;  // of error_
  std::exception_ptr error_;
};

}  // namespace aurea
