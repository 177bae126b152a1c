// What an encoder must know of a grid: for each pattern of levels either the entry that it is, or the entries near it.
// Made by codecs/codebook_tables.h.
// Included by files built for newer CPUs: integer headers only.
#pragma once

#include <stdint.h>

#include "codecs/grids.h"

namespace aurea::codecs {

inline constexpr int kListBlock = 16;  // the lists are filled up to a multiple of this with their first entry
inline constexpr int kLongestList = 320;

/// A pattern is the packed levels of one run of elements, as Grid::packed.
struct PatternEntry {
  uint16_t n;   // 0: the pattern is a grid entry; else the length of its list
  uint16_t at;  // the entry's index, or the list's place in units of kListBlock
};

struct Codebook {
  const Grid* grid;
  const PatternEntry* patterns;  // [2^(bits * length)]; patterns with levels that the grid lacks are unused
  const uint16_t* lists;         // packed entries, nearest first, equally near ones in index order
};

}  // namespace aurea::codecs
