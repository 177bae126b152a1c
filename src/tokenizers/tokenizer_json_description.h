// What a tokenizer.json says about how text is cut: its normalizer, pre-tokenizer, model, post-processor and decoder.
// Format: huggingface/tokenizers (each part is an object with a "type"). What is not understood is refused by name.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tokenizers/tokenizer_json.h"
#include "tokenizers/vocabulary.h"

namespace aurea::tokenizers {

/// An added token as tokenizer.json and tokenizer_config.json describe it.
struct AddedTokenEntry {
  TokenId id;
  std::string text;
  bool special, lstrip, rstrip;
  bool normalized = false;  // looked for in the text after the normalizer, as which it is itself rewritten
};

struct TokenizerJsonDescription {
  TokenizerKind kind = TokenizerKind::kByteLevelBpe;
  std::vector<std::string> expressions;  // byte level: of the pre-tokenizer, in turn
  bool ignore_merges = false;
  bool add_space_prefix = false;
  std::optional<std::string> unk_text;
  std::vector<AddedTokenEntry> added;
  std::optional<std::string> prefix_text, suffix_text;  // special tokens that the post-processor puts around a text
};

/// Throws kUnsupported / kBadFile, naming `source` and the key.
TokenizerJsonDescription describe_tokenizer_json(const Json& rest, const std::string& source);

/// One entry of added_tokens (tokenizer.json) or added_tokens_decoder (tokenizer_config.json, where the id is the key).
AddedTokenEntry parse_added_token(const Json& entry, int64_t id);

}  // namespace aurea::tokenizers
