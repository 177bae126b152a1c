#include "codecs/codebook_tables.h"

#include <algorithm>
#include <array>
#include <limits>

#include "core/error.h"

namespace aurea::codecs {
namespace {

/// Squared distances from one pattern to all entries. Levels by position first, so that the loop is over entries.
class Distances {
 public:
  explicit Distances(const Grid& grid)
      : length_(static_cast<size_t>(grid.length)), count_(static_cast<size_t>(grid.count)), levels_(length_ * count_) {
    for (size_t e = 0; e < count_; ++e) {
      for (size_t j = 0; j < length_; ++j) levels_[j * count_ + e] = grid.levels[e * length_ + j];
    }
  }

  const std::vector<int16_t>& from(const int8_t* pattern) {
    distances_.assign(count_, 0);
    for (size_t j = 0; j < length_; ++j) {
      for (size_t e = 0; e < count_; ++e) {
        const int difference = levels_[j * count_ + e] - pattern[j];
        distances_[e] = static_cast<int16_t>(distances_[e] + difference * difference);
      }
    }
    return distances_;
  }

 private:
  size_t length_, count_;
  std::vector<int8_t> levels_;  // [length, count]
  std::vector<int16_t> distances_;
};

int16_t smallest_above(const std::vector<int16_t>& distances, int16_t floor) {
  int16_t smallest = std::numeric_limits<int16_t>::max();
  for (const int16_t d : distances) smallest = d > floor && d < smallest ? d : smallest;
  return smallest;
}

}  // namespace

void CodebookTables::add_pattern(size_t pattern, const std::vector<int16_t>& distances, int n_distances) {
  int16_t distance = smallest_above(distances, -1);
  if (distance == 0) {
    const auto index = std::find(distances.begin(), distances.end(), 0) - distances.begin();
    patterns_[pattern] = {0, static_cast<uint16_t>(index)};
    return;
  }
  const size_t begin = lists_.size(), at = begin / kListBlock;
  for (int k = 0; k < n_distances; ++k, distance = smallest_above(distances, distance)) {
    for (size_t e = 0; e < distances.size(); ++e) {
      if (distances[e] == distance) lists_.push_back(grid_.packed[e]);
    }
  }
  const size_t n = lists_.size() - begin;
  lists_.resize((at + (n + kListBlock - 1) / kListBlock) * kListBlock, lists_[begin]);
  AUREA_CHECK(at <= std::numeric_limits<uint16_t>::max() && n <= kLongestList);
  patterns_[pattern] = {static_cast<uint16_t>(n), static_cast<uint16_t>(at)};
}

CodebookTables::CodebookTables(const Grid& grid, int n_distances) : grid_(grid) {
  const int bits = grid_bits(grid.length);
  patterns_.resize(size_t{1} << bits * grid.length);
  Distances distances(grid);
  std::array<int8_t, 8> levels{};
  for (size_t pattern = 0; pattern < patterns_.size(); ++pattern) {
    for (int j = 0; j < grid.length; ++j) {
      levels[static_cast<size_t>(j)] = static_cast<int8_t>(pattern >> bits * j & ((1u << bits) - 1));
    }
    const bool used = *std::max_element(levels.begin(), levels.end()) < grid.n_levels;
    if (used) add_pattern(pattern, distances.from(levels.data()), n_distances);
  }
}

}  // namespace aurea::codecs
