// Matrix products of packed blocks of 32 with BlockQ8x32 activations, for any vector width.
//
// As matmul_super.inc.h: rows in lanes, exact integers up to a block's dot product, then the float operations that
// kernel_set.h states. Included after matmul_tiles.inc.h, packed_rows.inc.h, simple_blocks.inc.h and token_tiles.inc.h;
// matmul_packed.inc.h follows.

constexpr size_t kTileBlocks = 8;

/// What multiplying depends on; formats that agree share the code.
template <bool kMinValue, size_t kHalvesValue, int kOffsetShiftValue, bool kInt8Value, int kFlushValue>
struct SimpleTraits {
  static constexpr bool kMin = kMinValue, kInt8 = kInt8Value;
  static constexpr size_t kHalves = kHalvesValue, kGroups = 8 / kHalves, kFlush = kFlushValue;
  static constexpr int kOffsetShift = kOffsetShiftValue;
  static_assert(kGroups % kFlush == 0);
};

template <class Type>
using SimpleTraitsOf = SimpleTraits<Type::kMin, Type::kHalves, Type::kInt8 ? kInt8OffsetShift : Type::kOffsetShift,
                                    Type::kInt8, groups_per_flush(Type::kMaxCode, 8 / Type::kHalves)>;

/// Up to kTileBlocks blocks of kTileVecs vectors of rows in row lanes.
struct SimpleTile {
  alignas(
      64) uint8_t codes[8 * kTileBlocks][kTileVecs][4 * kLanes];  // [block, group of 4 elements][vector][row, element]
  alignas(64) float factors[kTileBlocks][2][kTileVecs][kLanes];   // d, and m or the second half's d
};

/// Sum over one half (or the whole) of a block of (code - offset) * activation, fed group by group in ascending order.
template <class Traits>
struct BlockDot {
  VecI sum, partial;

  AUREA_INLINE void start(const uint8_t* x, size_t half) {
    sum = zero_i();
    if constexpr (Traits::kOffsetShift >= 0) {
      VecI neg_sum = broadcast_dword(x + offsetof(BlockQ8x32, neg_sum));
      if constexpr (Traits::kHalves == 2) {
        const VecI neg_first = broadcast_dword(x + offsetof(BlockQ8x32, neg_first));
        neg_sum = half == 0 ? neg_first : sub_i32(neg_sum, neg_first);
      }
      sum = shift_left<Traits::kOffsetShift>(neg_sum);
    }
    if constexpr (kOffsetsInPartial) partial = sum;
  }
  /// Group g of the half.
  AUREA_INLINE void add(size_t g, VecI codes, VecI q) {
    if constexpr (kOffsetsInPartial) {
      partial = multiply_add<Traits::kInt8>(partial, codes, q);
    } else {
      partial = multiply_add<Traits::kInt8>(g % Traits::kFlush == 0 ? zero_i() : partial, codes, q);
      if (g % Traits::kFlush == Traits::kFlush - 1) sum = add_partial(sum, partial);
    }
  }
  [[nodiscard]] AUREA_INLINE VecI total() const { return kOffsetsInPartial ? partial : sum; }
};

/// out + the part of one half of a block.
AUREA_INLINE VecF add_half(VecF out, VecI sum, VecF d, const uint8_t* x) {
  return fma_f(broadcast_f(x), mul_f(d, to_f(sum)), out);
}

/// out + the block's minimum.
AUREA_INLINE VecF add_min(VecF out, VecF m, const uint8_t* x) {
  return fma_f(m, broadcast_f(x + offsetof(BlockQ8x32, sum_d)), out);
}

template <class Type>
AUREA_INLINE void unpack(const PackedRows& rows, size_t block, size_t vec, SimpleTile& tile) {
  VecF factors[2];
  Type::read_factors(rows, factors);
  for (size_t k = 0; k < Type::kFormat.factors; ++k) store_f(tile.factors[block][k][vec], factors[k]);
  unroll<8>([&](auto group) AUREA_INLINE_LAMBDA {
    if (vec % kGroupVecs == 0) fetch_part<Type, 1, decltype(group)::value, 8>(rows, 0);
    store_i(tile.codes[8 * block + group.value][vec], Type::template codes<group.value>(rows));
  });
}

