// Cuts a text at its added tokens (control and user-defined ones), in one pass, leftmost first and longest at each
// place. Strip flags swallow Unicode white space beside a token, as Hugging Face's tokenizers library does.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizers/vocabulary.h"

namespace aurea::tokenizers {

/// A stretch of plain text (never empty), or an added token.
struct Fragment {
  std::string_view text;
  TokenId id = -1;  // -1: plain text
};

/// A stretch [begin, end) of a text, in bytes.
struct ByteRange {
  size_t begin, end;
};

class AddedTokens {
 public:
  /// Throws kUnsupported for an added token longer than any in use, which would make the search slow.
  explicit AddedTokens(const Vocabulary& vocabulary);

  /// Control tokens are found inside `control_ranges` only: ascending, disjoint and not touching. The fragments' texts
  /// are views into `text`.
  [[nodiscard]] std::vector<Fragment> split(std::string_view text, std::span<const ByteRange> control_ranges) const;

  /// How an added token stands in a text.
  static std::string raw_text(const Vocabulary& vocabulary, TokenId id);

 private:
  struct Entry {
    std::string text;
    TokenId id;
    bool control, lstrip, rstrip;
  };
  [[nodiscard]] const Entry* longest(std::string_view text, bool control_allowed) const;

  std::vector<Entry> entries_;             // sorted by text, which makes them a trie: each step narrows a range
  std::array<ByteRange, 256> by_first_{};  // by first byte: range of entries_
};

/// Unicode's White_Space property.
bool is_white_space(char32_t value);

}  // namespace aurea::tokenizers
