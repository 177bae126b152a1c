#include "tokenizers/tokenizer.h"

#include <algorithm>

#include "core/error.h"
#include "tokenizers/byte_level_bpe.h"
#include "tokenizers/sentencepiece_bpe.h"
#include "tokenizers/word_cache.h"

namespace aurea::tokenizers {
namespace {

// Places in a text are 32-bit numbers, and merging one long run of letters takes some forty bytes for each of them.
constexpr size_t kMaxTextBytes = size_t{1} << 28;

}  // namespace

Tokenizer::Tokenizer(Vocabulary vocabulary) : vocabulary_(std::move(vocabulary)), added_tokens_(vocabulary_) {}

std::unique_ptr<Tokenizer> Tokenizer::create(Vocabulary vocabulary) {
  if (vocabulary.kind == TokenizerKind::kByteLevelBpe) return std::make_unique<ByteLevelBpe>(std::move(vocabulary));
  return std::make_unique<SentencePieceBpe>(std::move(vocabulary));
}

std::vector<TokenId> Tokenizer::encode(std::string_view text, const EncodeOptions& options) const {
  const Piece piece{text, options.parse_special};
  return encode_pieces({&piece, 1}, options.add_special);
}

std::vector<TokenId> Tokenizer::encode_pieces(std::span<const Piece> pieces, bool add_special) const {
  size_t size = 0;
  for (const Piece& piece : pieces) {
    if (piece.text.size() > kMaxTextBytes - size) {
      fail(ErrorCode::kBadArgument, "a text above {} bytes cannot be encoded at once", kMaxTextBytes);
    }
    size += piece.text.size();
  }
  std::string joined;
  joined.reserve(size);
  std::vector<ByteRange> control_ranges;
  for (const Piece& piece : pieces) {
    const size_t begin = joined.size();
    joined += piece.text;
    if (!piece.parse_special || piece.text.empty()) continue;
    if (!control_ranges.empty() && control_ranges.back().end == begin) {
      control_ranges.back().end = joined.size();
    } else {
      control_ranges.push_back({begin, joined.size()});
    }
  }
  const std::vector<Fragment> fragments = added_tokens_.split(joined, control_ranges);

  std::vector<TokenId> ids;
  const bool begins_with_bos = !fragments.empty() && vocabulary_.bos && fragments.front().id == *vocabulary_.bos;
  if (add_special && vocabulary_.add_bos && vocabulary_.bos && !begins_with_bos) ids.push_back(*vocabulary_.bos);
  WordCache cache;
  for (const Fragment& fragment : fragments) {
    if (fragment.id >= 0) {
      ids.push_back(fragment.id);
    } else {
      encode_fragment(fragment.text, cache, ids);
    }
  }
  const bool ends_with_eos = !fragments.empty() && vocabulary_.eos && fragments.back().id == *vocabulary_.eos;
  if (add_special && vocabulary_.add_eos && vocabulary_.eos && !ends_with_eos) ids.push_back(*vocabulary_.eos);
  return ids;
}

std::string Tokenizer::token_bytes(TokenId id, bool special) const {
  if (id < 0 || static_cast<size_t>(id) >= vocabulary_.tokens.size()) {
    fail(ErrorCode::kBadArgument, "token id {} is outside the vocabulary of {}", id, vocabulary_.tokens.size());
  }
  const Token& token = vocabulary_.tokens[static_cast<size_t>(id)];
  switch (token.type) {
    case TokenType::kControl:
    case TokenType::kUnknown:
    case TokenType::kUnused:
      return special ? token.text : std::string();
    case TokenType::kUserDefined:
      return AddedTokens::raw_text(vocabulary_, id);
    case TokenType::kByte:
      if (const auto byte = parse_byte_token(token.text)) return std::string(1, static_cast<char>(*byte));
      return token.text;
    case TokenType::kUndefined:
    case TokenType::kNormal:
      break;
  }
  return plain_bytes(token);
}

std::string Tokenizer::decode(std::span<const TokenId> ids, bool special) const {
  std::string text;
  for (const TokenId id : ids) text += token_bytes(id, special);
  const bool has_prefix = vocabulary_.kind == TokenizerKind::kSentencePiece && vocabulary_.add_space_prefix;
  if (has_prefix && text.starts_with(' ')) text.erase(0, 1);
  return text;
}

bool Tokenizer::ends_generation(TokenId id) const {
  return std::ranges::binary_search(vocabulary_.end_of_generation, id);
}

}  // namespace aurea::tokenizers
