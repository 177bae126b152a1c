#include "quantization/plan/allocation.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "core/checked_math.h"
#include "core/error.h"

namespace aurea::quantization {

AllocationFront::AllocationFront(std::vector<std::vector<Choice>> items) : items_(std::move(items)) {
  uint64_t divisor = 0;
  for (const std::vector<Choice>& choices : items_) {
    AUREA_CHECK(!choices.empty() && choices.size() <= 255);
    const auto less_bytes = [](const Choice& a, const Choice& b) { return a.bytes < b.bytes; };
    const auto less_loss = [](const Choice& a, const Choice& b) {
      return a.loss != b.loss ? a.loss < b.loss : a.bytes < b.bytes;
    };
    smallest_.push_back(std::ranges::min(choices, less_bytes).bytes);
    least_bytes_ = checked_add(least_bytes_, smallest_.back(), "size of a plan");
    most_bytes_ = checked_add(most_bytes_, std::ranges::min(choices, less_loss).bytes, "size of a plan");
    for (const Choice& choice : choices) divisor = std::gcd(divisor, choice.bytes - smallest_.back());
  }
  const uint64_t range = most_bytes_ - least_bytes_;
  unit_ = std::max({uint64_t{1}, divisor, range / kUnits + (range % kUnits != 0 ? 1 : 0)});
  if (divisor > 0 && unit_ > divisor) unit_ = (unit_ + divisor - 1) / divisor * divisor;  // rounds fewer sizes
  n_units_ = range / unit_ + (range % unit_ != 0 ? 1 : 0);
  fill();
}

void AllocationFront::fill() {
  constexpr double kNone = std::numeric_limits<double>::infinity();
  // Where sizes are rounded up, all items' least losses together may take more units than the range has: every state
  // beyond it is as good as one with room for all of them.
  if (unit_ > 1) n_units_ += items_.size();
  loss_.assign(n_units_ + 1, 0.0);
  decision_.resize(items_.size() * (n_units_ + 1));
  std::vector<double> next(n_units_ + 1);
  for (size_t item = 0; item < items_.size(); ++item) {
    uint8_t* decision = decision_.data() + item * (n_units_ + 1);
    std::ranges::fill(next, kNone);
    for (size_t c = 0; c < items_[item].size(); ++c) {
      const uint64_t bytes = excess(item, c), units = bytes / unit_ + (bytes % unit_ != 0 ? 1 : 0);
      const double loss = items_[item][c].loss;
      for (size_t state = units; state <= n_units_; ++state) {
        const double sum = loss_[state - units] + loss;
        if (sum >= next[state]) continue;
        next[state] = sum;
        decision[state] = static_cast<uint8_t>(c);
      }
    }
    std::swap(loss_, next);
  }
}

Allocation AllocationFront::at(size_t unit) const {
  Allocation result{.chosen = std::vector<size_t>(items_.size())};
  for (size_t item = items_.size(); item-- > 0;) {
    const size_t c = decision_[item * (n_units_ + 1) + unit];
    const uint64_t bytes = excess(item, c);
    unit -= bytes / unit_ + (bytes % unit_ != 0 ? 1 : 0);
    result.chosen[item] = c;
    result.bytes += items_[item][c].bytes;
    result.loss += items_[item][c].loss;
  }
  return result;
}

/// What the rounding of sizes left over goes to the exchanges of single choices that gain the most.
void AllocationFront::spend(uint64_t bytes, Allocation& allocation) const {
  for (;;) {
    size_t best_item = 0, best_choice = 0;
    double most = 0;
    for (size_t item = 0; item < items_.size(); ++item) {
      const Choice& now = items_[item][allocation.chosen[item]];
      for (size_t c = 0; c < items_[item].size(); ++c) {
        const Choice& other = items_[item][c];
        if (now.loss - other.loss <= most || allocation.bytes - now.bytes + other.bytes > bytes) continue;
        most = now.loss - other.loss;
        best_item = item, best_choice = c;
      }
    }
    if (most <= 0) return;
    const Choice &old = items_[best_item][allocation.chosen[best_item]], &taken = items_[best_item][best_choice];
    allocation.bytes = allocation.bytes - old.bytes + taken.bytes;
    allocation.loss += taken.loss - old.loss;
    allocation.chosen[best_item] = best_choice;
  }
}

double AllocationFront::least_loss() const { return loss_.back(); }

std::optional<Allocation> AllocationFront::within_bytes(uint64_t bytes) const {
  if (bytes < least_bytes_) return std::nullopt;
  size_t state = static_cast<size_t>(std::min<uint64_t>((bytes - least_bytes_) / unit_, n_units_));
  const double least = loss_[state];
  while (state > 0 && loss_[state - 1] <= least) --state;
  Allocation result = at(state);
  spend(bytes, result);
  return result;
}

std::optional<Allocation> AllocationFront::within_loss(double loss) const {
  const auto found = std::ranges::find_if(loss_, [&](double value) { return value <= loss; });
  if (found == loss_.end()) return std::nullopt;
  return at(static_cast<size_t>(found - loss_.begin()));
}

}  // namespace aurea::quantization
