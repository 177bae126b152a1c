#include "tokenizers/sentencepiece_scores.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "tokenizers/sentencepiece_bpe.h"
#include "tokenizers/space_mark.h"

namespace aurea::tokenizers {
namespace {

constexpr float kSpacesScore = -1e9f;

bool is_spaces(std::string_view text) {
  while (text.starts_with(kSpaceMark)) text.remove_prefix(kSpaceMark.size());
  return text.empty();
}

struct Pair {
  SymbolId left, right;
  auto operator<=>(const Pair&) const = default;
};

/// The merges as pairs of normal tokens, and whether those of space runs come after all others although their ids do
/// not.
struct ParsedMerges {
  std::vector<Pair> pairs;
  bool spaces_last = false;
};

ParsedMerges parse_merges(const Vocabulary& vocabulary, const SymbolTable& symbols,
                          const std::vector<std::string>& merges) {
  ParsedMerges parsed;
  const auto find_token = [&](std::string_view text) {
    const SymbolId id = symbols.find(text);
    return id < static_cast<SymbolId>(vocabulary.tokens.size()) ? id : kNoSymbol;
  };
  SymbolId highest = 0;  // result so far
  std::string joined;
  for (size_t rank = 0; rank < merges.size(); ++rank) {
    const std::string_view line = merges[rank];
    const size_t space = line.find(' ');
    joined.assign(line.substr(0, space)).append(line.substr(space + 1));
    const Pair pair{find_token(line.substr(0, space)), find_token(line.substr(space + 1))};
    const SymbolId result = find_token(joined);
    if (pair.left == kNoSymbol || pair.right == kNoSymbol || result == kNoSymbol) {
      fail_file("model.merges: entry {} ('{}') names a token that the vocabulary lacks", rank, line);
    }
    const bool of_spaces = is_spaces(vocabulary.tokens[static_cast<size_t>(result)].text);
    if (of_spaces && result < highest) parsed.spaces_last = true;
    if (!of_spaces && (result < highest || parsed.spaces_last)) {
      fail(ErrorCode::kUnsupported,
           "model.merges: entry {} ('{}') is out of the vocabulary's order, so that no scores follow from "
           "the merges; a tokenizer.model is needed",
           rank, line);
    }
    highest = std::max(highest, result);
    parsed.pairs.push_back(pair);
  }
  return parsed;
}

/// Sorted, each pair once.
void make_set(std::vector<Pair>& pairs) {
  std::ranges::sort(pairs);
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
}

}  // namespace

void derive_sentencepiece_scores(Vocabulary& vocabulary, const std::vector<std::string>& merges) {
  std::vector<Token>& tokens = vocabulary.tokens;
  SymbolTable symbols(tokens.size());
  std::vector<Pair> splits;
  for (const Merge& merge : sentencepiece_merges(vocabulary, symbols)) {
    // A character that is no token takes part in SentencePiece's merges, but cannot stand in the file's.
    const auto n_tokens = static_cast<SymbolId>(tokens.size());
    if (merge.left < n_tokens && merge.right < n_tokens) splits.push_back({merge.left, merge.right});
  }
  ParsedMerges parsed = parse_merges(vocabulary, symbols, merges);
  make_set(splits);
  make_set(parsed.pairs);
  if (splits != parsed.pairs) {
    fail(ErrorCode::kUnsupported,
         "model.merges: {} pairs, but the vocabulary's tokens split into {}; such merges are not those "
         "of a SentencePiece model, and a tokenizer.model is needed",
         parsed.pairs.size(), splits.size());
  }
  const auto first = std::ranges::find(tokens, TokenType::kNormal, &Token::type);
  for (auto token = first; token != tokens.end(); ++token) {
    if (token->type != TokenType::kNormal) continue;
    token->score = parsed.spaces_last && is_spaces(token->text) ? kSpacesScore : -static_cast<float>(token - first);
  }
}

}  // namespace aurea::tokenizers
