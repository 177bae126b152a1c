// SentencePiece BPE (Llama's and Phi-3's kind: GGUF model "llama"): the characters of a whole stretch of text are
// merged by the score of what results; characters without a token are spelt in byte tokens. Source:
// google/sentencepiece (bpe_model.cc describes the order); Hugging Face's tokenizer.json lists the same merges.
#pragma once

#include <array>
#include <unordered_map>

#include "tokenizers/merge_table.h"
#include "tokenizers/tokenizer.h"

namespace aurea::tokenizers {

/// Every way to make a normal token of two symbols (tokens or single characters; the latter are added to `symbols`).
/// The rank counts distinct scores from the highest down. Throws kUnsupported for a token of absurd length.
std::vector<Merge> sentencepiece_merges(const Vocabulary& vocabulary, SymbolTable& symbols);

class SentencePieceBpe : public Tokenizer {
 public:
  /// Throws kUnsupported when one of the 256 bytes has no byte token.
  explicit SentencePieceBpe(Vocabulary vocabulary);

 protected:
  void encode_fragment(std::string_view text, WordCache& cache, std::vector<TokenId>& out) const override;
  [[nodiscard]] std::string plain_bytes(const Token& token) const override;

 private:
  void merge_word(std::string_view word, std::vector<TokenId>& out) const;

  MergeTable merges_;
  bool words_are_separate_ = false;  // no token goes on with a space mark: no merge crosses from one word into the next
  std::unordered_map<char32_t, SymbolId> characters_;
  std::array<SymbolId, 128> ascii_{};  // the same for the most frequent ones
  std::array<TokenId, 256> byte_ids_{};
};

}  // namespace aurea::tokenizers
