// Matrix products of the k-types with BlockQ8x256 activations, for any vector width.
//
// A super-block of a group of rows is unpacked and transposed, so that a vector holds 4 codes of each of kLanes rows;
// the dot products then need no sums across lanes. One token multiplies the unpacked codes at once; more tokens share
// them through a tile in the L1 cache. Everything up to the super-block's dot product is exact integer arithmetic;
// then, in the order of the super-blocks and with each operation rounded on its own (no fused multiply-add):
//   out += (d * x.d) * float(sum_j s_j * (codes_j . x.q_j) - offset part)
//   out -= (dmin * x.d) * float(sum_j t_j * sum(x.q_j))          types with mins only
// so the bits are those of the scalar set, for any number of tokens and any split of the rows.
// Included after rows.inc.h and super_blocks.inc.h; the includer defines kTileVecs and kTileTokens.

constexpr size_t kTileRows = kTileVecs * kLanes;
constexpr size_t kChunk = 64;  // tokens per unpacking: their 292-byte blocks stay in the L1 cache beside the tile

/// kTileRows rows of one super-block in row lanes.
struct SuperTile {
  alignas(64) uint8_t codes[64][kTileVecs][4 * kLanes];   // [group of 4 elements][vector][row, element]
  alignas(64) uint8_t scales[16][kTileVecs][4 * kLanes];  // dwords as scale_operand makes them
  alignas(64) uint8_t bias[8][kTileVecs][4 * kLanes];     // words: factors of activation sums 2 i, 2 i + 1
  alignas(64) float d[kTileVecs][kLanes], dmin[kTileVecs][kLanes];
};

template <bool kSigned, int kByte>
AUREA_INLINE VecI scale_dwords(VecI bytes) {
  if constexpr (kSigned) {
    return scale_operand(shift_right_signed<24>(shift_left<24 - 8 * kByte>(bytes)));
  } else {
    return scale_operand(bit_and(shift_right<8 * kByte>(bytes), set1_i32(255)));
  }
}

/// Stores the scales of all sub-blocks, `stride` bytes apart.
template <class Type>
AUREA_INLINE void store_scales(const SuperHeader& h, uint8_t* out, size_t stride) {
  for (size_t k = 0; k < 64 / Type::kSubBlock; ++k, out += 4 * stride) {
    store_i(out, scale_dwords<Type::kSignedScales, 0>(h.scales[k]));
    store_i(out + stride, scale_dwords<Type::kSignedScales, 1>(h.scales[k]));
    store_i(out + 2 * stride, scale_dwords<Type::kSignedScales, 2>(h.scales[k]));
    store_i(out + 3 * stride, scale_dwords<Type::kSignedScales, 3>(h.scales[k]));
  }
}

/// Type::read_codes that fetches the same number of bytes at `next` into the cache meanwhile, a line between two
/// groups: many at once would fill the core's miss buffers and stall the loads behind them.
template <class Type, class Use>
AUREA_INLINE void read_codes(const uint8_t* const* rows, size_t at, const uint8_t* next, Use use) {
  size_t fetched = 0;
  Type::read_codes(rows, at, [&](size_t group, VecI codes) AUREA_INLINE_LAMBDA {
    if (fetched < kLanes * Type::kBlockBytes) prefetch(next + fetched);
    fetched += 64;
    use(group, codes);
  });
}

template <class Type>
AUREA_INLINE void unpack(const uint8_t* const* rows, size_t at, const uint8_t* next, size_t vec, SuperTile& tile) {
  SuperHeader h;
  Type::read_header(rows, at, h);
  store_scales<Type>(h, tile.scales[0][vec], sizeof tile.scales[0]);
  for (size_t i = 0; i < 8; ++i) store_i(tile.bias[i][vec], h.bias[i]);
  store_f(tile.d[vec], h.d);
  if constexpr (Type::kMins) store_f(tile.dmin[vec], h.dmin);
  read_codes<Type>(rows, at, next,
                   [&](size_t group, VecI codes) AUREA_INLINE_LAMBDA { store_i(tile.codes[group][vec], codes); });
}

/// out + the super-block's part, from its two integers.
template <class Type>
AUREA_INLINE VecF add_super_block(VecF out, VecI sum, VecI bias, VecF d, VecF dmin, VecF x_d) {
  if constexpr (Type::kMins) {
    out = add_f(out, mul_f(mul_f(d, x_d), to_f(sum)));
    return sub_f(out, mul_f(mul_f(dmin, x_d), to_f(bias)));
  } else {
    return add_f(out, mul_f(mul_f(d, x_d), to_f(add_i32(sum, bias))));
  }
}

