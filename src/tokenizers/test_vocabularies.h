// Small vocabularies for the tests of this folder.
#pragma once

#include <initializer_list>
#include <random>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/utf8.h"
#include "tokenizers/byte_alphabet.h"
#include "tokenizers/vocabulary.h"

namespace aurea::tokenizers::test_data {

/// <unk>, <s>, </s>, the 256 byte tokens (ids 3 to 258), then `pieces` with scores 0, -1, ..., then the added tokens.
inline Vocabulary sentencepiece(std::initializer_list<const char*> pieces, std::initializer_list<Token> added = {}) {
  Vocabulary vocabulary;
  vocabulary.tokens = {
      {"<unk>", 0, TokenType::kUnknown}, {"<s>", 0, TokenType::kControl}, {"</s>", 0, TokenType::kControl}};
  for (int byte = 0; byte < 256; ++byte) {
    vocabulary.tokens.push_back({fmt::format("<0x{:02X}>", byte), 0, TokenType::kByte});
  }
  float score = 0;
  for (const char* piece : pieces) vocabulary.tokens.push_back({piece, score--, TokenType::kNormal});
  vocabulary.tokens.insert(vocabulary.tokens.end(), added.begin(), added.end());
  vocabulary.unk = 0;
  vocabulary.bos = 1;
  vocabulary.eos = 2;
  complete_end_of_generation(vocabulary);
  return vocabulary;
}

/// The 256 bytes in GPT-2's alphabet (id = byte), then what the merges make, then the added tokens.
inline Vocabulary byte_level(const std::string& pre, std::initializer_list<const char*> merges = {},
                             std::initializer_list<Token> added = {}) {
  Vocabulary vocabulary;
  vocabulary.kind = TokenizerKind::kByteLevelBpe;
  vocabulary.pre = pre;
  vocabulary.add_space_prefix = false;
  for (int byte = 0; byte < 256; ++byte) {
    Token token;
    append_utf8(token.text, alphabet_from_byte(static_cast<uint8_t>(byte)));
    vocabulary.tokens.push_back(token);
  }
  for (const std::string merge : merges) {
    vocabulary.merges.push_back(merge);
    Token token;
    token.text = merge;
    token.text.erase(token.text.find(' '), 1);
    vocabulary.tokens.push_back(token);
  }
  vocabulary.tokens.insert(vocabulary.tokens.end(), added.begin(), added.end());
  complete_end_of_generation(vocabulary);
  return vocabulary;
}

inline Token control(const char* text, bool lstrip = false, bool rstrip = false) {
  return {text, 0, TokenType::kControl, lstrip, rstrip};
}
inline Token user_defined(const char* text, bool lstrip = false, bool rstrip = false) {
  return {text, 0, TokenType::kUserDefined, lstrip, rstrip};
}

/// A tokenizer.json with byte_level's tokens: `pre_tokenizer` null stands for ByteLevel with its built-in expression.
inline Json byte_level_json(const Vocabulary& vocabulary, const char* expression = nullptr) {
  // Parsed from text: nested braces take the compiler very long.
  Json json = Json::parse(R"({"added_tokens": [], "normalizer": null,
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
    "post_processor": null, "decoder": {"type": "ByteLevel"}, "model": {"type": "BPE", "vocab": {}}})");
  if (expression != nullptr) {
    json["pre_tokenizer"] = Json::parse(R"({"type": "Sequence", "pretokenizers": [
      {"type": "Split", "pattern": {"Regex": ""}, "behavior": "Isolated", "invert": false},
      {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]})");
    json["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = expression;
  }
  json["model"]["merges"] = vocabulary.merges;
  for (size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    const Token& token = vocabulary.tokens[id];
    if (is_plain(token.type)) {
      json["model"]["vocab"][token.text] = id;
    } else {
      Json& entry = json["added_tokens"].emplace_back();
      entry["id"] = id;
      entry["content"] = token.text;
      entry["special"] = token.type == TokenType::kControl;
      entry["lstrip"] = token.lstrip;
      entry["rstrip"] = token.rstrip;
    }
  }
  return json;
}

/// Random text: letters of many scripts, digits, white space, punctuation, emoji, controls.
inline std::string random_text(std::mt19937& random, size_t characters) {
  static constexpr char32_t kRanges[][2] = {
      {0x20, 0x20},     {0x61, 0x7A},     {0x41, 0x5A},     {0x30, 0x39},     {0x21, 0x2F},       {0x00, 0x1F},
      {0x7F, 0xA1},     {0xC0, 0x24F},    {0x300, 0x36F},   {0x391, 0x3C9},   {0x410, 0x44F},     {0x5D0, 0x5EA},
      {0x621, 0x64A},   {0x905, 0x94D},   {0xE01, 0xE3A},   {0x1780, 0x17D3}, {0x2000, 0x200F},   {0x2028, 0x202F},
      {0x3041, 0x3096}, {0x4E00, 0x9FA5}, {0xAC00, 0xD7A3}, {0xFEFF, 0xFEFF}, {0x1F300, 0x1F64F}, {0x1D400, 0x1D454},
      {0x0A, 0x0D},     {0x27, 0x27}};
  std::string text;
  while (characters > 0) {
    const auto& range = kRanges[random() % std::size(kRanges)];
    for (size_t run = 1 + random() % 6; run > 0 && characters > 0; --run, --characters) {
      append_utf8(text, range[0] + static_cast<char32_t>(random() % (range[1] - range[0] + 1)));
    }
  }
  return text;
}

inline std::string random_bytes(std::mt19937& random, size_t count) {
  std::string bytes;
  for (; count > 0; --count) bytes.push_back(static_cast<char>(random() & 0xFF));
  return bytes;
}

}  // namespace aurea::tokenizers::test_data
