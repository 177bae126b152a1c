// Byte-pair merging: neighbouring symbols are joined, the pair of the lowest rank first and of equal ranks the
// leftmost, until no pair has a rank. Both tokenizer kinds come down to this; they differ in where symbols and ranks
// come from.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tokenizers/vocabulary.h"

namespace aurea::tokenizers {

/// A token's id; or, from the number of tokens on, a text that takes part in merges without being a token; or
/// kNoSymbol.
using SymbolId = int32_t;
inline constexpr SymbolId kNoSymbol = -1;

/// Texts to symbols, used while a MergeTable is built. The texts must outlive it.
class SymbolTable {
 public:
  explicit SymbolTable(size_t n_tokens) : next_(static_cast<SymbolId>(n_tokens)) { ids_.reserve(n_tokens); }
  /// Of tokens with the same text the first counts.
  void add_token(std::string_view text, TokenId id) { ids_.emplace(text, id); }
  /// The symbol of a text, a new one if it has none.
  SymbolId intern(std::string_view text) {
    const auto [it, is_new] = ids_.emplace(text, next_);
    if (is_new) ++next_;
    return it->second;
  }
  [[nodiscard]] SymbolId find(std::string_view text) const {
    const auto it = ids_.find(text);
    return it == ids_.end() ? kNoSymbol : it->second;
  }
  [[nodiscard]] const std::unordered_map<std::string_view, SymbolId>& entries() const { return ids_; }

 private:
  std::unordered_map<std::string_view, SymbolId> ids_;
  SymbolId next_;
};

struct Merge {
  SymbolId left, right, result;
  uint32_t rank;
};

/// The merges by pair: those of one left symbol stand together, sorted by right symbol. (A hash table would be a little
/// faster on average and much slower on a vocabulary made to collide.)
class MergeTable {
 public:
  MergeTable() = default;
  /// Of several merges of one pair the lowest rank counts.
  explicit MergeTable(std::vector<Merge> merges);
  [[nodiscard]] const Merge* find(SymbolId left, SymbolId right) const;

 private:
  std::vector<Merge> merges_;
  std::vector<uint32_t> first_;  // by left symbol; one more entry than symbols
};

/// A piece of text on its way through the merges: bytes [begin, begin of the next symbol).
struct Symbol {
  SymbolId id;
  uint32_t begin;
};

/// Merges in place, in O(n log n) for n symbols. What is left keeps its order and its `begin`.
void merge_symbols(const MergeTable& table, std::vector<Symbol>& symbols);

/// The tokens of merged symbols; a symbol that is none is spelt by the tokens of its bytes in `text`.
void append_ids(const std::vector<Symbol>& symbols, std::string_view text, size_t n_tokens,
                const std::array<TokenId, 256>& byte_ids, std::vector<TokenId>& out);

}  // namespace aurea::tokenizers
