// A tokenizer's data, independent of where it came from: a Hugging Face folder or a GGUF file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/gguf/gguf_value.h"

namespace aurea::tokenizers {

using TokenId = int32_t;

/// A bound on what a file may announce; the largest vocabularies in use have a quarter of it.
inline constexpr size_t kMaxTokens = size_t{1} << 20;

/// Numbers as in GGUF's tokenizer.ggml.token_type.
enum class TokenType : int32_t {
  kUndefined = 0,
  kNormal = 1,
  kUnknown = 2,
  kControl = 3,      // found in a text only where the caller allows it; not shown by default
  kUserDefined = 4,  // always found in a text before the model sees it, and shown
  kUnused = 5,
  kByte = 6,
};

/// What merging can produce from plain text.
constexpr bool is_plain(TokenType type) { return type == TokenType::kNormal || type == TokenType::kUndefined; }

enum class TokenizerKind {
  kSentencePiece,  // BPE by score over characters with byte fallback (GGUF "llama")
  kByteLevelBpe,   // BPE by merge rank over GPT-2's byte alphabet (GGUF "gpt2")
};

struct Token {
  std::string
      text;         // SentencePiece: U+2581 for a space; byte-level BPE: in GPT-2's byte alphabet (added tokens: plain)
  float score = 0;  // SentencePiece only: the highest merges first
  TokenType type = TokenType::kNormal;
  bool lstrip = false;  // an added token that swallows white space to its left / right
  bool rstrip = false;
  bool operator==(const Token&) const = default;
};

struct Vocabulary {
  TokenizerKind kind = TokenizerKind::kSentencePiece;
  std::string pre = "default";           // GGUF's name of the pre-tokenizer; empty: `expressions` have no such name
  std::vector<std::string> expressions;  // byte-level BPE without a `pre`: a Hugging Face file's own, applied in turn
  bool ignore_merges = false;            // byte-level BPE: a piece that is a token as a whole is not merged
  std::vector<Token> tokens;             // index = id; padded to the model's vocabulary size with [PAD<id>], kUnused
  std::vector<std::string> merges;       // byte-level BPE: "left right", rank = index
  std::optional<TokenId> bos, eos, unk, pad;
  bool add_bos = false, add_eos = false;
  bool add_space_prefix = true;  // SentencePiece: before every stretch of text; byte level: unless it starts with one
  std::vector<TokenId> end_of_generation;  // every id that ends an answer, ascending
  std::optional<std::string> chat_template;
  std::map<std::string, std::string> named_chat_templates;  // "tool_use", ...

  /// Matched in the raw text before the model sees it.
  [[nodiscard]] bool is_added(TokenId id) const {
    const TokenType type = tokens[static_cast<size_t>(id)].type;
    return type == TokenType::kControl || type == TokenType::kUserDefined || (type == TokenType::kUnknown && unk == id);
  }
  bool operator==(const Vocabulary&) const = default;
};

/// Reads tokenizer.model or tokenizer.json (either is enough and gives the same; with both, pieces and scores come from
/// the model, flags from the JSON), added_tokens.json, special_tokens_map.json, tokenizer_config.json,
/// generation_config.json, config.json (ids), chat_template.jinja, chat_template.json, additional_chat_templates/.
/// `vocab_size`: rows of the embedding; the list is padded to it, and ids beyond it are an error; 0 if unknown.
/// Returns nothing when the folder has no tokenizer at all. Throws kBadFile / kUnsupported with file and key.
std::optional<Vocabulary> load_huggingface(const std::filesystem::path& folder, size_t vocab_size);

/// Reads the tokenizer.* keys. Returns nothing for "no_vocab"/"none" or when tokenizer.ggml.model is absent.
/// Throws kBadFile, naming the key, for arrays of wrong kind or length, ids outside the vocabulary and malformed byte
/// tokens; kUnsupported for another tokenizer model.
std::optional<Vocabulary> load_gguf(const formats::GgufMetadata& metadata);

/// Writes the tokenizer.* keys as llama.cpp v0.5.0's converter does, and `aurea.tokenizer.*` for what GGUF has no place
/// for: lstrip_ids, rstrip_ids, eog_ids (i32 arrays). Throws kUnsupported when the pre-tokenizer has no name in GGUF.
/// Hand the vocabulary over: its texts take many megabytes, and are moved.
void store_gguf(Vocabulary vocabulary, formats::GgufMetadata& metadata);

/// Adds to end_of_generation what ends an answer whatever the files say: eos and the added tokens whose text is known
/// to; sorts it. Both loaders end with it.
void complete_end_of_generation(Vocabulary& vocabulary);

/// Phi-3's layout: SentencePiece with the control tokens <|assistant|> and <|end|>. Its published files strip white
/// space to the right of their <|...|> tokens and end answers at <|assistant|> too; a GGUF file may have lost both.
bool is_phi3_layout(const Vocabulary& vocabulary);

/// Value of a byte token's text: exactly "<0xNN>" with two hexadecimal digits.
std::optional<uint8_t> parse_byte_token(std::string_view text);

}  // namespace aurea::tokenizers
