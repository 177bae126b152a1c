// Which way tokens take through packed weights: a few in passes of 1, 2 or 4 over the rows, many through tiles.
// Included after matmul_super.inc.h or matmul_simple.inc.h, which have multiply_block (one block of the rows) and
// multiply_many.

/// One of several passes of tokens over the same rows.
struct TokenPass {
  size_t token, index, count;  // first token; which of how many

  /// The distance to what is fetched while a block is read: the same block of the rows `step` bytes behind, which the
  /// passes share among them.
  [[nodiscard]] AUREA_INLINE size_t ahead(size_t block, size_t step) const { return block % count == index ? step : 0; }
};

template <class Type, size_t kTokens, size_t kVecs>
[[gnu::noinline]] void multiply_few(const MatmulArgs& args, TokenPass pass, size_t row, size_t end) {
  const size_t step = pass.count == 1 && kTokens == 1 ? kStreamAhead : kFewVecs * kLanes / kGroupRows * args.row_bytes;
  PackedRows rows[kVecs];
  VecF out[kTokens][kVecs];
  AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) {
    rows[v] = packed_rows<Type>(args, row + v * kLanes < end ? row + v * kLanes : row);
    AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) out[t][v] = zero_f();
  }
  constexpr size_t kElements = Type::kFormat.block_elements;
  const uint8_t* x = args.x + pass.token * args.x_row_bytes;
  for (size_t block = 0; block < args.cols / kElements;
       ++block, x += kElements == 256 ? sizeof(BlockQ8x256) : sizeof(BlockQ8x32)) {
    AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) rows[v].ahead = pass.ahead(block, step);
    multiply_block<Type, kTokens, kVecs>(rows, x, args.x_row_bytes, out);
    AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) advance<Type>(rows[v]);
  }
  AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
    AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) {
      if (row + v * kLanes >= end) break;
      store_rows(args.out + (pass.token + t) * args.out_stride, out[t][v], row + v * kLanes, end);
    }
  }
}

/// Passes that together are all tokens and the rows [row_begin, row_end): kFewTokens tokens as long as there are so
/// many, then half of that, which share kFewVecs vectors of rows. A single one takes one group of rows at a time, so
/// that its weights are one stream from memory.
template <class Type>
AUREA_INLINE void multiply_in_passes(const MatmulArgs& args, size_t row_begin, size_t row_end) {
  static_assert(kFewTokens == 2 || kFewTokens == 4);
  constexpr size_t kRows = kFewVecs * kLanes;
  static_assert(kRows % kGroupRows == 0);
  const size_t n_tokens = args.n_tokens;
  const size_t passes = n_tokens / kFewTokens + n_tokens % kFewTokens / 2 + n_tokens % 2;
  for (size_t row = row_begin; row < row_end; row += kRows) {
    TokenPass pass = {0, 0, passes};
    for (; pass.token + kFewTokens <= n_tokens; pass.token += kFewTokens, ++pass.index) {
      multiply_few<Type, kFewTokens, kFewVecs>(args, pass, row, row_end);
    }
    if (kFewTokens > 2 && pass.token + 2 <= n_tokens) {
      multiply_few<Type, 2, kFewVecs>(args, pass, row, row_end);
      pass.token += 2, ++pass.index;
    }
    if (pass.token == n_tokens) continue;
    for (size_t group = row; group < row + kRows && group < row_end; group += kGroupRows) {
      multiply_few<Type, 1, kGroupVecs>(args, pass, group, row_end);
    }
  }
}

template <class Type>
AUREA_INLINE void matmul_packed(const MatmulArgs& args, size_t row_begin, size_t row_end) {
  if (args.n_tokens > kMostFew) return multiply_many<Type>(args, row_begin, row_end);
  if constexpr (kMostFew > 0) multiply_in_passes<Type>(args, row_begin, row_end);
}
