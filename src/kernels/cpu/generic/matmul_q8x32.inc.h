// Matrix products of the 32-element types with BlockQ8x32 activations, for any vector width.
//
// As matmul_q8x256.inc.h: rows in lanes, exact integers up to the block's dot product, then in the order of the blocks
// and with each operation rounded on its own:
//   out += (d * x.d) * float(codes . x.q - offset * x.sum)
//   out += m * (x.d * float(x.sum))                            types with m only
// Included after rows.inc.h and simple_blocks.inc.h; the includer defines kTileVecs and kTileTokens.

constexpr size_t kTileRows = kTileVecs * kLanes;
constexpr size_t kTileBlocks = 8;
constexpr size_t kChunk = 64;  // tokens per unpacking: 64 x 320 bytes of activations stay in the cache beside the tile

/// kTileRows rows of up to kTileBlocks blocks in row lanes.
struct SimpleTile {
  alignas(
      64) uint8_t codes[8 * kTileBlocks][kTileVecs][4 * kLanes];  // [block, group of 4 elements][vector][row, element]
  alignas(64) float d[kTileBlocks][kTileVecs][kLanes], m[kTileBlocks][kTileVecs][kLanes];
};

/// Sum over one block of (code - offset) * activation, fed group by group in ascending order.
template <class Type>
struct BlockDot {
  static constexpr size_t kFlush = groups_per_flush(Type::kMaxCode, 8);
  VecI sum, partial;

  AUREA_INLINE void start(const uint8_t* x) {
    sum = zero_i();
    if constexpr (Type::kOffset != 0) {
      int32_t x_sum;
      __builtin_memcpy(&x_sum, x + offsetof(BlockQ8x32, sum), sizeof x_sum);
      sum = set1_i32(-Type::kOffset * x_sum);
    }
  }
  AUREA_INLINE void add(size_t group, VecI codes, VecI q) {
    if constexpr (Type::kInt8) {
      sum = multiply_add_i8(sum, codes, q);
    } else {
      partial = multiply_add(group % kFlush == 0 ? zero_i() : partial, codes, q);
      if (group % kFlush == kFlush - 1) sum = add_partial(sum, partial);
    }
  }
};

/// out + the block's part.
template <class Type>
AUREA_INLINE VecF add_block(VecF out, VecI sum, VecF d, VecF m, const uint8_t* x) {
  const VecF x_d = broadcast_f(x);
  out = add_f(out, mul_f(mul_f(d, x_d), to_f(sum)));
  if constexpr (Type::kMin) {
    out = add_f(out, mul_f(m, mul_f(x_d, to_f(broadcast_dword(x + offsetof(BlockQ8x32, sum))))));
  }
  return out;
}

/// Type::read that fetches the same number of bytes at `next` into the cache meanwhile (why meanwhile:
/// matmul_q8x256.inc.h).
template <class Type, class Use>
AUREA_INLINE void read_block(const uint8_t* const* rows, size_t at, const uint8_t* next, VecF& d, VecF& m, Use use) {
  constexpr size_t kLines = (kLanes * Type::kBlockBytes + 63) / 64;
  Type::read(rows, at, d, m, [&](size_t group, VecI codes) AUREA_INLINE_LAMBDA {
    for (size_t line = group; line < (group < 7 ? group + 1 : kLines); ++line) {
      if (line < kLines) prefetch(next + 64 * line);
    }
    use(group, codes);
  });
}

template <class Type>
AUREA_INLINE void unpack(const uint8_t* const* rows, size_t at, const uint8_t* next, size_t block, size_t vec,
                         SimpleTile& tile) {
  VecF d, m = zero_f();
  read_block<Type>(rows, at, next, d, m, [&](size_t group, VecI codes) AUREA_INLINE_LAMBDA {
    store_i(tile.codes[8 * block + group][vec], codes);
  });
  store_f(tile.d[block][vec], d);
  store_f(tile.m[block][vec], m);
}

