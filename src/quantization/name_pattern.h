// A regular expression that chooses tensors by name, compiled by PCRE2.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace aurea::quantization {

class NamePattern {
 public:
  /// Case does not matter: llama.cpp, whose options these are, makes the pattern lower-case, as all tensor names are.
  /// Throws kBadArgument, with the place of the mistake, when the expression does not compile or is over 1024 bytes.
  explicit NamePattern(std::string_view pattern);

  /// Does the expression match anywhere in the name? Throws kBadArgument for one that takes absurdly many steps.
  [[nodiscard]] bool found_in(std::string_view name) const;

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::shared_ptr<const void> code_;  // pcre2_code
};

/// The expression that matches this name and no other.
std::string exact_pattern(std::string_view name);

}  // namespace aurea::quantization
