// Weights, search and integer scales of IQ1_S and IQ1_M.
#include "codecs/iq1_blocks.h"

#include <algorithm>

#include "codecs/codebook_tables.h"
#include "codecs/weights.h"

namespace aurea::codecs {

const Codebook& iq1_codebook() {
  static const CodebookTables tables(kGridIq1, 3);
  static const Codebook book = tables.view();
  return book;
}

void search_iq1(const float* x, const float* importance, int n_blocks, int group, Iq1Weights plain, float tiny,
                Iq1Chunk& chunk) {
  const int n = n_blocks * kBlock256, n_groups = n / group;
  std::fill(chunk.unused, chunk.unused + n_groups, false);
  if (importance != nullptr) {
    importance_weights_by_block(x, importance, 2, n_blocks, chunk.w);
    weigh_unused_groups(x, importance, n_groups, group, chunk.w, chunk.unused);
  } else if (plain == Iq1Weights::kRoot) {
    float ones[kChunkBlocks * kBlock256];
    std::fill(ones, ones + n, 1.0f);
    importance_weights_by_block(x, ones, 2, n_blocks, chunk.w);
  } else {
    for (int i = 0; i < n; ++i) chunk.w[i] = x[i] * x[i];
  }
  search_set().split(iq1_codebook(), x, chunk.w, n_groups, group, tiny, &chunk.fits);
}

namespace {

/// The entry nearest to the signs of 8 values.
uint16_t entry_of_signs(const float* x) {
  unsigned packed = 0;
  for (int i = 0; i < 8; ++i) packed |= (x[i] < 0 ? 0u : 2u) << 2 * i;
  const Codebook& book = iq1_codebook();
  const PatternEntry pattern = book.patterns[packed];
  return pattern.n == 0 ? pattern.at : book.patterns[book.lists[pattern.at * kListBlock]].at;
}

/// A group whose scale is far too large for its super-block: all its values become the largest ones.
void saturate(const float* x, int g, int group, SplitFits& fits) {
  unsigned signs = 0;  // one or two shifts, the first in the highest bit
  const int per_shift = group == 32 ? 32 : 8;
  for (int first = 0; first < group; first += per_shift) {
    float sum = 0;
    for (int i = first; i < first + per_shift; ++i) sum += x[i];
    signs = signs << 1 | (sum < 0 ? 1u : 0u);
  }
  fits.signs[g] = static_cast<uint8_t>(signs);
  for (int run = 0; run < group / 8; ++run) fits.indices[g * group / 8 + run] = entry_of_signs(x + 8 * run);
}

}  // namespace

float choose_iq1_d(const float* x, int b, int group, Iq1Chunk& chunk) {
  const int groups = kBlock256 / group, first = b * groups;
  const float d = signed_peak_of_used(chunk.fits.scale + first, chunk.unused + first, groups) / 15.0f;
  for (int j = 0; j < groups; ++j) {
    if (chunk.fits.scale[first + j] > 16 * d) saturate(x + j * group, first + j, group, chunk.fits);
  }
  return d;
}

}  // namespace aurea::codecs