/// The super-block's part of acc[t][row] for kTokens activation blocks at x + t * x_stride.
template <class Type, size_t kTokens>
[[gnu::noinline]] void multiply_tokens(const SuperTile& tile, const uint8_t* x, size_t x_stride,
                                       float (*acc)[kTileRows]) {
  constexpr int kGroups = Type::kSubBlock / 4;
  constexpr int kFlush = groups_per_flush(Type::kMaxCode, kGroups);
  static_assert(kGroups % kFlush == 0);
  const uint8_t* codes = x + offsetof(BlockQ8x256, q);
  VecI sum[kTokens][kTileVecs];
  AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
    AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) sum[t][v] = zero_i();
  }
  for (int j = 0; j < 256 / Type::kSubBlock; ++j) {
    AUREA_UNROLL for (int flush = 0; flush < kGroups; flush += kFlush) {
      VecI partial[kTokens][kTileVecs];
      AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
        AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) partial[t][v] = zero_i();
      }
      AUREA_UNROLL for (int i = 0; i < kFlush; ++i) {
        const int group = j * kGroups + flush + i;
        VecI w[kTileVecs];
        AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) w[v] = load_i(tile.codes[group][v]);
        AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
          const VecI q = broadcast_dword(codes + t * x_stride + 4 * group);
          AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) partial[t][v] = multiply_add(partial[t][v], w[v], q);
        }
      }
      AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) {
        const VecI scale = load_i(tile.scales[j][v]);
        AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) sum[t][v] = add_scaled(sum[t][v], partial[t][v], scale);
      }
    }
  }
  AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
    const uint8_t* block = x + t * x_stride;
    AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) {
      VecI bias = zero_i();
      AUREA_UNROLL for (size_t i = 0; i < 8; ++i) {
        bias = add_dot_i16(bias, load_i(tile.bias[i][v]), broadcast_dword(block + offsetof(BlockQ8x256, sums) + 4 * i));
      }
      float* out = acc[t] + v * kLanes;
      store_f(out, add_super_block<Type>(load_f(out), sum[t][v], bias, load_f(tile.d[v]), load_f(tile.dmin[v]),
                                         broadcast_f(block)));
    }
  }
}

template <class Type>
void multiply_many(const MatmulArgs& args, size_t row_begin, size_t row_end) {
  SuperTile tile;
  alignas(64) float acc[kChunk][kTileRows];
  const uint8_t* rows[kTileRows];
  prefetch_first_rows(args, kTileRows, row_begin, row_end);
  for (size_t row = row_begin; row < row_end; row += kTileRows) {
    point_to_rows(args, row, row_end, rows);
    for (size_t token = 0; token < args.n_tokens; token += kChunk) {
      const size_t n = args.n_tokens - token < kChunk ? args.n_tokens - token : kChunk;
      const uint8_t* x = args.x + token * args.x_row_bytes;
      const uint8_t* next = rows_behind(args, row, kTileRows, row_end);
      __builtin_memset(acc, 0, n * sizeof acc[0]);
      for (size_t block = 0; block < args.cols / 256; ++block, x += sizeof(BlockQ8x256)) {
        for (size_t v = 0; v < kTileVecs; ++v, next += kLanes * Type::kBlockBytes) {
          unpack<Type>(rows + v * kLanes, block * Type::kBlockBytes, next, v, tile);
        }
        for_token_tiles<kTileTokens>(n, [&](auto tokens, size_t t) AUREA_INLINE_LAMBDA {
          multiply_tokens<Type, tokens.value>(tile, x + t * args.x_row_bytes, args.x_row_bytes, acc + t);
        });
      }
      store_tile(args, acc, token, n, row, row_end);
    }
  }
}

/// One super-block of kLanes rows times one activation block, without a tile.
template <class Type>
AUREA_INLINE VecF multiply_one(const uint8_t* const* rows, size_t at, const uint8_t* next, const uint8_t* x, VecF out) {
  constexpr size_t kGroups = Type::kSubBlock / 4;
  constexpr size_t kFlush = groups_per_flush(Type::kMaxCode, kGroups);
  SuperHeader h;
  Type::read_header(rows, at, h);
  alignas(64) uint8_t scales[16][4 * kLanes];
  store_scales<Type>(h, scales[0], sizeof scales[0]);
  VecI sum = zero_i(), bias = zero_i(), partial[64 / kGroups];
  read_codes<Type>(rows, at, next, [&](size_t group, VecI codes) AUREA_INLINE_LAMBDA {
    const size_t j = group / kGroups, i = group % kGroups;  // i comes in ascending order
    const VecI q = broadcast_dword(x + offsetof(BlockQ8x256, q) + 4 * group);
    partial[j] = multiply_add(i % kFlush == 0 ? zero_i() : partial[j], codes, q);
    if (i % kFlush == kFlush - 1) sum = add_scaled(sum, partial[j], load_i(scales[j]));
  });
  AUREA_UNROLL for (size_t i = 0; i < 8; ++i) {
    bias = add_dot_i16(bias, h.bias[i], broadcast_dword(x + offsetof(BlockQ8x256, sums) + 4 * i));
  }
  return add_super_block<Type>(out, sum, bias, h.d, h.dmin, broadcast_f(x));
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
    for (size_t block = 0; block < args.cols / 256; ++block, x += sizeof(BlockQ8x256)) {
      out = multiply_one<Type>(rows, block * Type::kBlockBytes, next, x, out);
      next += kLanes * Type::kBlockBytes;
    }
    store_rows(args.out, out, row, row_end);
  }
}

template <class Type>
AUREA_INLINE void matmul_q8x256(const MatmulArgs& args, size_t row_begin, size_t row_end) {
  if (args.n_tokens == 1) {
    multiply_single<Type>(args, row_begin, row_end);
  } else {
    multiply_many<Type>(args, row_begin, row_end);
  }
}
