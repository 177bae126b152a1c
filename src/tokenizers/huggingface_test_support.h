// Small files of a Hugging Face folder, and what loading them throws: for the tests of this folder.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>

#include "core/error.h"
#include "tokenizers/huggingface_files.h"
#include "tokenizers/test_vocabularies.h"

namespace aurea::tokenizers::test_data {

/// What an action throws; empty when it does not. `code`, where given, must be the error's.
inline std::string message_of(const std::function<void()>& action, std::optional<ErrorCode> code = std::nullopt) {
  try {
    action();
  } catch (const Error& error) {
    if (code) {
      EXPECT_EQ(error.code(), *code) << error.what();
    }
    return error.what();
  }
  return "";
}

inline HuggingFaceFiles files_with(const Json& tokenizer_json) {
  HuggingFaceFiles files;
  files.folder = "folder";
  files.tokenizer_json = tokenizer_json.dump();
  return files;
}

inline Vocabulary load(const Json& tokenizer_json) { return build_vocabulary(files_with(tokenizer_json), 0).value(); }

/// A tokenizer.json with one byte-level merge and two added tokens.
inline Json small_json(const char* expression = nullptr) {
  return byte_level_json(byte_level("gpt-2", {"a b"}, {control("<|endoftext|>"), user_defined("<tool>", true, true)}),
                         expression);
}

/// A tokenizer.json of Phi-3's kind with pieces of spaces, a and b. As in Llama's and Phi-3's files, the pieces made of
/// spaces stand among the others, their merges at the end.
inline Json small_sentencepiece_json() {
  Json json = Json::parse(R"({
    "normalizer": {"type": "Sequence", "normalizers": [
      {"type": "Prepend", "prepend": "\u2581"},
      {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]},
    "model": {"type": "BPE", "byte_fallback": true, "unk_token": "<unk>", "vocab": {"<unk>": 0},
      "merges": ["\u2581 a", "a b", "\u2581 \u2581", "\u2581\u2581 \u2581", "\u2581 \u2581\u2581"]}})");
  Json& vocab = json["model"]["vocab"];
  for (int byte = 0; byte < 256; ++byte) vocab[fmt::format("<0x{:02X}>", byte)] = byte + 1;
  for (const char* piece : {"\u2581\u2581", "\u2581a", "ab", "\u2581\u2581\u2581", "\u2581", "a", "b"}) {
    vocab[piece] = vocab.size();
  }
  return json;
}

}  // namespace aurea::tokenizers::test_data
