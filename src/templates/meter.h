// What one rendering may still use. Everything that takes time or memory in proportion to its data says so here before
// it starts, so a template's cost is bounded whatever it does: `steps` pays for evaluated nodes and for bytes alike.
#pragma once

#include <algorithm>
#include <cstdint>

#include "templates/chat_template.h"

namespace aurea::templates {

template <typename... Args>
[[noreturn]] void fail_template(fmt::format_string<Args...> format, Args&&... args) {
  throw TemplateError(fmt::format(format, std::forward<Args>(args)...), false);
}

/// A name or text out of a template, short enough for a message.
inline std::string shorten(std::string_view text) {
  constexpr size_t kMost = 80;
  if (text.size() <= kMost) return std::string(text);
  size_t end = kMost;
  while (end > 0 && (text[end] & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "...";
}

/// Lists, tuples and dictionaries within one another; keeps every walk over a value, and its destruction, off the
/// stack's end. Above the depth of any JSON that may come in (kJsonMaxDepth).
inline constexpr int kMaxValueDepth = 300;

/// Evaluations within one another (expressions, statements, calls, filters): each takes a few hundred bytes of stack.
inline constexpr int kMaxEvaluationDepth = 1000;

class Meter {
 public:
  explicit Meter(const Limits& limits)
      : limits_(limits), value_bytes_(std::min<uint64_t>(limits.value_bytes, UINT32_MAX)) {}

  [[nodiscard]] const Limits& limits() const { return limits_; }

  void step(uint64_t count = 1) {
    steps_ += count;
    if (steps_ > limits_.steps) fail_template("stopped after {} steps", limits_.steps);
  }

  /// `bytes` of a value are about to be read or written: one step for each 32.
  void work(uint64_t bytes) {
    rest_ += bytes;
    step(rest_ / kBytesPerStep);
    rest_ %= kBytesPerStep;
  }

  /// To be called before a string or list of this size is allocated.
  void check_size(uint64_t bytes) const {
    if (bytes > value_bytes_)
      fail_template("a value would take {} bytes, more than the limit of {}", bytes, value_bytes_);
  }

  /// `count` items of `each` bytes, the product checked too.
  void check_size(uint64_t count, uint64_t each) const {
    if (count != 0 && each > value_bytes_ / count) {
      fail_template("a value of {} x {} bytes is more than the limit of {}", count, each, value_bytes_);
    }
  }

 private:
  static constexpr uint64_t kBytesPerStep = 32;

  Limits limits_;
  uint64_t value_bytes_;  // origins of characters are counted in 32 bits
  uint64_t steps_ = 0;
  uint64_t rest_ = 0;  // bytes not yet charged, below kBytesPerStep
};

/// Counts the evaluations that are within one another while it lives.
class DepthGuard {
 public:
  explicit DepthGuard(int& depth) : depth_(depth) {
    if (depth_ >= kMaxEvaluationDepth) fail_template("evaluation nested deeper than {} levels", kMaxEvaluationDepth);
    ++depth_;
  }
  ~DepthGuard() { --depth_; }
  DepthGuard(const DepthGuard&) = delete;
  DepthGuard& operator=(const DepthGuard&) = delete;

 private:
  int& depth_;
};

}  // namespace aurea::templates
