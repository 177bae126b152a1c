// Worker threads for short parallel loops. Kernels never start threads: callers split rows here, and every row's
// result is computed by the same code whatever the split, so results do not depend on the number of threads.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
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

  /// Calls fn(begin, end, thread) for consecutive pieces of [0, n) of at most `grain` items, on all threads, and waits.
  /// Pieces are handed out as threads become free. `thread` is in [0, size()): an index for per-thread scratch.
  /// The first exception is rethrown here after all threads stopped. Not reentrant; one caller at a time.
  void parallel_for(size_t n, size_t grain, const std::function<void(size_t, size_t, unsigned)>& fn);

 private:
  void stop();  // ends the workers and waits for them
  void work(unsigned thread);
  void drain(unsigned thread);

  struct Job {
    const std::function<void(size_t, size_t, unsigned)>* fn = nullptr;
    size_t n = 0, grain = 1;
  };

  std::vector<std::thread> workers_;
  Job job_;
  std::atomic<size_t> next_{0};
  std::atomic<uint64_t> generation_{0};  // raised once per job; workers wait for the change
  std::atomic<unsigned> running_{0};     // workers still inside the current job
  std::atomic<bool> stop_{false};
  std::atomic<unsigned> parked_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::exception_ptr error_;
};

}  // namespace aurea
