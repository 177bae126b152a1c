#include "tokenizers/merge_table.h"

#include <algorithm>
#include <tuple>

namespace aurea::tokenizers {
namespace {

/// A pair that may be merged, unless one of its symbols has been merged with another neighbour meanwhile.
struct Candidate {
  uint32_t rank;
  uint32_t left;  // index of the left symbol
  const Merge* merge;
  bool operator>(const Candidate& other) const { return std::tie(rank, left) > std::tie(other.rank, other.left); }
};

/// The symbols as a list: a merged symbol lives on at the place of its left part.
class SymbolList {
 public:
  SymbolList(const MergeTable& table, std::vector<Symbol>& symbols) : table_(table), symbols_(symbols) {
    const auto n = static_cast<uint32_t>(symbols.size());
    previous_.resize(n);
    next_.resize(n);
    for (uint32_t i = 0; i < n; ++i) previous_[i] = i - 1, next_[i] = i + 1;
    for (uint32_t i = 0; i + 1 < n; ++i) add_candidate(i);
  }

  void merge_all() {
    while (!heap_.empty()) {
      std::ranges::pop_heap(heap_, std::greater<>());
      const Candidate candidate = heap_.back();
      heap_.pop_back();
      const uint32_t left = candidate.left, right = next_[left];
      if (symbols_[left].id != candidate.merge->left || right >= symbols_.size() ||
          symbols_[right].id != candidate.merge->right) {
        continue;
      }
      symbols_[left].id = candidate.merge->result;
      symbols_[right].id = kGone;
      next_[left] = next_[right];
      if (next_[left] < symbols_.size()) previous_[next_[left]] = left;
      if (left > 0) add_candidate(previous_[left]);
      add_candidate(left);
    }
    std::erase_if(symbols_, [](const Symbol& symbol) { return symbol.id == kGone; });
  }

 private:
  static constexpr SymbolId kGone = -2;

  void add_candidate(uint32_t left) {
    const uint32_t right = next_[left];
    if (right >= symbols_.size()) return;
    const Merge* merge = table_.find(symbols_[left].id, symbols_[right].id);
    if (merge == nullptr) return;
    heap_.push_back({merge->rank, left, merge});
    std::ranges::push_heap(heap_, std::greater<>());
  }

  const MergeTable& table_;
  std::vector<Symbol>& symbols_;
  std::vector<uint32_t> previous_,
      next_;                     // next_ of the last is the number of symbols; previous_ of the first is not used
  std::vector<Candidate> heap_;  // the best candidate in front
};

}  // namespace

MergeTable::MergeTable(std::vector<Merge> merges) : merges_(std::move(merges)) {
  const auto key = [](const Merge& merge) { return std::tie(merge.left, merge.right, merge.rank); };
  std::ranges::sort(merges_, {}, key);
  const auto same_pair = [](const Merge& a, const Merge& b) { return a.left == b.left && a.right == b.right; };
  merges_.erase(std::unique(merges_.begin(), merges_.end(), same_pair), merges_.end());
  if (merges_.empty()) return;
  first_.assign(static_cast<size_t>(merges_.back().left) + 2, 0);
  for (const Merge& merge : merges_) ++first_[static_cast<size_t>(merge.left) + 1];
  for (size_t i = 1; i < first_.size(); ++i) first_[i] += first_[i - 1];
}

const Merge* MergeTable::find(SymbolId left, SymbolId right) const {
  if (left < 0 || static_cast<size_t>(left) + 1 >= first_.size()) return nullptr;
  const Merge* begin = merges_.data() + first_[static_cast<size_t>(left)];
  const Merge* end = merges_.data() + first_[static_cast<size_t>(left) + 1];
  const Merge* found = std::ranges::lower_bound(begin, end, right, {}, &Merge::right);
  return found != end && found->right == right ? found : nullptr;
}

void merge_symbols(const MergeTable& table, std::vector<Symbol>& symbols) {
  if (symbols.size() < 2) return;
  SymbolList(table, symbols).merge_all();
}

void append_ids(const std::vector<Symbol>& symbols, std::string_view text, size_t n_tokens,
                const std::array<TokenId, 256>& byte_ids, std::vector<TokenId>& out) {
  for (size_t i = 0; i < symbols.size(); ++i) {
    if (symbols[i].id != kNoSymbol && static_cast<size_t>(symbols[i].id) < n_tokens) {
      out.push_back(symbols[i].id);
      continue;
    }
    const size_t end = i + 1 < symbols.size() ? symbols[i + 1].begin : text.size();
    for (size_t at = symbols[i].begin; at < end; ++at) out.push_back(byte_ids[static_cast<uint8_t>(text[at])]);
  }
}

}  // namespace aurea::tokenizers
