// Which way tokens take through packed weights: in passes over rows whose codes are used as they come from memory, or,
// when there are many and their codes cost much, through tiles. Included after token_tiles.inc.h, matmul_tiles.inc.h
// and matmul_super.inc.h or matmul_simple.inc.h, which have multiply_block (one block of the rows) and multiply_many.

/// One of several passes of tokens over the same rows.
struct TokenPass {
  size_t token, index, count;  // first token; which of how many

  /// The distance to what is fetched while a block is read: the same block of the rows `step` bytes behind, which the
  /// passes share among them.
  [[nodiscard]] AUREA_INLINE size_t ahead(size_t block, size_t step) const { return block % count == index ? step : 0; }
};

template <class Type, size_t kTokens, size_t kVecs>
[[gnu::noinline]] void multiply_few(const MatmulArgs& args, TokenPass pass, size_t row, size_t end) {
  const size_t step =
      pass.count == 1 && kVecs == kGroupVecs ? kStreamAhead : kVecs * kLanes / kGroupRows * args.row_bytes;
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

/// All tokens, kTokens, in one pass over a group of rows at a time: the weights are one stream from memory.
template <class Type, size_t kTokens>
AUREA_INLINE void multiply_groups(const MatmulArgs& args, size_t row_begin, size_t row_end) {
  for (size_t row = row_begin; row < row_end; row += kGroupRows) {
    multiply_few<Type, kTokens, kGroupVecs>(args, {0, 0, 1}, row, row_end);
  }
}

/// Passes that together are all tokens: up to kFewTokens of them share kFewVecs vectors of rows.
template <class Type>
AUREA_INLINE void multiply_in_passes(const MatmulArgs& args, size_t row_begin, size_t row_end) {
  constexpr size_t kRows = kFewVecs * kLanes;
  static_assert(kRows % kGroupRows == 0);
  for (size_t row = row_begin; row < row_end; row += kRows) {
    size_t index = 0;
    for_token_tiles<kLeastTokens, kFewTokens>(args.n_tokens, [&](auto tokens, size_t t) AUREA_INLINE_LAMBDA {
      const TokenPass pass = {t, index++, (args.n_tokens + kFewTokens - 1) / kFewTokens};
      multiply_few<Type, tokens.value, kFewVecs>(args, pass, row, row_end);
    });
  }
}

template <class Type>
AUREA_INLINE void matmul_packed(const MatmulArgs& args, size_t row_begin, size_t row_end) {
  constexpr bool kTiles = Type::kFormat.block_elements == 256;
  if constexpr (kTiles) {
    // Products of token pairs are there in tiles only. How many fewer tokens they need: an estimate.
    constexpr size_t kMostFew = kTokenPairs ? Type::kMostFew / 4 : Type::kMostFew;
    if (kTilesOnly || args.n_tokens > kMostFew) return multiply_many<Type>(args, row_begin, row_end);
  }
  if constexpr (!kTiles || !kTilesOnly) {
    bool done = false;
    unroll<kStreamTokens>([&](auto i) AUREA_INLINE_LAMBDA {
      constexpr size_t kTokens = decltype(i)::value + 1;
      if constexpr (kTokens < kLeastTokens || kTokens > kFewTokens) {
        if (args.n_tokens == kTokens) multiply_groups<Type, kTokens>(args, row_begin, row_end), done = true;
      }
    });
    if (!done) multiply_in_passes<Type>(args, row_begin, row_end);
  }
}
