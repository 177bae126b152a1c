// Owns the tables behind a Codebook. They are made once per grid, at the first row that is encoded: some milliseconds.
#pragma once

#include <stddef.h>

#include <vector>

#include "codecs/codebook.h"

namespace aurea::codecs {

class CodebookTables {
 public:
  /// For each pattern that is no entry of the grid: all entries at the `n_distances` smallest distinct squared
  /// distances from it, nearest first, equally near ones in index order. Source of the rule: ggml-quants.c, llama.cpp
  /// v0.5.0.
  CodebookTables(const Grid& grid, int n_distances);

  /// Valid as long as this object.
  [[nodiscard]] Codebook view() const { return {&grid_, patterns_.data(), lists_.data()}; }

 private:
  void add_pattern(size_t pattern, const std::vector<int16_t>& distances, int n_distances);

  const Grid& grid_;
  std::vector<PatternEntry> patterns_;
  std::vector<uint16_t> lists_;
};

}  // namespace aurea::codecs
