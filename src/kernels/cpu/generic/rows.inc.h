// Groups of weight rows and tiles of tokens. Included after a vec text.
//
// On prefetching: with one token the weights come from memory once, and the hardware's prefetchers fail on many short
// streams side by side. So while a group of rows is read, the group behind it is fetched, in the order of its
// addresses, and the first group of a range at once. Some hundred rows of a 4- to 8-bit type then run within 15 % of
// plain reading, 64 rows within a quarter (Zen 5; without it, at a third to a sixth of plain reading).

/// Pointers to the rows from `first` on; those from `end` on repeat the last one.
template <size_t kCount>
AUREA_INLINE void point_to_rows(const MatmulArgs& args, size_t first, size_t end, const uint8_t* (&rows)[kCount]) {
  for (size_t r = 0; r < kCount; ++r) {
    rows[r] = args.weights + (first + r < end ? first + r : end - 1) * args.row_bytes;
  }
}

/// What to fetch while rows [row, row + count) are read: the rows behind them; at the range's end nothing new.
AUREA_INLINE const uint8_t* rows_behind(const MatmulArgs& args, size_t row, size_t count, size_t end) {
  return args.weights + (row + 2 * count <= end ? row + count : row) * args.row_bytes;
}

/// Fetches the first `count` rows of a range.
AUREA_INLINE void prefetch_first_rows(const MatmulArgs& args, size_t count, size_t begin, size_t end) {
  const uint8_t* p = args.weights + begin * args.row_bytes;
  const size_t bytes = (end - begin < count ? end - begin : count) * args.row_bytes;
  for (size_t i = 0; i < bytes; i += 64) prefetch(p + i);
}

/// Writes the results of rows [row, ...) of one token, as many as there are before `end`.
AUREA_INLINE void store_rows(float* out, VecF v, size_t row, size_t end) {
  if (end - row >= kLanes) {
    store_f(out + row, v);
  } else {
    store_f_part(out + row, v, end - row);
  }
}

/// Writes acc[t][r] of n tokens and the rows before `end`.
template <size_t kRows>
AUREA_INLINE void store_tile(const MatmulArgs& args, const float (*acc)[kRows], size_t token, size_t n, size_t row,
                             size_t end) {
  const size_t n_rows = end - row < kRows ? end - row : kRows;
  for (size_t t = 0; t < n; ++t) {
    __builtin_memcpy(args.out + (token + t) * args.out_stride + row, acc[t], n_rows * sizeof(float));
  }
}

/// Calls tile(Count<c>, t) for tiles of c tokens from t on, which together are [0, n): c <= kMax, nearly equal.
template <size_t kMax, class Tile>
AUREA_INLINE void for_token_tiles(size_t n, Tile tile) {
  static_assert(kMax >= 3 && kMax <= 6);
  size_t tiles = (n + kMax - 1) / kMax;
  for (size_t t = 0; t < n; --tiles) {
    const size_t count = (n - t + tiles - 1) / tiles;
    switch (count) {
      case 1:
        tile(Count<1>(), t);
        break;
      case 2:
        tile(Count<2>(), t);
        break;
      case 3:
        tile(Count<3>(), t);
        break;
      case 4:
        tile(Count < kMax < 4 ? kMax : 4 > (), t);
        break;
      case 5:
        tile(Count < kMax < 5 ? kMax : 5 > (), t);
        break;
      default:
        tile(Count<kMax>(), t);
    }
    t += count;
  }
}