/// The tile's part of acc[t][row] for kTokens rows of activation blocks at x + t * x_stride.
template <class Type, size_t kTokens>
[[gnu::noinline]] void multiply_tokens(const SimpleTile& tile, size_t n_blocks, const uint8_t* x, size_t x_stride,
                                       float (*acc)[kTileRows]) {
  VecF out[kTokens][kTileVecs];
  AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
    AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) out[t][v] = load_f(acc[t] + v * kLanes);
  }
  for (size_t block = 0; block < n_blocks; ++block, x += sizeof(BlockQ8x32)) {
    BlockDot<Type> dot[kTokens][kTileVecs];
    AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
      AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) dot[t][v].start(x + t * x_stride);
    }
    AUREA_UNROLL for (size_t g = 0; g < 8; ++g) {
      VecI w[kTileVecs];
      AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) w[v] = load_i(tile.codes[8 * block + g][v]);
      AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
        const VecI q = broadcast_dword(x + t * x_stride + offsetof(BlockQ8x32, q) + 4 * g);
        AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) dot[t][v].add(g, w[v], q);
      }
    }
    AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) {
      const VecF d = load_f(tile.d[block][v]), m = load_f(tile.m[block][v]);
      AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
        out[t][v] = add_block<Type>(out[t][v], dot[t][v].sum, d, m, x + t * x_stride);
      }
    }
  }
  AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
    AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) store_f(acc[t] + v * kLanes, out[t][v]);
  }
}

template <class Type>
void multiply_many(const MatmulArgs& args, size_t row_begin, size_t row_end) {
  SimpleTile tile;
  alignas(64) float acc[kChunk][kTileRows];
  const uint8_t* rows[kTileRows];
  prefetch_first_rows(args, kTileRows, row_begin, row_end);
  const size_t n_blocks = args.cols / 32;
  for (size_t row = row_begin; row < row_end; row += kTileRows) {
    point_to_rows(args, row, row_end, rows);
    for (size_t token = 0; token < args.n_tokens; token += kChunk) {
      const size_t n = args.n_tokens - token < kChunk ? args.n_tokens - token : kChunk;
      const uint8_t* next = rows_behind(args, row, kTileRows, row_end);
      __builtin_memset(acc, 0, n * sizeof acc[0]);
      for (size_t first = 0; first < n_blocks; first += kTileBlocks) {
        const size_t count = n_blocks - first < kTileBlocks ? n_blocks - first : kTileBlocks;
        for (size_t block = 0; block < count; ++block) {
          for (size_t v = 0; v < kTileVecs; ++v, next += kLanes * Type::kBlockBytes) {
            unpack<Type>(rows + v * kLanes, (first + block) * Type::kBlockBytes, next, block, v, tile);
          }
        }
        const uint8_t* x = args.x + token * args.x_row_bytes + first * sizeof(BlockQ8x32);
        for_token_tiles<kTileTokens>(n, [&](auto tokens, size_t t) AUREA_INLINE_LAMBDA {
          multiply_tokens<Type, tokens.value>(tile, count, x + t * args.x_row_bytes, args.x_row_bytes, acc + t);
        });
      }
      store_tile(args, acc, token, n, row, row_end);
    }
  }
}

template <class Type>
void multiply_single(const MatmulArgs& args, size_t row_begin, size_t row_end) {
  const uint8_t* rows[kLanes];
  prefetch_first_rows(args, kLanes, row_begin, row_end);
  for (size_t row = row_begin; row < row_end; row += kLanes) {
    point_to_rows(args, row, row_end, rows);
    const uint8_t* next = rows_behind(args, row, kLanes, row_end);
    const uint8_t* x = args.x;
    VecF out = zero_f();
    for (size_t block = 0; block < args.cols / 32;
         ++block, x += sizeof(BlockQ8x32), next += kLanes * Type::kBlockBytes) {
      VecF d, m = zero_f();
      BlockDot<Type> dot;
      dot.start(x);
      read_block<Type>(rows, block * Type::kBlockBytes, next, d, m, [&](size_t group, VecI codes) AUREA_INLINE_LAMBDA {
        dot.add(group, codes, broadcast_dword(x + offsetof(BlockQ8x32, q) + 4 * group));
      });
      out = add_block<Type>(out, dot.sum, d, m, x);
    }
    store_rows(args.out, out, row, row_end);
  }
}

template <class Type>
AUREA_INLINE void matmul_q8x32(const MatmulArgs& args, size_t row_begin, size_t row_end) {
  if (args.n_tokens == 1) {
    multiply_single<Type>(args, row_begin, row_end);
  } else {
    multiply_many<Type>(args, row_begin, row_end);
  }
}
