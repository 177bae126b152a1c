#include "core/thread_pool.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/cpu_features.h"
#include "core/error.h"

namespace aurea {
namespace {

// Between the loops of one forward pass a worker spins; a process that has nothing to do must not burn a core,
// so it parks after this long.
constexpr auto kSpinTime = std::chrono::microseconds(200);

inline void pause_cpu() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

ThreadPool::ThreadPool(unsigned n_threads) {
  if (n_threads == 0) n_threads = available_cpus();
  if (n_threads > kMaxThreads) fail(ErrorCode::kBadArgument, "{} threads asked for; {} is the most", n_threads, kMaxThreads);
  workers_.reserve(n_threads - 1);
  try {
    for (unsigned thread = 1; thread < n_threads; ++thread) {
      workers_.emplace_back([this, thread] { work(thread); });
    }
  } catch (const std::exception& error) {  // no memory for another stack, or a limit on processes
    const unsigned started = size();
    stop();  // the members must outlive the workers that wait on them
    fail(ErrorCode::kOutOfMemory, "{} threads asked for, but only {} could be started: {}", n_threads, started, error.what());
  }
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::parallel_for(size_t n, size_t grain, const std::function<void(size_t, size_t, unsigned)>& fn) {
  if (n == 0) return;
  grain = std::max<size_t>(grain, 1);
  if (workers_.empty() || n <= grain) {
    for (size_t begin = 0; begin < n; begin += grain) fn(begin, std::min(n, begin + grain), 0);
    return;
  }
  job_ = {&fn, n, grain};
  next_ = 0;
  running_ = static_cast<unsigned>(workers_.size());
  generation_.fetch_add(1);
  if (parked_.load() > 0) {
    { const std::lock_guard lock(mutex_); }  // a worker between its last look and its wait must see the notification
    wake_.notify_all();
  }
  drain(0);
  for (unsigned spins = 0; running_.load() > 0; ++spins) {
    pause_cpu();
    if (spins % 4096 == 4095) std::this_thread::yield();  // more threads than processors
  }
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

void ThreadPool::drain(unsigned thread) {
  try {
    for (;;) {
      const size_t begin = next_.fetch_add(job_.grain);
      if (begin >= job_.n) return;
      (*job_.fn)(begin, std::min(job_.n, begin + job_.grain), thread);
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::current_exception();
    next_ = job_.n;
  }
}

void ThreadPool::work(unsigned thread) {
  uint64_t seen = 0;
  for (;;) {
    const auto deadline = std::chrono::steady_clock::now() + kSpinTime;
    while (generation_.load() == seen && !stop_.load()) {
      for (int i = 0; i < 64 && generation_.load() == seen; ++i) pause_cpu();
      if (std::chrono::steady_clock::now() < deadline) continue;
      std::unique_lock lock(mutex_);
      parked_.fetch_add(1);
      wake_.wait(lock, [&] { return generation_.load() != seen || stop_.load(); });
      parked_.fetch_sub(1);
    }
    if (stop_) return;
    seen = generation_.load();
    drain(thread);
    running_.fetch_sub(1);
  }
}

}  // namespace aurea
