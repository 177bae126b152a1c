// Progress of long work, on standard error: a bar with rate and remaining time on a terminal, a line every few
// seconds in a pipe, nothing when quiet.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace aurea {

enum class ProgressUnit { kBytes, kTokens, kItems };

class Progress {
 public:
  /// `total` in `unit`; 0 if unknown.
  Progress(std::string label, uint64_t total, ProgressUnit unit, bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `done` so far; `detail` (a tensor's name, a running figure) is shown behind the bar. Cheap: draws ten times a second at most.
  void update(uint64_t done, const std::string& detail = {});
  /// `done` were there before this run and say nothing about its speed.
  void skip(uint64_t done) { done_ = skipped_ = done; }
  /// Draws the final state and ends the line. Without it (an error, a cancel) the bar is wiped.
  void finish(const std::string& detail = {});

 private:
  using Clock = std::chrono::steady_clock;
  void draw(const std::string& detail, bool last);

  std::string label_;
  uint64_t total_, done_ = 0, skipped_ = 0;
  ProgressUnit unit_;
  bool quiet_, terminal_, finished_ = false, drawn_ = false;
  Clock::time_point start_, last_draw_;
};

/// "13.6 MB", "2.19 GB" (powers of ten, three digits).
std::string format_bytes(uint64_t bytes);
/// "3.82 B" style counts for parameters.
std::string format_count(uint64_t count);

}  // namespace aurea
