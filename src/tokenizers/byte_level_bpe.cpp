#include "tokenizers/byte_level_bpe.h"

#include "core/error.h"
#include "core/utf8.h"
#include "tokenizers/byte_alphabet.h"
#include "tokenizers/word_cache.h"

namespace aurea::tokenizers {
namespace {

/// Length of the longest prefix of valid UTF-8 or, with `valid` false, of bytes that are none.
size_t run_length(std::string_view text, bool valid) {
  size_t at = 0;
  while (at < text.size()) {
    const CodePoint point = decode_utf8(text, at);
    if (point.valid != valid) break;
    at += point.bytes;
  }
  return at;
}

struct MergeParts {
  std::string_view left, right;
};

/// "left right", split at the first space after position 0. Nothing for a line that is no pair: old converters let the
/// comment through that merges.txt starts with.
std::optional<MergeParts> parse_merge(std::string_view line) {
  const size_t space = line.find(' ', 1);
  if (space == std::string_view::npos || space + 1 == line.size()) return std::nullopt;
  return MergeParts{line.substr(0, space), line.substr(space + 1)};
}

}  // namespace

ByteLevelBpe::ByteLevelBpe(Vocabulary data)
    : Tokenizer(std::move(data)), pre_tokenizer_(vocabulary()), whole_pieces_(0) {
  const std::vector<Token>& tokens = vocabulary().tokens;
  SymbolTable symbols(tokens.size());
  for (size_t id = 0; id < tokens.size(); ++id) {
    if (is_plain(tokens[id].type)) symbols.add_token(tokens[id].text, static_cast<TokenId>(id));
  }
  for (unsigned byte = 0; byte < 256; ++byte) {
    std::string text;
    append_utf8(text, alphabet_from_byte(static_cast<uint8_t>(byte)));
    byte_ids_[byte] = symbols.find(text);
    if (byte_ids_[byte] == kNoSymbol) {
      fail(ErrorCode::kUnsupported, "byte-level vocabulary: no token for the byte 0x{:02X}", byte);
    }
  }
  if (vocabulary().ignore_merges) whole_pieces_ = symbols;
  build_merges(symbols);
}

void ByteLevelBpe::build_merges(SymbolTable& symbols) {
  const std::vector<std::string>& lines = vocabulary().merges;
  std::vector<Merge> merges;
  merges.reserve(lines.size());
  for (size_t rank = 0; rank < lines.size(); ++rank) {
    const auto parts = parse_merge(lines[rank]);
    if (!parts) continue;
    merges.push_back(
        {symbols.intern(parts->left), symbols.intern(parts->right), kNoSymbol, static_cast<uint32_t>(rank)});
  }
  // A result that is neither a token nor a part of another merge stays kNoSymbol: it merges no further and is spelt in
  // bytes.
  std::string joined;
  for (Merge& merge : merges) {
    const auto parts = parse_merge(lines[merge.rank]);
    joined.assign(parts->left).append(parts->right);
    merge.result = symbols.find(joined);
  }
  merges_ = MergeTable(std::move(merges));
}

void ByteLevelBpe::encode_fragment(std::string_view text, WordCache& cache, std::vector<TokenId>& out) const {
  if (vocabulary().add_space_prefix && text.front() != ' ') text = cache.keep(" " + std::string(text));
  while (!text.empty()) {
    const std::string_view valid = text.substr(0, run_length(text, true));
    for (const std::string_view word : pre_tokenizer_.split(valid)) encode_word(word, cache, out);
    text.remove_prefix(valid.size());
    const std::string_view invalid = text.substr(0, run_length(text, false));
    if (!invalid.empty()) encode_word(invalid, cache, out);
    text.remove_prefix(invalid.size());
  }
}

void ByteLevelBpe::encode_word(std::string_view word, WordCache& cache, std::vector<TokenId>& out) const {
  if (cache.append(word, out)) return;
  const size_t begin = out.size();
  const TokenId whole = vocabulary().ignore_merges ? whole_pieces_.find(to_alphabet(word)) : kNoSymbol;
  if (whole != kNoSymbol) {
    out.push_back(whole);
  } else {
    merge_word(word, out);
  }
  cache.remember(word, begin, out);
}

void ByteLevelBpe::merge_word(std::string_view word, std::vector<TokenId>& out) const {
  std::vector<Symbol> symbols;
  symbols.reserve(word.size());
  for (size_t i = 0; i < word.size(); ++i) {
    symbols.push_back({byte_ids_[static_cast<uint8_t>(word[i])], static_cast<uint32_t>(i)});
  }
  merge_symbols(merges_, symbols);
  append_ids(symbols, word, vocabulary().tokens.size(), byte_ids_, out);
}

std::string ByteLevelBpe::plain_bytes(const Token& token) const { return from_alphabet(token.text); }

}  // namespace aurea::tokenizers
