// Scores for a SentencePiece vocabulary of which only the tokenizer.json is there, which has merges instead.
#pragma once

#include <string>
#include <vector>

#include "tokenizers/vocabulary.h"

namespace aurea::tokenizers {

/// Sets the scores of the normal tokens. SentencePiece numbers the pieces of a BPE model in the order it learnt them,
/// and gives the i-th the score -i; Llama's and Phi-3's makers set those made of spaces alone to -1e9, which shows as
/// merges at the end. Both follow from the merges, which Hugging Face's converter lists by score; that they are
/// complete and in this order is checked. Throws kUnsupported when they are not: such merges have no scores, and a
/// tokenizer.model would be needed.
void derive_sentencepiece_scores(Vocabulary& vocabulary, const std::vector<std::string>& merges);

}  // namespace aurea::tokenizers
