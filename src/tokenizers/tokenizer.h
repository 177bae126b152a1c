// Text to token ids and back.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizers/vocabulary.h"

namespace aurea::tokenizers {

struct EncodeOptions {
  bool add_special = true;      // BOS/EOS as the vocabulary says; never a second BOS
  bool parse_special = false;   // control tokens in the text become their ids (user-defined ones always do)
};

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  /// Any bytes are accepted; decode(encode(text)) gives them back (added tokens' strip flags apart).
  [[nodiscard]] std::vector<TokenId> encode(std::string_view text, const EncodeOptions& options) const;

  /// A text in pieces, as a chat template renders it: `parse_special` says for each piece whether control tokens are looked for.
  /// The result is that of the joined text, with control tokens recognised only inside pieces that allow them.
  struct Piece {
    std::string_view text;
    bool parse_special;
  };
  [[nodiscard]] std::vector<TokenId> encode_pieces(std::span<const Piece> pieces, bool add_special) const;

  /// Bytes of one token as they stand inside a text (SentencePiece: with its leading space). Control tokens give nothing
  /// unless `special`. Throws kBadArgument for an id outside the vocabulary.
  [[nodiscard]] std::string token_bytes(TokenId id, bool special = false) const;

  /// The bytes of a sequence; SentencePiece drops the one leading space that its encoder added.
  [[nodiscard]] std::string decode(std::span<const TokenId> ids, bool special = false) const;

  [[nodiscard]] const Vocabulary& vocabulary() const { return vocabulary_; }
  [[nodiscard]] bool ends_generation(TokenId id) const;

  /// Picks the implementation by vocabulary.kind. Throws kUnsupported for an unknown pre-tokenizer.
  static std::unique_ptr<Tokenizer> create(Vocabulary vocabulary);

 protected:
  explicit Tokenizer(Vocabulary vocabulary);
  /// Encodes a stretch of plain text that holds no added token. `at_start`: nothing but special tokens stand before it.
  virtual void encode_fragment(std::string_view text, bool after_special, std::vector<TokenId>& out) const = 0;
  virtual std::string plain_bytes(TokenId id) const = 0;

  Vocabulary vocabulary_;
};

}  // namespace aurea::tokenizers
