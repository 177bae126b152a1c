// Text to token ids and back.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizers/added_tokens.h"
#include "tokenizers/vocabulary.h"

namespace aurea::tokenizers {

class WordCache;

struct EncodeOptions {
  bool add_special = true;     // BOS/EOS as the vocabulary says; never a second BOS
  bool parse_special = false;  // control tokens in the text become their ids (user-defined ones always do)
};

/// Thread-safe: all functions may be called from several threads at once.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  /// Any bytes are accepted, and decode(encode(text)) gives them back, but for what the published tokenizers lose too:
  /// white space beside a stripping added token, a space after one (SentencePiece), U+2581 (SentencePiece reads it as a
  /// space). Throws kBadArgument above 256 MiB.
  [[nodiscard]] std::vector<TokenId> encode(std::string_view text, const EncodeOptions& options) const;

  /// A text in pieces, as a chat template renders it: `parse_special` says for each piece whether control tokens are
  /// looked for. The result is that of the joined text, with control tokens recognised only inside pieces that allow
  /// them.
  struct Piece {
    std::string_view text;
    bool parse_special;
  };
  [[nodiscard]] std::vector<TokenId> encode_pieces(std::span<const Piece> pieces, bool add_special) const;

  /// Bytes of one token as they stand inside a text (SentencePiece: with its leading space). Control, unknown and
  /// unused tokens give nothing unless `special`, then their text. Throws kBadArgument for an id outside the
  /// vocabulary.
  [[nodiscard]] std::string token_bytes(TokenId id, bool special = false) const;

  /// The bytes of a sequence; SentencePiece drops the one leading space that its encoder added.
  [[nodiscard]] std::string decode(std::span<const TokenId> ids, bool special = false) const;

  [[nodiscard]] const Vocabulary& vocabulary() const { return vocabulary_; }
  [[nodiscard]] bool ends_generation(TokenId id) const;

  /// Picks the implementation by vocabulary.kind. Throws kUnsupported for an unknown pre-tokenizer, a vocabulary that
  /// cannot spell every byte, or a token of absurd length.
  static std::unique_ptr<Tokenizer> create(Vocabulary vocabulary);

 protected:
  explicit Tokenizer(Vocabulary vocabulary);
  /// Encodes a stretch of plain text (never empty) that holds no added token. `cache` lives for one call of encode.
  virtual void encode_fragment(std::string_view text, WordCache& cache, std::vector<TokenId>& out) const = 0;
  /// Bytes of a normal token.
  virtual std::string plain_bytes(const Token& token) const = 0;

 private:
  Vocabulary vocabulary_;
  AddedTokens added_tokens_;
};

}  // namespace aurea::tokenizers
