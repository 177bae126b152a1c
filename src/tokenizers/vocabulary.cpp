#include "tokenizers/vocabulary.h"

#include <algorithm>

namespace aurea::tokenizers {
namespace {

/// Texts of added tokens that end an answer or a turn, in the vocabularies in use (llama.cpp src/llama-vocab.cpp has
/// the same).
constexpr std::string_view kEndTexts[] = {
    "<|endoftext|>", "<|end|>",       "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>",
    "</s>",          "<end_of_turn>", "<|return|>", "<|call|>",   "<EOT>",
};

std::optional<TokenId> find_added(const Vocabulary& vocabulary, std::string_view text) {
  for (size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    const auto token = static_cast<TokenId>(id);
    if (vocabulary.tokens[id].text == text && vocabulary.is_added(token)) return token;
  }
  return std::nullopt;
}

}  // namespace

std::optional<uint8_t> parse_byte_token(std::string_view text) {
  if (text.size() != 6 || !text.starts_with("<0x") || text[5] != '>') return std::nullopt;
  unsigned value = 0;
  for (const char digit : text.substr(3, 2)) {
    if (digit >= '0' && digit <= '9') {
      value = value * 16 + static_cast<unsigned>(digit - '0');
    } else if (digit >= 'A' && digit <= 'F') {
      value = value * 16 + static_cast<unsigned>(digit - 'A') + 10;
    } else if (digit >= 'a' && digit <= 'f') {
      value = value * 16 + static_cast<unsigned>(digit - 'a') + 10;
    } else {
      return std::nullopt;
    }
  }
  return static_cast<uint8_t>(value);
}

bool is_phi3_layout(const Vocabulary& vocabulary) {
  if (vocabulary.kind != TokenizerKind::kSentencePiece) return false;
  const auto is_control = [&](std::string_view text) {
    const auto id = find_added(vocabulary, text);
    return id && vocabulary.tokens[static_cast<size_t>(*id)].type == TokenType::kControl;
  };
  return is_control("<|assistant|>") && is_control("<|end|>");
}

void complete_end_of_generation(Vocabulary& vocabulary) {
  std::vector<TokenId>& ends = vocabulary.end_of_generation;
  if (vocabulary.eos) ends.push_back(*vocabulary.eos);
  // Where both of these exist, <|end|> ends a part of an answer only.
  const bool has_parts = find_added(vocabulary, "<|return|>") && find_added(vocabulary, "<|call|>");
  for (const std::string_view text : kEndTexts) {
    const auto id = find_added(vocabulary, text);
    if (id && !(has_parts && text == "<|end|>")) ends.push_back(*id);
  }
  if (is_phi3_layout(vocabulary)) ends.push_back(*find_added(vocabulary, "<|assistant|>"));
  std::ranges::sort(ends);
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
}

}  // namespace aurea::tokenizers
