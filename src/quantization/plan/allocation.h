// Which of its choices each item takes: the least loss within a size, the least size within a loss (the multiple-choice
// knapsack problem), for all sizes at once by dynamic programming (Kellerer, Pferschy, Pisinger, "Knapsack Problems",
// chapter 11). Knows nothing of tensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace aurea::quantization {

struct Choice {
  uint64_t bytes = 0;
  double loss = 0;  // from 0 on, finite
};

struct Allocation {
  std::vector<size_t> chosen;  // by item: the number of its choice
  uint64_t bytes = 0;
  double loss = 0;
};

/// Every item takes exactly one of its choices; bytes and losses add up.
class AllocationFront {
 public:
  /// No item is without choices; at most 255 each. Sizes are counted in units: the largest that all differences of
  /// sizes are multiples of, so that the result is exact, but not more than kUnits in all. Where that would be more,
  /// sizes are rounded up, and what that leaves over is spent afterwards: the loss is then that of a budget smaller by
  /// less than one part in kUnits for each item, or less. Throws kBadFile when a sum does not fit into 64 bits.
  explicit AllocationFront(std::vector<std::vector<Choice>> items);
  static constexpr size_t kUnits = size_t{1} << 17;

  /// The least loss with at most so many bytes, and of those the least bytes. Nothing: even the smallest are larger.
  [[nodiscard]] std::optional<Allocation> within_bytes(uint64_t bytes) const;
  /// The least bytes with at most that loss. Nothing: even the least loss is larger.
  [[nodiscard]] std::optional<Allocation> within_loss(double loss) const;

  [[nodiscard]] uint64_t least_bytes() const { return least_bytes_; }
  /// Of every item's choice with the least loss (the smallest such).
  [[nodiscard]] uint64_t most_bytes() const { return most_bytes_; }
  [[nodiscard]] double least_loss() const;

 private:
  void fill();
  [[nodiscard]] Allocation at(size_t unit) const;
  void spend(uint64_t bytes, Allocation& allocation) const;
  [[nodiscard]] uint64_t excess(size_t item, size_t choice) const {
    return items_[item][choice].bytes - smallest_[item];
  }

  std::vector<std::vector<Choice>> items_;
  std::vector<uint64_t> smallest_;  // by item: bytes of its smallest choice
  uint64_t least_bytes_ = 0, most_bytes_ = 0, unit_ = 1;
  size_t n_units_ = 0;             // states: 0 .. n_units_ units more than the smallest sizes
  std::vector<double> loss_;       // by state: the least loss of all items
  std::vector<uint8_t> decision_;  // [item, state]: the choice in the best allocation of items 0 .. item
};

}  // namespace aurea::quantization
