// Tiles of tokens. Included after common.inc.h.

/// Fetches part `part` of `parts` of the next tile's activations: up to 512 bytes of each row, whose blocks lie too far
/// apart for the hardware to foresee them, and in the outer caches once there are hundreds of rows.
template <size_t kTokens>
AUREA_INLINE void fetch_next_tile(const uint8_t* x, size_t x_stride, size_t part, size_t parts) {
  AUREA_UNROLL for (size_t t = kTokens; t < 2 * kTokens; ++t) prefetch(x + t * x_stride + 512 / parts * part);
}

/// Calls tile(Count<c>(), t) for tiles of c tokens from t on, which together are [0, n): kMin <= c <= kMax, nearly
/// equal. There must be such tiles.
template <size_t kMin, size_t kMax, class Tile>
AUREA_INLINE void for_token_tiles(size_t n, Tile tile) {
  size_t tiles = (n + kMax - 1) / kMax;
  for (size_t t = 0; t < n; --tiles) {
    const size_t count = (n - t + tiles - 1) / tiles;
    unroll<kMax - kMin + 1>([&](auto i) AUREA_INLINE_LAMBDA {
      if (count == kMin + i.value) tile(Count<kMin + i.value>(), t);
    });
    t += count;
  }
}
