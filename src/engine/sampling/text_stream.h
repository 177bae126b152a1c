// Token bytes in, text to show out: whole characters only, and nothing of a stop string.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace aurea::engine {

class TextStream {
 public:
  /// Throws kBadArgument for an empty stop string, which would end every answer before it starts.
  explicit TextStream(std::vector<std::string> stop);

  /// Adds bytes; returns what can be shown now. Bytes that may be the start of a stop string or of a character wait.
  std::string push(std::string_view bytes);
  /// A stop string was met: everything from it on is dropped.
  [[nodiscard]] bool stopped() const { return stopped_; }
  /// What was held back, at the end of the answer; an unfinished character becomes U+FFFD.
  std::string finish();

 private:
  std::vector<std::string> stop_;
  std::string held_;
  bool stopped_ = false;
};

}  // namespace aurea::engine
