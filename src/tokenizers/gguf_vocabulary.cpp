// A vocabulary in a GGUF file's metadata: the tokenizer.* keys.
// Keys and values: ggml-org/ggml docs/gguf.md and ggml-org/llama.cpp gguf-py/gguf/constants.py, src/llama-vocab.cpp.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "tokenizers/pre_tokenizer.h"
#include "tokenizers/vocabulary.h"

namespace aurea::tokenizers {
namespace {

using formats::GgufMetadata;
using formats::GgufValue;

constexpr const char* kModel = "tokenizer.ggml.model";
constexpr const char* kPre = "tokenizer.ggml.pre";
constexpr const char* kTokens = "tokenizer.ggml.tokens";
constexpr const char* kScores = "tokenizer.ggml.scores";
constexpr const char* kTypes = "tokenizer.ggml.token_type";
constexpr const char* kMerges = "tokenizer.ggml.merges";
constexpr const char* kBos = "tokenizer.ggml.bos_token_id";
constexpr const char* kEos = "tokenizer.ggml.eos_token_id";
constexpr const char* kUnk = "tokenizer.ggml.unknown_token_id";
constexpr const char* kPad = "tokenizer.ggml.padding_token_id";
constexpr const char* kEot = "tokenizer.ggml.eot_token_id";
constexpr const char* kEom = "tokenizer.ggml.eom_token_id";
constexpr const char* kAddBos = "tokenizer.ggml.add_bos_token";
constexpr const char* kAddEos = "tokenizer.ggml.add_eos_token";
constexpr const char* kAddSpacePrefix = "tokenizer.ggml.add_space_prefix";
constexpr std::string_view kChatTemplate = "tokenizer.chat_template";
constexpr const char* kChatTemplates = "tokenizer.chat_templates";
constexpr const char* kLstripIds = "aurea.tokenizer.lstrip_ids";
constexpr const char* kRstripIds = "aurea.tokenizer.rstrip_ids";
constexpr const char* kEogIds = "aurea.tokenizer.eog_ids";

/// Throws unless an array has at least one item per token.
void check_count(const char* key, size_t found, size_t n_tokens) {
  if (found < n_tokens) fail_file("key '{}': expected {} items, one for each token, found {}", key, n_tokens, found);
}

void load_tokens(const GgufMetadata& metadata, Vocabulary& vocabulary) {
  const std::vector<std::string>* texts = metadata.optional_strings(kTokens);
  if (texts == nullptr || texts->empty()) fail_file("key '{}': expected an array of strings, found none", kTokens);
  if (texts->size() > kMaxTokens) {
    fail(ErrorCode::kUnsupported, "key '{}': {} tokens; the most that are supported is {}", kTokens, texts->size(),
         kMaxTokens);
  }
  vocabulary.tokens.resize(texts->size());
  for (size_t id = 0; id < texts->size(); ++id) vocabulary.tokens[id].text = (*texts)[id];
}

void load_types(const GgufMetadata& metadata, Vocabulary& vocabulary) {
  const auto types = metadata.optional_ints(kTypes);
  if (!types) {
    // Only SentencePiece cannot do without: its byte tokens are told by their type.
    if (vocabulary.kind == TokenizerKind::kSentencePiece) fail_file("key '{}' is missing", kTypes);
    return;
  }
  check_count(kTypes, types->size(), vocabulary.tokens.size());
  for (size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    const int64_t type = (*types)[id];
    Token& token = vocabulary.tokens[id];
    if (type < 0 || type > static_cast<int64_t>(TokenType::kByte)) {
      fail_file("key '{}': token {} has type {}, expected 0 to 6", kTypes, id, type);
    }
    token.type = static_cast<TokenType>(type);
    if (token.type == TokenType::kByte && !parse_byte_token(token.text)) {
      fail_file("key '{}': token {} is a byte token, but its text is '{}' and not <0x00> to <0xFF>", kTokens, id,
                token.text);
    }
  }
}

void load_scores(const GgufMetadata& metadata, Vocabulary& vocabulary) {
  const std::vector<float>* scores = metadata.optional_floats(kScores);
  if (scores == nullptr) fail_file("key '{}' is missing", kScores);
  check_count(kScores, scores->size(), vocabulary.tokens.size());
  for (size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    if (!std::isfinite((*scores)[id])) fail_file("key '{}': the score of token {} is not finite", kScores, id);
    vocabulary.tokens[id].score = (*scores)[id];
  }
}

TokenId checked_id(const char* key, uint64_t id, size_t n_tokens) {
  if (id >= n_tokens) fail_file("key '{}': id {} is outside the vocabulary of {} tokens", key, id, n_tokens);
  return static_cast<TokenId>(id);
}

/// An id; `otherwise` is what llama.cpp assumes when the key is missing. 0xFFFFFFFF is -1: none.
std::optional<TokenId> load_id(const GgufMetadata& metadata, const char* key, size_t n_tokens,
                               std::optional<TokenId> otherwise = std::nullopt) {
  const GgufValue* value = metadata.find(key);
  if (value == nullptr) {
    if (otherwise && static_cast<size_t>(*otherwise) < n_tokens) return otherwise;
    return std::nullopt;
  }
  if (const auto* number = std::get_if<int64_t>(&value->data); number != nullptr && *number == -1) return std::nullopt;
  const auto id = metadata.optional_uint(key);
  if (*id == std::numeric_limits<uint32_t>::max()) return std::nullopt;
  return checked_id(key, *id, n_tokens);
}

/// Ids of an array; nothing when the key is missing.
std::optional<std::vector<TokenId>> load_ids(const GgufMetadata& metadata, const char* key, size_t n_tokens) {
  const auto numbers = metadata.optional_ints(key);
  if (!numbers) return std::nullopt;
  std::vector<TokenId> ids;
  for (const int64_t number : *numbers) ids.push_back(checked_id(key, static_cast<uint64_t>(number), n_tokens));
  return ids;
}

void load_strip_flags(const GgufMetadata& metadata, Vocabulary& vocabulary) {
  const auto lstrip = load_ids(metadata, kLstripIds, vocabulary.tokens.size());
  const auto rstrip = load_ids(metadata, kRstripIds, vocabulary.tokens.size());
  if (lstrip || rstrip) {
    for (const TokenId id : lstrip.value_or(std::vector<TokenId>()))
      vocabulary.tokens[static_cast<size_t>(id)].lstrip = true;
    for (const TokenId id : rstrip.value_or(std::vector<TokenId>()))
      vocabulary.tokens[static_cast<size_t>(id)].rstrip = true;
  } else if (is_phi3_layout(vocabulary)) {
    for (Token& token : vocabulary.tokens) {
      const bool is_tag = token.text.starts_with("<|") && token.text.ends_with("|>") && token.text != "<|endoftext|>";
      token.rstrip = token.type == TokenType::kControl && is_tag;
    }
  }
}

void load_chat_templates(const GgufMetadata& metadata, Vocabulary& vocabulary) {
  vocabulary.chat_template = metadata.optional_string(kChatTemplate);
  for (const auto& entry : metadata.entries()) {
    const std::string_view key = entry.key;
    if (!key.starts_with(kChatTemplate) || key.size() <= kChatTemplate.size() + 1 || key[kChatTemplate.size()] != '.')
      continue;
    vocabulary.named_chat_templates[std::string(key.substr(kChatTemplate.size() + 1))] = *metadata.optional_string(key);
  }
}

void store_chat_templates(const Vocabulary& vocabulary, GgufMetadata& metadata) {
  if (!vocabulary.named_chat_templates.empty()) {
    std::vector<std::string> names;
    for (const auto& [name, text] : vocabulary.named_chat_templates) {
      std::string safe_name = name;
      const auto is_safe = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      };
      std::ranges::replace_if(
          safe_name, [&](char c) { return !is_safe(c); }, '_');
      metadata.set(std::string(kChatTemplate) + "." + safe_name, GgufValue::string(text));
      names.push_back(safe_name);
    }
    metadata.set(kChatTemplates, GgufValue::strings(std::move(names)));
  }
  if (vocabulary.chat_template) metadata.set(std::string(kChatTemplate), GgufValue::string(*vocabulary.chat_template));
}

/// Ids of the tokens that have a flag.
std::vector<int64_t> ids_with(const Vocabulary& vocabulary, bool Token::*flag) {
  std::vector<int64_t> ids;
  for (size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    if (vocabulary.tokens[id].*flag) ids.push_back(static_cast<int64_t>(id));
  }
  return ids;
}

/// `flags_assumed`: a reader that finds no flags would assume some.
void store_own_keys(const Vocabulary& vocabulary, bool flags_assumed, GgufMetadata& metadata) {
  std::vector<int64_t> lstrip = ids_with(vocabulary, &Token::lstrip), rstrip = ids_with(vocabulary, &Token::rstrip);
  if (!lstrip.empty() || !rstrip.empty() || flags_assumed) {
    metadata.set(kLstripIds, GgufValue::i32s(std::move(lstrip)));
    metadata.set(kRstripIds, GgufValue::i32s(std::move(rstrip)));
  }
  if (!vocabulary.end_of_generation.empty()) {
    const auto& ends = vocabulary.end_of_generation;
    metadata.set(kEogIds, GgufValue::i32s(std::vector<int64_t>(ends.begin(), ends.end())));
  }
}

}  // namespace

