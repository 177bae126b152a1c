// Byte-level BPE (GPT-2's kind: GGUF model "gpt2"): the text is cut into pieces by regular expressions, and the bytes
// of each piece are merged by rank.
#pragma once

#include <array>

#include "tokenizers/merge_table.h"
#include "tokenizers/pre_tokenizer.h"
#include "tokenizers/tokenizer.h"

namespace aurea::tokenizers {

class ByteLevelBpe : public Tokenizer {
 public:
  /// Throws kUnsupported for an unknown pre-tokenizer or when one of the 256 bytes has no token.
  explicit ByteLevelBpe(Vocabulary vocabulary);

 protected:
  /// Invalid UTF-8 is no text for the expressions: each stretch of it is a piece of its own, and the texts on its two
  /// sides are cut on their own.
  void encode_fragment(std::string_view text, WordCache& cache, std::vector<TokenId>& out) const override;
  [[nodiscard]] std::string plain_bytes(const Token& token) const override;

 private:
  void build_merges(SymbolTable& symbols);
  void encode_word(std::string_view word, WordCache& cache, std::vector<TokenId>& out) const;
  void merge_word(std::string_view word, std::vector<TokenId>& out) const;

  PreTokenizer pre_tokenizer_;
  SymbolTable whole_pieces_;  // with ignore_merges: every token by text
  MergeTable merges_;
  std::array<TokenId, 256> byte_ids_{};
};

}  // namespace aurea::tokenizers
