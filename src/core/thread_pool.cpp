#include "core/thread_pool.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/cpu_features.h"
#include "core/error.h"

namespace aurea {
namespace {

// How long a worker spins for the next loop of the same forward pass, and the caller for the last piece of a worker.
// With more threads than processors nobody spins: it would take the processor from somebody who works.
constexpr auto kWorkerSpin = std::chrono::microseconds(200), kCallerSpin = std::chrono::microseconds(100),
               kNoSpin = std::chrono::microseconds(0);

inline void pause_cpu() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Returns when `value` is no longer `old`.
void await_change(const std::atomic<uint32_t>& value, uint32_t old, std::chrono::microseconds spin) {
  const auto deadline = std::chrono::steady_clock::now() + spin;
  do {
    for (int i = 0; i < 64; ++i) {
      if (value.load() != old) return;
      pause_cpu();
    }
  } while (std::chrono::steady_clock::now() < deadline);
  value.wait(old);
}

uint64_t range_of(uint64_t begin, uint64_t end) { return begin << 32 | end; }

}  // namespace

ThreadPool::ThreadPool(unsigned n_threads) {
  if (n_threads == 0) n_threads = available_cpus();
  if (n_threads > kMaxThreads)
    fail(ErrorCode::kBadArgument, "{} threads asked for; {} is the most", n_threads, kMaxThreads);
  ranges_ = std::make_unique<Range[]>(n_threads);
  workers_.reserve(n_threads - 1);
  may_spin_ = n_threads <= available_cpus();
  try {
    for (unsigned thread = 1; thread < n_threads; ++thread) {
      workers_.emplace_back([this, thread] { work(thread); });
    }
  } catch (const std::exception& error) {  // no memory for another stack, or a limit on processes
    const unsigned started = size();
    stop();  // the members must outlive the workers that wait on them
    fail(ErrorCode::kOutOfMemory, "{} threads asked for, but only {} could be started: {}", n_threads, started,
         error.what());
  }
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
  stop_ = true;
  generation_.fetch_add(1);
  generation_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::parallel_for(size_t n, size_t grain, const std::function<void(size_t, size_t, unsigned)>& fn) {
  if (n == 0) return;
  grain = std::max<size_t>({grain, 1, n / (UINT32_MAX / 2)});
  if (workers_.empty() || n <= grain) {
    for (size_t begin = 0; begin < n; begin += grain) fn(begin, std::min(n, begin + grain), 0);
    return;
  }
  job_ = {&fn, n, grain};
  const uint64_t pieces = (n + grain - 1) / grain;
  for (unsigned thread = 0; thread < size(); ++thread) {
    ranges_[thread].pieces = range_of(pieces * thread / size(), pieces * (thread + 1) / size());
  }
  running_ = static_cast<uint32_t>(workers_.size());
  generation_.fetch_add(1);
  generation_.notify_all();
  drain(0);
  for (uint32_t running = running_; running > 0; running = running_)
    await_change(running_, running, may_spin_ ? kCallerSpin : kNoSpin);
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

uint32_t ThreadPool::take_first(Range& range) {
  uint64_t pieces = range.pieces.load();
  for (;;) {
    const uint64_t begin = pieces >> 32, end = pieces & UINT32_MAX;
    if (begin >= end) return kNone;
    if (range.pieces.compare_exchange_weak(pieces, range_of(begin + 1, end))) return static_cast<uint32_t>(begin);
  }
}

uint32_t ThreadPool::take_last(Range& range) {
  uint64_t pieces = range.pieces.load();
  for (;;) {
    const uint64_t begin = pieces >> 32, end = pieces & UINT32_MAX;
    if (begin >= end) return kNone;
    if (range.pieces.compare_exchange_weak(pieces, range_of(begin, end - 1))) return static_cast<uint32_t>(end - 1);
  }
}

void ThreadPool::drain(unsigned thread) {
  const auto run = [&](size_t piece) {
    const size_t begin = piece * job_.grain;
    (*job_.fn)(begin, std::min(job_.n, begin + job_.grain), thread);
  };
  try {
    for (uint32_t piece = take_first(ranges_[thread]); piece != kNone; piece = take_first(ranges_[thread])) run(piece);
    for (unsigned i = 1; i < size(); ++i) {
      Range& other = ranges_[(thread + i) % size()];
      for (uint32_t piece = take_last(other); piece != kNone; piece = take_last(other)) run(piece);
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::current_exception();
    for (unsigned i = 0; i < size(); ++i) ranges_[i].pieces = 0;
  }
}

void ThreadPool::work(unsigned thread) {
  uint32_t seen = 0;
  for (;;) {
    await_change(generation_, seen, may_spin_ ? kWorkerSpin : kNoSpin);
    if (stop_) return;
    seen = generation_.load();
    drain(thread);
    if (running_.fetch_sub(1) == 1) running_.notify_one();
  }
}

}  // namespace aurea