std::optional<Vocabulary> load_gguf(const GgufMetadata& metadata) {
  const auto model = metadata.optional_string(kModel);
  if (!model || *model == "no_vocab" || *model == "none") return std::nullopt;
  if (*model != "llama" && *model != "gpt2") {
    fail(ErrorCode::kUnsupported, "key '{}': tokenizer model '{}' is not supported, only 'llama' and 'gpt2'", kModel,
         *model);
  }
  Vocabulary vocabulary;
  const bool sentencepiece = *model == "llama";
  vocabulary.kind = sentencepiece ? TokenizerKind::kSentencePiece : TokenizerKind::kByteLevelBpe;
  vocabulary.pre = metadata.optional_string(kPre).value_or("");
  if (vocabulary.pre.empty()) vocabulary.pre = "default";  // as in llama.cpp
  load_tokens(metadata, vocabulary);
  load_types(metadata, vocabulary);
  if (sentencepiece) {
    load_scores(metadata, vocabulary);
  } else if (const auto* merges = metadata.optional_strings(kMerges)) {
    vocabulary.merges = *merges;
  } else {
    fail_file("key '{}' is missing", kMerges);
  }

  const size_t n_tokens = vocabulary.tokens.size();
  const auto llama_default = [&](TokenId id) { return sentencepiece ? std::optional(id) : std::nullopt; };
  vocabulary.bos = load_id(metadata, kBos, n_tokens, llama_default(1));
  vocabulary.eos = load_id(metadata, kEos, n_tokens, llama_default(2));
  vocabulary.unk = load_id(metadata, kUnk, n_tokens, llama_default(0));
  vocabulary.pad = load_id(metadata, kPad, n_tokens);
  const PreTokenizerInfo* pre = sentencepiece ? nullptr : find_pre_tokenizer(vocabulary.pre);
  vocabulary.ignore_merges = pre != nullptr && pre->ignore_merges;
  vocabulary.add_bos = metadata.optional_bool(kAddBos).value_or(sentencepiece || (pre != nullptr && pre->add_bos));
  vocabulary.add_eos = metadata.optional_bool(kAddEos).value_or(false);
  vocabulary.add_space_prefix = metadata.optional_bool(kAddSpacePrefix).value_or(sentencepiece);

  load_strip_flags(metadata, vocabulary);
  load_chat_templates(metadata, vocabulary);
  vocabulary.end_of_generation = load_ids(metadata, kEogIds, n_tokens).value_or(std::vector<TokenId>());
  for (const char* key : {kEot, kEom}) {
    if (const auto id = load_id(metadata, key, n_tokens)) vocabulary.end_of_generation.push_back(*id);
  }
  complete_end_of_generation(vocabulary);
  return vocabulary;
}

