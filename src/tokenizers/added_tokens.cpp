#include "tokenizers/added_tokens.h"

#include <algorithm>

#include "core/error.h"
#include "core/utf8.h"
#include "tokenizers/space_mark.h"

namespace aurea::tokenizers {
namespace {

constexpr size_t kMaxAddedTokenBytes = 1024;

/// Bytes of white space that `text` starts with.
size_t leading_white_space(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    const CodePoint point = decode_utf8(text, at);
    if (!point.valid || !is_white_space(point.value)) break;
    at += point.bytes;
  }
  return at;
}

/// Bytes of white space that `text` ends with.
size_t trailing_white_space(std::string_view text) {
  size_t end = text.size();
  while (end > 0) {
    size_t begin = end - 1;
    while (begin > 0 && end - begin < 4 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
    const CodePoint point = decode_utf8(text.substr(0, end), begin);
    if (!point.valid || begin + point.bytes != end || !is_white_space(point.value)) break;
    end = begin;
  }
  return text.size() - end;
}

}  // namespace

bool is_white_space(char32_t value) {
  return (value >= 0x09 && value <= 0x0D) || value == 0x20 || value == 0x85 || value == 0xA0 || value == 0x1680 ||
         (value >= 0x2000 && value <= 0x200A) || value == 0x2028 || value == 0x2029 || value == 0x202F ||
         value == 0x205F || value == 0x3000;
}

std::string AddedTokens::raw_text(const Vocabulary& vocabulary, TokenId id) {
  const Token& token = vocabulary.tokens[static_cast<size_t>(id)];
  // A SentencePiece model's own user-defined pieces are written in its alphabet.
  const bool marked = vocabulary.kind == TokenizerKind::kSentencePiece && token.type == TokenType::kUserDefined;
  return marked ? spaces_from_marks(token.text) : token.text;
}

AddedTokens::AddedTokens(const Vocabulary& vocabulary) {
  for (size_t i = 0; i < vocabulary.tokens.size(); ++i) {
    const auto id = static_cast<TokenId>(i);
    const Token& token = vocabulary.tokens[i];
    if (!vocabulary.is_added(id) || token.text.empty()) continue;
    if (token.text.size() > kMaxAddedTokenBytes) {
      fail(ErrorCode::kUnsupported, "token {}: an added token of {} bytes; the longest that is supported has {}", id,
           token.text.size(), kMaxAddedTokenBytes);
    }
    entries_.push_back(
        {raw_text(vocabulary, id), id, token.type != TokenType::kUserDefined, token.lstrip, token.rstrip});
  }
  // Of tokens with one text the lowest id counts.
  std::ranges::stable_sort(entries_, {}, &Entry::text);
  const auto same_text = [](const Entry& a, const Entry& b) { return a.text == b.text; };
  entries_.erase(std::unique(entries_.begin(), entries_.end(), same_text), entries_.end());
  for (size_t i = 0; i < entries_.size(); ++i) {
    ByteRange& range = by_first_[static_cast<unsigned char>(entries_[i].text[0])];
    if (range.end == 0) range.begin = i;
    range.end = i + 1;
  }
}

const AddedTokens::Entry* AddedTokens::longest(std::string_view text, bool control_allowed) const {
  const ByteRange range = by_first_[static_cast<unsigned char>(text[0])];
  auto low = entries_.begin() + static_cast<std::ptrdiff_t>(range.begin);
  auto high = entries_.begin() + static_cast<std::ptrdiff_t>(range.end);
  const Entry* best = nullptr;
  // Invariant: [low, high) are the entries that start with text[0, depth); the one that is no longer sorts first.
  for (size_t depth = 1; low != high; ++depth) {
    if (low->text.size() == depth) {
      if (control_allowed || !low->control) best = &*low;
      ++low;
    }
    if (depth == text.size()) break;
    const auto byte_at = [depth](const Entry& entry) { return static_cast<unsigned char>(entry.text[depth]); };
    const auto wanted = static_cast<unsigned char>(text[depth]);
    low = std::ranges::lower_bound(low, high, wanted, {}, byte_at);
    high = std::ranges::upper_bound(low, high, wanted, {}, byte_at);
  }
  return best;
}

std::vector<Fragment> AddedTokens::split(std::string_view text, std::span<const ByteRange> control_ranges) const {
  std::vector<Fragment> fragments;
  const auto add_text = [&](size_t begin, size_t end) {
    if (begin < end) fragments.push_back({text.substr(begin, end - begin), -1});
  };
  size_t start = 0;  // of the plain text not yet handed out
  for (size_t at = 0; at < text.size();) {
    if (by_first_[static_cast<unsigned char>(text[at])].end == 0) {
      ++at;
      continue;
    }
    while (!control_ranges.empty() && control_ranges.front().end <= at) control_ranges = control_ranges.subspan(1);
    const bool control_allowed = !control_ranges.empty() && control_ranges.front().begin <= at;
    const Entry* found = nullptr;
    // A control token must lie wholly inside its range, a user-defined one may reach beyond it.
    if (control_allowed) found = longest(text.substr(at, control_ranges.front().end - at), true);
    const Entry* user_defined = longest(text.substr(at), false);
    if (found == nullptr || (user_defined != nullptr && user_defined->text.size() > found->text.size())) {
      found = user_defined;
    }
    if (found == nullptr) {
      ++at;
      continue;
    }
    const size_t end = at + found->text.size();
    add_text(start, found->lstrip ? at - trailing_white_space(text.substr(start, at - start)) : at);
    fragments.push_back({{}, found->id});
    start = at = found->rstrip ? end + leading_white_space(text.substr(end)) : end;
  }
  add_text(start, text.size());
  return fragments;
}

}  // namespace aurea::tokenizers
