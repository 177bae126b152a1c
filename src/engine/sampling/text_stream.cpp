#include "engine/sampling/text_stream.h"

#include <algorithm>

#include "core/error.h"
#include "core/utf8.h"

namespace aurea::engine {
namespace {

/// Length of the longest end of `text` that is a proper beginning of `stop`.
size_t partial_match(std::string_view text, std::string_view stop) {
  for (size_t n = std::min(text.size(), stop.size() - 1); n > 0; --n) {
    if (text.ends_with(stop.substr(0, n))) return n;
  }
  return 0;
}

}  // namespace

TextStream::TextStream(std::vector<std::string> stop) : stop_(std::move(stop)) {
  for (const std::string& text : stop_) {
    if (text.empty()) fail(ErrorCode::kBadArgument, "a stop string is empty");
  }
}

std::string TextStream::push(std::string_view bytes) {
  if (stopped_) return {};
  held_ += bytes;
  size_t first = std::string::npos, waiting = 0;
  for (const std::string& text : stop_) {
    first = std::min(first, held_.find(text));
    waiting = std::max(waiting, partial_match(held_, text));
  }
  if (first != std::string::npos) {
    stopped_ = true;
    held_.resize(first);
    return {};  // finish() gives the rest
  }
  // Both limits: not into a possible stop string, not into a character.
  const size_t n = complete_utf8_prefix(std::string_view(held_).substr(0, held_.size() - waiting));
  std::string shown = sanitize_utf8(std::string_view(held_).substr(0, n));
  held_.erase(0, n);
  return shown;
}

std::string TextStream::finish() {
  std::string shown = sanitize_utf8(held_);
  held_.clear();
  return shown;
}

}  // namespace aurea::engine
