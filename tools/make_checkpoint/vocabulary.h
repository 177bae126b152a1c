// A made-up vocabulary of any size, so that a synthetic checkpoint can be tokenized and loaded by every program.
#pragma once

#include <filesystem>

#include "make_checkpoint/members.h"

namespace aurea::tools {

/// Writes tokenizer.json and tokenizer_config.json with `size` tokens: single characters (or bytes), then runs of letters in the
/// order a BPE would merge them, then the control tokens of a chat.
void write_vocabulary(const std::filesystem::path& folder, VocabularyKind kind, size_t size);

}  // namespace aurea::tools
