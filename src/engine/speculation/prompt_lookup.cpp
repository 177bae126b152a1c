#include "engine/speculation/prompt_lookup.h"

#include <algorithm>
#include <bit>

#include "core/error.h"

namespace aurea::engine {
namespace {

// Of the occurrences of the last tokens, so many are compared, the last first. The one that was right so far is looked
// at in any case; together they find as good a match as the whole chain in all texts that this was measured on.
constexpr size_t kCandidates = 16;
// More common tokens than this do not make an occurrence better.
constexpr size_t kLongestMatch = PromptLookup::kLongestNgram;
constexpr size_t kFewestSlots = 1024;

/// Tokens before `position` that equal those at the end of the text.
size_t match_length(std::span<const int32_t> text, size_t position) {
  size_t length = 0;
  while (length < std::min(kLongestMatch, position) && text[position - 1 - length] == text[text.size() - 1 - length])
    ++length;
  return length;
}

}  // namespace

PromptLookup::PromptLookup(size_t ngram) : ngram_(ngram) {
  if (ngram == 0 || ngram > kLongestMatch) {
    fail(ErrorCode::kBadArgument, "prompt lookup by {} tokens, expected 1 to {}", ngram, kLongestMatch);
  }
}

void PromptLookup::begin(std::span<const int32_t> text, const CancelToken*) {
  last_.clear();
  previous_.clear();
  followed_ = 0;
  add(text);
}

size_t PromptLookup::slot(std::span<const int32_t> text, size_t position) const {
  uint64_t hash = 0;
  for (const int32_t token : text.subspan(position - ngram_, ngram_)) {
    hash = (hash ^ static_cast<uint32_t>(token)) * 0x9E3779B97F4A7C15u;  // 2^64 / the golden ratio
    hash ^= hash >> 32;
  }
  return hash & (last_.size() - 1);
}

void PromptLookup::link(std::span<const int32_t> text, size_t position) {
  uint32_t& last = last_[slot(text, position)];
  previous_[position] = last;
  last = static_cast<uint32_t>(position);
}

/// At least one slot per token; the time is that of the tokens that came since the last growth.
void PromptLookup::grow(std::span<const int32_t> text) {
  if (text.size() <= last_.size()) return;
  last_.assign(std::bit_ceil(std::max(2 * text.size(), kFewestSlots)), 0);
  for (size_t position = ngram_; position < previous_.size(); ++position) link(text, position);
}

/// Indexes all positions with a token behind them.
void PromptLookup::add(std::span<const int32_t> text) {
  grow(text);
  for (size_t position = previous_.size(); position < text.size(); ++position) {
    previous_.push_back(0);
    if (position >= ngram_) link(text, position);
  }
}

std::vector<int32_t> PromptLookup::draft(std::span<const int32_t> text, size_t max_tokens, const CancelToken*) {
  add(text);
  if (text.size() < ngram_) return {};
  size_t best = 0, longest = ngram_ - 1;
  const auto consider = [&](size_t position) {
    const size_t length = match_length(text, position);
    if (length > longest) best = position, longest = length;
  };
  if (followed_ > 0) consider(followed_ + text.size() - followed_length_);
  size_t candidate = last_[slot(text, text.size())];
  for (size_t i = 0; i < kCandidates && candidate > 0 && longest < kLongestMatch;
       ++i, candidate = previous_[candidate]) {
    consider(candidate);
  }
  followed_ = best;
  followed_length_ = text.size();
  if (best == 0) return {};
  // A copy that reaches the end of the text goes on with itself: a repetition may be shorter than the draft.
  std::vector<int32_t> draft;
  for (size_t i = 0; i < max_tokens; ++i)
    draft.push_back(best + i < text.size() ? text[best + i] : draft[best + i - text.size()]);
  return draft;
}

}  // namespace aurea::engine
