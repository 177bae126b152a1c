// The tokenizer's files in a Hugging Face folder, as texts: what load_huggingface reads and the fuzzers make up.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "tokenizers/vocabulary.h"

namespace aurea::tokenizers {

/// Contents by file name; nothing for a file that is not there.
struct HuggingFaceFiles {
  std::string folder;  // for messages
  std::optional<std::string> tokenizer_json, tokenizer_model, tokenizer_config, added_tokens, special_tokens_map,
      generation_config, config, chat_template_jinja, chat_template_json;
  std::map<std::string, std::string> additional_chat_templates;  // additional_chat_templates/<name>.jinja
};

/// Throws kBadFile for a file above its size limit; kUnsupported when there is a vocab.json but no tokenizer.json.
HuggingFaceFiles read_huggingface_files(const std::filesystem::path& folder);

/// See load_huggingface. Large files are given up as soon as they are read: hand them over.
std::optional<Vocabulary> build_vocabulary(HuggingFaceFiles files, size_t vocab_size);

}  // namespace aurea::tokenizers
