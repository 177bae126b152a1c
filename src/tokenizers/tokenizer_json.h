// tokenizer.json of Hugging Face's tokenizers library, read in one pass: the vocabulary and the merges, which may hold
// hundreds of thousands of entries, go straight into lists; the small rest becomes a Json value.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "tokenizers/vocabulary.h"

namespace aurea::tokenizers {

struct TokenizerJson {
  struct Entry {
    std::string text;
    TokenId id;
  };
  std::vector<Entry> vocab;         // model.vocab
  std::vector<std::string> merges;  // model.merges as "left right", whether the file holds strings or pairs
  Json rest;                        // all but these two
};

/// Throws kBadFile, naming `source`: as parse_json (but does not look for repeated keys in the vocabulary), and for
/// more tokens or merges than a sane file has, an id that is no id, or a merge that is no pair.
TokenizerJson parse_tokenizer_json(std::string_view text, const std::string& source);

}  // namespace aurea::tokenizers
