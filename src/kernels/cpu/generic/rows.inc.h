// Rows of weights as they are stored. Included after a vec text.
//
// On prefetching: with one token the weights come from memory once, and the hardware's prefetchers fail on many short
// streams side by side. So while a group of rows is read, the group behind it is fetched, in the order of its
// addresses.

/// What to fetch while rows [row, row + count) are read: the rows behind them; at the range's end nothing new.
AUREA_INLINE const uint8_t* rows_behind(const MatmulArgs& args, size_t row, size_t count, size_t end) {
  return args.weights + (row + 2 * count <= end ? row + count : row) * args.row_bytes;
}
