// What multiply_tokens of matmul_super.inc.h does, two tokens at a time. Included after token_pairs.inc.h and
// matmul_super.inc.h.

/// Re-lays the tile of any type.
template <class Type>
AUREA_INLINE void pair_codes(SuperTile& tile) {
  pair_groups(tile.codes, 64);
}

template <class Traits, size_t kTokens>
[[gnu::noinline]] void multiply_pairs(const SuperTile& tile, const uint8_t* x, size_t x_stride,
                                      float (*acc)[kTileVecs][kLanes]) {
  constexpr size_t kPairs = (kTokens + 1) / 2;
  const uint8_t *first[kPairs], *second[kPairs];
  Pair sum[kPairs][kTileVecs];
  AUREA_UNROLL for (size_t p = 0; p < kPairs; ++p) {
    first[p] = x + 2 * p * x_stride;
    second[p] = x + second_token<kTokens>(p) * x_stride;
    AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) sum[p][v] = {zero_i(), zero_i()};
  }
  for (size_t j = 0; j < Traits::kSubBlocks; ++j) {
    fetch_next_tile<kTokens>(x, x_stride, j, Traits::kSubBlocks);
    Pair partial[kPairs][kTileVecs];
    AUREA_UNROLL for (size_t p = 0; p < kPairs; ++p) {
      const Pair start = pair_tokens(first_partial<Traits>(first[p], j), first_partial<Traits>(second[p], j));
      AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) partial[p][v] = start;
    }
    AUREA_UNROLL for (size_t g = 0; g < Traits::kGroups; g += 2) {
      const size_t group = j * Traits::kGroups + g, offset = offsetof(BlockQ8x256, q) + 4 * group;
      Pair w[kTileVecs];
      AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) {
        w[v] = {load_i(tile.codes[group][v]), load_i(tile.codes[group + 1][v])};
      }
      AUREA_UNROLL for (size_t p = 0; p < kPairs; ++p) {
        const VecI q = load_tokens(first[p] + offset, second[p] + offset);
        AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) partial[p][v] = multiply_add_pair(partial[p][v], w[v], q);
      }
    }
    AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) {
      const Pair scale = pair_rows(load_i(tile.scales[j][v]));
      AUREA_UNROLL for (size_t p = 0; p < kPairs; ++p) sum[p][v] = add_scaled_pair(sum[p][v], partial[p][v], scale);
    }
  }
  VecI rows[kTokens][kTileVecs];
  AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
    AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) rows[t][v] = row_lanes(sum[t / 2][v], t % 2);
  }
  add_sums<Traits>(tile, rows, x, x_stride, acc);
}
