#include "core/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace aurea {
namespace {

std::string scaled(double value, const char* const* suffixes, size_t n_suffixes) {
  size_t i = 0;
  while (value >= 999.5 && i + 1 < n_suffixes) value /= 1000, ++i;
  const int decimals = i == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return fmt::format("{:.{}f}{}", value, decimals, suffixes[i]);
}

std::string format_amount(uint64_t amount, ProgressUnit unit) {
  switch (unit) {
    case ProgressUnit::kBytes: return format_bytes(amount);
    case ProgressUnit::kTokens: return fmt::format("{} tokens", amount);
    case ProgressUnit::kItems: break;
  }
  return "done";  // what the items are is nothing to the user
}

std::string format_rate(double per_second, ProgressUnit unit) {
  if (unit == ProgressUnit::kBytes) return format_bytes(static_cast<uint64_t>(per_second)) + "/s";
  return fmt::format("{:.{}f} tokens/s", per_second, per_second < 100 ? 1 : 0);
}

std::string format_seconds(double seconds) {
  const auto whole = static_cast<uint64_t>(seconds + 0.5);
  if (whole < 60) return fmt::format("{}s", whole);
  if (whole < 3600) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
  return fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60);
}

size_t terminal_width() {
  struct winsize size {};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

std::string format_bytes(uint64_t bytes) {
  static constexpr const char* kSuffixes[] = {" B", " kB", " MB", " GB", " TB"};
  return scaled(static_cast<double>(bytes), kSuffixes, 5);
}

std::string format_count(uint64_t count) {
  static constexpr const char* kSuffixes[] = {"", " K", " M", " B", " T"};
  return scaled(static_cast<double>(count), kSuffixes, 5);
}

Progress::Progress(std::string label, uint64_t total, ProgressUnit unit, bool quiet)
    : label_(std::move(label)), total_(total), unit_(unit), quiet_(quiet), terminal_(::isatty(STDERR_FILENO) == 1),
      start_(Clock::now()), last_draw_(start_ - std::chrono::hours(1)) {}

Progress::~Progress() {
  if (!finished_ && drawn_ && terminal_) fmt::print(stderr, "\r\x1b[2K");
}

void Progress::update(uint64_t done, const std::string& detail) {
  done_ = done;
  if (quiet_) return;
  const auto now = Clock::now();
  const auto interval = terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(5000);
  // In a pipe the first line comes after the interval, so that short work stays silent until its end.
  if (now - last_draw_ < interval || (!terminal_ && now - start_ < interval)) return;
  last_draw_ = now;
  draw(detail, false);
}

void Progress::finish(const std::string& detail) {
  if (finished_) return;
  finished_ = true;
  if (total_ > 0) done_ = total_;
  if (!quiet_) draw(detail, true);
}

void Progress::draw(const std::string& detail, bool last) {
  drawn_ = true;
  const double seconds = std::max(1e-9, std::chrono::duration<double>(Clock::now() - start_).count());
  const double rate = static_cast<double>(done_ - skipped_) / seconds;
  std::string line = label_ + " ";
  if (total_ > 0) {
    const double fraction = std::min(1.0, static_cast<double>(done_) / static_cast<double>(total_));
    if (terminal_ && !last) {
      constexpr size_t kBarWidth = 24;
      const auto filled = static_cast<size_t>(fraction * kBarWidth);
      line += '[';
      for (size_t i = 0; i < kBarWidth; ++i) line += i < filled ? '#' : '.';
      line += "] ";
    }
    if (!last) line += fmt::format("{:3.0f}% ", fraction * 100);
    const double left = static_cast<double>(total_ - std::min(total_, done_));
    if (!last && rate > 0 && fraction > 0.001) line += fmt::format(" {} left", format_seconds(left / rate));
  }
  if (last) line += fmt::format("{} in {}", format_amount(done_ - skipped_, unit_), seconds < 10 ? fmt::format("{:.1f}s", seconds) : format_seconds(seconds));
  if (unit_ != ProgressUnit::kItems) line += "  " + format_rate(rate, unit_);
  if (!detail.empty()) line += "  " + detail;
  if (terminal_) {
    const size_t width = terminal_width();
    if (line.size() >= width) line.resize(width - 1);
    fmt::print(stderr, "\r\x1b[2K{}{}", line, last ? "\n" : "");
  } else {
    fmt::print(stderr, "{}\n", line);
  }
  std::fflush(stderr);
}

}  // namespace aurea
