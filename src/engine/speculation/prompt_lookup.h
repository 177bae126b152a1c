// Prompt lookup: what follows is guessed to be what followed the last time that the text read like this. It needs no
// second model and hardly any time, and is right where a text is quoted, edited or summed up, and where it repeats
// itself.
//
// The occurrences of every n-gram are chained from the last to the first, as LZ77 compressors do: a hash of the n-gram
// leads to its last occurrence, each one to that before it.
#pragma once

#include "engine/speculation/drafter.h"

namespace aurea::engine {

class PromptLookup final : public Drafter {
 public:
  /// As many last tokens must have occurred before. Measured on prose, code and edited texts: two is best where a step
  /// with drafted tokens costs little more than a plain one.
  static constexpr size_t kDefaultNgram = 2;
  static constexpr size_t kLongestNgram = 16;

  /// Throws kBadArgument for n-grams longer than kLongestNgram, or of no token.
  explicit PromptLookup(size_t ngram = kDefaultNgram);

  void begin(std::span<const int32_t> text, const CancelToken* cancel) override;
  std::vector<int32_t> draft(std::span<const int32_t> text, size_t max_tokens, const CancelToken* cancel) override;

 private:
  void add(std::span<const int32_t> text);
  void grow(std::span<const int32_t> text);
  void link(std::span<const int32_t> text, size_t position);
  [[nodiscard]] size_t slot(std::span<const int32_t> text, size_t position) const;

  const size_t ngram_;
  // Positions are those behind an n-gram, where its continuation begins; 0: none. They are at most the text's length.
  std::vector<uint32_t> last_;      // [power of two], by hash
  std::vector<uint32_t> previous_;  // [indexed positions], the position before with the same hash
  size_t followed_ = 0;             // the position that the last draft was taken from; 0: none
  size_t followed_length_ = 0;      // and the text's length then
};

}  // namespace aurea::engine
