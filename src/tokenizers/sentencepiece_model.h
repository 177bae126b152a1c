// tokenizer.model: a SentencePiece model file (a protobuf message, see sentencepiece_model.proto).
#pragma once

#include <string>
#include <string_view>

#include "tokenizers/vocabulary.h"

namespace aurea::tokenizers {

/// Pieces with scores and types; bos, eos, unk, pad; add_space_prefix. Throws kBadFile, naming `source`, for a
/// malformed message; kUnsupported for a model that is not BPE or that changes the text before cutting it.
Vocabulary parse_sentencepiece_model(std::string_view bytes, const std::string& source);

}  // namespace aurea::tokenizers