void store_gguf(Vocabulary vocabulary, GgufMetadata& metadata) {
  const bool sentencepiece = vocabulary.kind == TokenizerKind::kSentencePiece;
  if (vocabulary.pre.empty()) {
    const std::string expression = vocabulary.expressions.empty() ? "none" : vocabulary.expressions.front();
    fail(ErrorCode::kUnsupported,
         "GGUF has no name for this tokenizer's pre-tokenizer{} (expression: {}), so no GGUF reader could use it",
         vocabulary.ignore_merges ? " with ignore_merges" : "", expression);
  }
  const bool flags_assumed = is_phi3_layout(vocabulary);  // by the texts, which are moved
  metadata.set(kModel, GgufValue::string(sentencepiece ? "llama" : "gpt2"));
  metadata.set(kPre, GgufValue::string(vocabulary.pre));
  std::vector<std::string> texts;
  std::vector<float> scores;
  std::vector<int64_t> types;
  texts.reserve(vocabulary.tokens.size());
  for (Token& token : vocabulary.tokens) {
    texts.push_back(std::move(token.text));
    scores.push_back(token.score);
    types.push_back(static_cast<int64_t>(token.type));
  }
  metadata.set(kTokens, GgufValue::strings(std::move(texts)));
  if (sentencepiece) metadata.set(kScores, GgufValue::f32s(std::move(scores)));
  metadata.set(kTypes, GgufValue::i32s(std::move(types)));
  if (!sentencepiece) metadata.set(kMerges, GgufValue::strings(std::move(vocabulary.merges)));

  const auto store_id = [&](const char* key, std::optional<TokenId> id) {
    if (id) metadata.set(key, GgufValue::u32(static_cast<uint32_t>(*id)));
  };
  store_id(kBos, vocabulary.bos);
  store_id(kEos, vocabulary.eos);
  store_id(kUnk, vocabulary.unk);
  store_id(kPad, vocabulary.pad);
  metadata.set(kAddBos, GgufValue::boolean(vocabulary.add_bos));
  metadata.set(kAddEos, GgufValue::boolean(vocabulary.add_eos));
  if (vocabulary.add_space_prefix != sentencepiece) {
    metadata.set(kAddSpacePrefix, GgufValue::boolean(vocabulary.add_space_prefix));
  }
  store_chat_templates(vocabulary, metadata);
  store_own_keys(vocabulary, flags_assumed, metadata);
}

}  // namespace aurea::tokenizers
