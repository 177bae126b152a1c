#include "engine/sampling/text_stream.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/utf8.h"

namespace aurea::engine {

void TextStream::Matcher::advance(char byte) {
  while (matched > 0 && stop[matched] != byte) matched = fallback[matched - 1];
  if (stop[matched] == byte) ++matched;
}

TextStream::TextStream(const std::vector<std::string>& stops) {
  for (const std::string& stop : stops) {
    if (stop.empty()) fail(ErrorCode::kBadArgument, "a stop string is empty");
    if (!is_valid_utf8(stop)) fail(ErrorCode::kBadArgument, "a stop string is not valid UTF-8");
    Matcher matcher{stop, std::vector<size_t>(stop.size()), 0};
    for (size_t i = 1; i < stop.size(); ++i) {
      matcher.advance(stop[i]);
      matcher.fallback[i] = matcher.matched;
    }
    matcher.matched = 0;
    matchers_.push_back(std::move(matcher));
  }
}

std::string TextStream::push(std::string_view bytes) {
  size_t could_be_stop = 0;  // bytes at the end that may be the beginning of a stop string
  for (const char byte : bytes) {
    if (stopped_) return {};
    held_ += byte;
    could_be_stop = 0;
    size_t complete = 0;
    for (Matcher& matcher : matchers_) {
      matcher.advance(byte);
      could_be_stop = std::max(could_be_stop, matcher.matched);
      if (matcher.matched == matcher.stop.size()) complete = std::max(complete, matcher.matched);
    }
    if (complete != 0) {
      held_.resize(held_.size() - complete);
      std::string shown = finish();
      stopped_ = true;
      return shown;
    }
  }
  if (bytes.empty()) return {};
  const std::string_view decided = std::string_view(held_).substr(begin_, held_.size() - could_be_stop - begin_);
  const size_t ready = complete_utf8_prefix(decided);
  std::string shown = sanitize_utf8(decided.substr(0, ready));
  begin_ += ready;
  if (begin_ > held_.size() / 2) {  // not every time: moving a long rest for each byte would add up
    held_.erase(0, begin_);
    begin_ = 0;
  }
  return shown;
}

std::string TextStream::finish() {
  std::string shown = sanitize_utf8(std::string_view(held_).substr(begin_));
  held_.clear();
  begin_ = 0;
  return shown;
}

}  // namespace aurea::engine
