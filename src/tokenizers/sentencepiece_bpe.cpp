#include "tokenizers/sentencepiece_bpe.h"

#include <algorithm>

#include "core/error.h"
#include "core/utf8.h"
#include "tokenizers/space_mark.h"
#include "tokenizers/word_cache.h"

namespace aurea::tokenizers {
namespace {

constexpr size_t kMaxPieceBytes = 256;  // SentencePiece trains pieces of at most 16 characters unless told otherwise
// Bounds on what a vocabulary costs to load: each character of a piece is two look-ups, each merge 16 bytes and more.
constexpr size_t kMaxSplitBytes = size_t{16} << 20;  // of all pieces; those in use have less than 3 MiB
constexpr size_t kMaxMerges = size_t{1} << 22;

/// Ranks of the tokens by score: equal scores, equal ranks.
std::vector<uint32_t> score_ranks(const std::vector<Token>& tokens) {
  std::vector<float> scores;
  for (const Token& token : tokens) scores.push_back(token.score);
  std::ranges::sort(scores, std::greater<>());
  scores.erase(std::unique(scores.begin(), scores.end()), scores.end());
  std::vector<uint32_t> ranks;
  for (const Token& token : tokens) {
    ranks.push_back(
        static_cast<uint32_t>(std::ranges::lower_bound(scores, token.score, std::greater<>()) - scores.begin()));
  }
  return ranks;
}

/// Whether the text is one character, and if so which.
std::optional<char32_t> single_character(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const CodePoint point = decode_utf8(text, 0);
  if (!point.valid || point.bytes != text.size()) return std::nullopt;
  return point.value;
}

/// Length of a word: the space marks that `text` starts with, and all up to the next one.
size_t word_length(std::string_view text) {
  size_t at = 0;
  while (text.substr(at).starts_with(kSpaceMark)) at += kSpaceMark.size();
  return std::min(text.find(kSpaceMark, at), text.size());
}

}  // namespace

std::vector<Merge> sentencepiece_merges(const Vocabulary& vocabulary, SymbolTable& symbols) {
  const std::vector<Token>& tokens = vocabulary.tokens;
  for (size_t id = 0; id < tokens.size(); ++id) {
    if (is_plain(tokens[id].type)) symbols.add_token(tokens[id].text, static_cast<TokenId>(id));
  }
  const std::vector<uint32_t> ranks = score_ranks(tokens);
  const auto part = [&](std::string_view text) {
    return single_character(text) ? symbols.intern(text) : symbols.find(text);
  };
  std::vector<Merge> merges;
  size_t split_bytes = 0;
  for (size_t id = 0; id < tokens.size(); ++id) {
    const std::string_view text = tokens[id].text;
    // Of tokens with one text the first counts.
    if (!is_plain(tokens[id].type) || symbols.find(text) != static_cast<SymbolId>(id)) continue;
    if (text.size() > kMaxPieceBytes) {
      fail(ErrorCode::kUnsupported, "token {}: a piece of {} bytes; the longest that is supported has {}", id,
           text.size(), kMaxPieceBytes);
    }
    split_bytes += text.size();
    if (split_bytes > kMaxSplitBytes) {
      fail(ErrorCode::kUnsupported, "token {}: pieces of more than {} bytes together", id, kMaxSplitBytes);
    }
    for (size_t at = decode_utf8(text.empty() ? " " : text, 0).bytes; at < text.size();
         at += decode_utf8(text, at).bytes) {
      const SymbolId left = part(text.substr(0, at)), right = part(text.substr(at));
      if (left != kNoSymbol && right != kNoSymbol) {
        if (merges.size() >= kMaxMerges) {
          fail(ErrorCode::kUnsupported, "token {}: the pieces can be made in more than {} ways", id, kMaxMerges);
        }
        merges.push_back({left, right, static_cast<SymbolId>(id), ranks[id]});
      }
    }
  }
  return merges;
}

SentencePieceBpe::SentencePieceBpe(Vocabulary data) : Tokenizer(std::move(data)) {
  const std::vector<Token>& tokens = vocabulary().tokens;
  SymbolTable symbols(tokens.size());
  merges_ = MergeTable(sentencepiece_merges(vocabulary(), symbols));
  words_are_separate_ = std::ranges::all_of(
      tokens, [](const Token& token) { return !is_plain(token.type) || word_length(token.text) == token.text.size(); });
  for (const auto& [text, id] : symbols.entries()) {
    if (const auto character = single_character(text)) characters_.emplace(*character, id);
  }
  for (char32_t value = 0; value < ascii_.size(); ++value) {
    const auto found = characters_.find(value);
    ascii_[value] = found == characters_.end() ? kNoSymbol : found->second;
  }
  byte_ids_.fill(kNoSymbol);
  for (size_t id = 0; id < tokens.size(); ++id) {
    if (tokens[id].type != TokenType::kByte) continue;
    const auto byte = parse_byte_token(tokens[id].text);
    if (byte && byte_ids_[*byte] == kNoSymbol) byte_ids_[*byte] = static_cast<TokenId>(id);
  }
  const auto missing = std::ranges::find(byte_ids_, kNoSymbol);
  if (missing != byte_ids_.end()) {
    fail(ErrorCode::kUnsupported, "SentencePiece vocabulary without byte fallback: no token <0x{:02X}>",
         missing - byte_ids_.begin());
  }
}

void SentencePieceBpe::encode_fragment(std::string_view text, WordCache& cache, std::vector<TokenId>& out) const {
  std::string normalized = marks_from_spaces(text);
  if (vocabulary().add_space_prefix) normalized.insert(0, kSpaceMark);
  std::string_view rest = cache.keep(std::move(normalized));
  while (!rest.empty()) {
    const std::string_view word = words_are_separate_ ? rest.substr(0, word_length(rest)) : rest;
    rest.remove_prefix(word.size());
    if (cache.append(word, out)) continue;
    const size_t begin = out.size();
    merge_word(word, out);
    cache.remember(word, begin, out);
  }
}

void SentencePieceBpe::merge_word(std::string_view word, std::vector<TokenId>& out) const {
  std::vector<Symbol> symbols;
  symbols.reserve(word.size());
  for (size_t at = 0; at < word.size();) {
    const CodePoint point = decode_utf8(word, at);
    SymbolId id = kNoSymbol;
    if (point.valid && point.value < ascii_.size()) {
      id = ascii_[point.value];
    } else if (point.valid) {
      const auto found = characters_.find(point.value);
      if (found != characters_.end()) id = found->second;
    }
    symbols.push_back({id, static_cast<uint32_t>(at)});
    at += point.bytes;
  }
  merge_symbols(merges_, symbols);
  append_ids(symbols, word, vocabulary().tokens.size(), byte_ids_, out);
}

std::string SentencePieceBpe::plain_bytes(const Token& token) const { return spaces_from_marks(token.text); }

}  // namespace aurea::tokenizers
