// Cuts a text into the pieces that byte-level BPE merges within: the regular expressions by name.
// The expressions and their names: ggml-org/llama.cpp src/llama-vocab.cpp (names of tokenizer.ggml.pre),
// openai/tiktoken (cl100k, o200k), openai/gpt-2.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizers/split_expression.h"
#include "tokenizers/vocabulary.h"

namespace aurea::tokenizers {

/// GPT-2's expression, which Hugging Face's ByteLevel pre-tokenizer has built in.
extern const std::string_view kGpt2Expression;

/// What a name in tokenizer.ggml.pre stands for.
struct PreTokenizerInfo {
  std::string_view name;
  std::vector<std::string_view> expressions;
  bool ignore_merges;
  bool add_bos;  // llama.cpp adds BOS for this name unless the file says otherwise
};

/// Null for a name that is not known.
const PreTokenizerInfo* find_pre_tokenizer(std::string_view name);

/// The name for a Hugging Face file's expressions. GPT-2's is called "phi-2" for vocabularies with runs of white space
/// as added tokens, as llama.cpp's converter does. Nothing when there is none.
std::optional<std::string_view> name_pre_tokenizer(std::span<const std::string> expressions, bool ignore_merges,
                                                   bool has_white_space_tokens);

class PreTokenizer {
 public:
  /// Throws kUnsupported for an unknown name or an expression that does not compile, naming it.
  explicit PreTokenizer(const Vocabulary& vocabulary);

  /// The pieces of a text (valid UTF-8) in order; joined they are the text. Each further expression cuts the pieces of
  /// the one before; what none matches stays a piece.
  [[nodiscard]] std::vector<std::string_view> split(std::string_view text) const;

 private:
  std::vector<SplitExpression> expressions_;
};

}  // namespace aurea::tokenizers