/// acc[t][vector] += the tile's part, for kTokens rows of activation blocks at x + t * x_stride.
template <class Traits, size_t kTokens>
[[gnu::noinline]] void multiply_tokens(const SimpleTile& tile, size_t n_blocks, const uint8_t* x, size_t x_stride,
                                       float (*acc)[kTileVecs][kLanes]) {
  VecF out[kTokens][kTileVecs];
  AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
    AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) out[t][v] = load_f(acc[t][v]);
  }
  for (size_t block = 0; block < n_blocks; ++block, x += sizeof(BlockQ8x32)) {
    AUREA_UNROLL for (size_t half = 0; half < Traits::kHalves; ++half) {
      BlockDot<Traits> dot[kTokens][kTileVecs];
      AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
        AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) dot[t][v].start(x + t * x_stride, half);
      }
      AUREA_UNROLL for (size_t g = 0; g < Traits::kGroups; ++g) {
        const size_t group = half * Traits::kGroups + g;
        VecI w[kTileVecs];
        AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) w[v] = load_i(tile.codes[8 * block + group][v]);
        AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
          const VecI q = broadcast_dword(x + t * x_stride + offsetof(BlockQ8x32, q) + 4 * group);
          AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) dot[t][v].add(g, w[v], q);
        }
      }
      AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) {
        const VecF d = load_f(tile.factors[block][half][v]);
        AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
          out[t][v] = add_half(out[t][v], dot[t][v].total(), d, x + t * x_stride);
        }
      }
    }
    if constexpr (Traits::kMin) {
      AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) {
        const VecF m = load_f(tile.factors[block][1][v]);
        AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) out[t][v] = add_min(out[t][v], m, x + t * x_stride);
      }
    }
  }
  AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
    AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) store_f(acc[t][v], out[t][v]);
  }
}

template <class Type>
void multiply_many(const MatmulArgs& args, size_t row_begin, size_t row_end) {
  SimpleTile tile;
  alignas(64) float acc[kChunk][kTileVecs][kLanes];
  const size_t n_blocks = args.cols / 32;
  for (size_t row = row_begin; row < row_end; row += kTileVecs * kLanes) {
    for (size_t token = 0; token < args.n_tokens; token += kChunk) {
      const size_t n = args.n_tokens - token < kChunk ? args.n_tokens - token : kChunk;
      PackedRows rows[kTileVecs];
      for (size_t v = 0; v < kTileVecs; ++v) {  // behind the end: the first ones again
        rows[v] = packed_rows<Type>(args, row + v * kLanes < row_end ? row + v * kLanes : row);
        if (token == 0) rows[v].ahead = kTileVecs * kLanes / kGroupRows * args.row_bytes;
      }
      __builtin_memset(acc, 0, n * sizeof acc[0]);
      for (size_t first = 0; first < n_blocks; first += kTileBlocks) {
        const size_t count = n_blocks - first < kTileBlocks ? n_blocks - first : kTileBlocks;
        for (size_t v = 0; v < kTileVecs; ++v) {
          for (size_t block = 0; block < count; ++block) {
            unpack<Type>(rows[v], block, v, tile);
            advance<Type>(rows[v]);
          }
        }
        const uint8_t* x = args.x + token * args.x_row_bytes + first * sizeof(BlockQ8x32);
        for_token_tiles<kTileTokens>(n, [&](auto tokens, size_t t) AUREA_INLINE_LAMBDA {
          multiply_tokens<SimpleTraitsOf<Type>, tokens.value>(tile, count, x + t * args.x_row_bytes, args.x_row_bytes,
                                                              acc + t);
        });
      }
      store_tile(args, acc, token, n, row, row_end);
    }
  }
}

/// out[t][vector] += one block of kVecs vectors of rows, without a tile.
template <class Type, size_t kTokens, size_t kVecs>
AUREA_INLINE void multiply_block(const PackedRows (&rows)[kVecs], const uint8_t* x, size_t x_stride,
                                 VecF (&out)[kTokens][kVecs]) {
  using Traits = SimpleTraitsOf<Type>;
  VecF factors[kVecs][2];
  AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) Type::read_factors(rows[v], factors[v]);
  unroll<Traits::kHalves>([&](auto half) AUREA_INLINE_LAMBDA {
    BlockDot<Traits> dot[kTokens][kVecs];
    AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
      AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) dot[t][v].start(x + t * x_stride, half.value);
    }
    unroll<Traits::kGroups>([&](auto g) AUREA_INLINE_LAMBDA {
      constexpr size_t kGroup = decltype(half)::value * Traits::kGroups + decltype(g)::value;
      VecI w[kVecs];
      AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) {
        if (v % kGroupVecs == 0) fetch_part<Type, 1, kGroup, 8>(rows[v], 0);
        w[v] = Type::template codes<kGroup>(rows[v]);
      }
      AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
        const VecI q = broadcast_dword(x + t * x_stride + offsetof(BlockQ8x32, q) + 4 * kGroup);
        AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) dot[t][v].add(g.value, w[v], q);
      }
    });
    AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
      AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) {
        out[t][v] = add_half(out[t][v], dot[t][v].total(), factors[v][half.value], x + t * x_stride);
      }
    }
  });
  if constexpr (Traits::kMin) {
    AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
      AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) out[t][v] = add_min(out[t][v], factors[v][1], x + t * x_stride);
    }
  }
}
