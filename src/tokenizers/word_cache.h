// Remembers, for one call of encode, where in the output the ids of a piece stand: texts repeat their words.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tokenizers/vocabulary.h"

namespace aurea::tokenizers {

class WordCache {
 public:
  /// Appends the ids of `word` to `out` if it was seen before.
  bool append(std::string_view word, std::vector<TokenId>& out) const {
    const auto found = words_.find(word);
    if (found == words_.end()) return false;
    const auto [begin, count] = found->second;
    for (uint32_t i = 0; i < count; ++i) out.push_back(out[begin + i]);
    return true;
  }

  /// The ids of `word` are out[begin, end of out). The word's bytes must outlive the cache, and `out` must only grow.
  void remember(std::string_view word, size_t begin, const std::vector<TokenId>& out) {
    if (word.size() > kMaxWordBytes || words_.size() >= kMaxWords) return;
    words_.emplace(word, Place{static_cast<uint32_t>(begin), static_cast<uint32_t>(out.size() - begin)});
  }

  /// Holds a text as long as the cache lives.
  std::string_view keep(std::string text) { return kept_.emplace_back(std::move(text)); }

 private:
  static constexpr size_t kMaxWordBytes = 64;
  static constexpr size_t kMaxWords = 1 << 16;
  struct Place {
    uint32_t begin, count;
  };
  std::unordered_map<std::string_view, Place> words_;
  std::deque<std::string> kept_;
};

}  // namespace aurea::tokenizers
