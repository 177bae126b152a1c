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

/// Numbers as in GGUF's tokenizer.ggml.token_type.
enum class TokenType : int32_t { kUndefined = 0, kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5, kByte = 6 };

enum class TokenizerKind {
  kSentencePiece,  // BPE by score over characters with byte fallback (GGUF "llama")
  kByteLevelBpe,   // BPE by merge rank over GPT-2's byte alphabet (GGUF "gpt2")
};

struct Token {
  std::string text;  // SentencePiece: U+2581 for a space; byte-level BPE: in GPT-2's byte alphabet (added tokens: plain)
  float score = 0;
  TokenType type = TokenType::kNormal;
  bool added = false;   // matched in the raw text before the model sees it (control and user-defined tokens)
  bool lstrip = false;  // an added token that swallows white space to its left / right
  bool rstrip = false;
};

struct Vocabulary {
  TokenizerKind kind = TokenizerKind::kSentencePiece;
  std::string pre;                  // pre-tokenizer: "default", "phi-2", "gpt-2", "dbrx", "gpt-4o", "llama-bpe", ...
  std::vector<Token> tokens;        // index = id; padded to the model's vocabulary size with [PAD<id>], kUnused
  std::vector<std::string> merges;  // byte-level BPE: "left right", rank = index
  std::optional<TokenId> bos, eos, unk, pad;
  bool add_bos = false, add_eos = false;
  bool add_space_prefix = true;     // SentencePiece only
  bool clean_up_spaces = false;
  std::vector<TokenId> end_of_generation;  // every id that ends an answer: eos, generation_config's list, known texts
  std::optional<std::string> chat_template;
  std::map<std::string, std::string> named_chat_templates;  // "tool_use", ...
};

/// Reads tokenizer.model or tokenizer.json (either is enough; tokenizer.json wins for flags and merges), added_tokens.json,
/// special_tokens_map.json, tokenizer_config.json, generation_config.json, config.json (ids), chat_template.jinja,
/// additional_chat_templates/. `vocab_size`: rows of the embedding; the list is padded to it.
/// Returns nothing when the folder has no tokenizer at all. Throws kBadFile / kUnsupported with file and key.
std::optional<Vocabulary> load_huggingface(const std::filesystem::path& folder, size_t vocab_size);

/// Reads the tokenizer.* keys. Returns nothing for "no_vocab"/"none" or when tokenizer.ggml.model is absent.
std::optional<Vocabulary> load_gguf(const formats::GgufMetadata& metadata);

/// Writes the tokenizer.* keys as llama.cpp v0.5.0's converter does, and `aurea.tokenizer.*` for the strip flags that
/// GGUF has no place for.
void store_gguf(const Vocabulary& vocabulary, formats::GgufMetadata& metadata);

}  // namespace aurea::tokenizers
