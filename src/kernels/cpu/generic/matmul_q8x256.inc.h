// Matrix products of the k-types with BlockQ8x256 activations, for any vector width.
//
// kTileRows rows of one super-block are unpacked once, transposed so that a vector holds 4 codes of each of kLanes rows, and
// multiplied with up to kChunk tokens. Everything up to the super-block's dot product is exact integer arithmetic; then, in the
// order of the super-blocks and with each operation rounded on its own (no fused multiply-add):
//   out += (d * x.d) * float(sum_j s_j * (codes_j . x.q_j) - offset part)
//   out -= (dmin * x.d) * float(sum_j t_j * sum(x.q_j))          types with mins only
// so the bits are those of the scalar set, for any number of tokens and any split of the rows.
// Included after super_blocks.inc.h; the includer defines kTileVecs and kTileTokens.

constexpr size_t kTileRows = kTileVecs * kLanes;
constexpr size_t kChunk = CHUNK;  // tokens per unpacking: 64 x 292 bytes of activations stay in the L1 cache beside the tile

/// kTileRows rows of one super-block in row lanes.
struct SuperTile {
  alignas(64) uint8_t codes[64][kTileVecs][4 * kLanes];    // [group of 4 elements][vector][row, element]
  alignas(64) uint8_t scales[16][kTileVecs][4 * kLanes];   // dwords as scale_operand wants them
  alignas(64) uint8_t bias[8][kTileVecs][4 * kLanes];      // words: factors of activation sums 2 i, 2 i + 1
  alignas(64) float d[kTileVecs][kLanes], dmin[kTileVecs][kLanes];
};

template <bool kSigned, int kByte>
AUREA_INLINE VecI scale_dwords(VecI bytes) {
  if constexpr (kSigned) return scale_operand(shift_right_signed<24>(shift_left<24 - 8 * kByte>(bytes)));
  return scale_operand(bit_and(shift_right<8 * kByte>(bytes), set1_i32(255)));
}

template <class Type>
AUREA_INLINE void unpack_vector(const uint8_t* const* rows, size_t at, size_t vec, SuperTile& tile) {
  SuperHeader h;
  Type::read_header(rows, at, h);
  for (size_t k = 0; k < 64 / Type::kSubBlock; ++k) {
    store_i(tile.scales[4 * k][vec], scale_dwords<Type::kSignedScales, 0>(h.scales[k]));
    store_i(tile.scales[4 * k + 1][vec], scale_dwords<Type::kSignedScales, 1>(h.scales[k]));
    store_i(tile.scales[4 * k + 2][vec], scale_dwords<Type::kSignedScales, 2>(h.scales[k]));
    store_i(tile.scales[4 * k + 3][vec], scale_dwords<Type::kSignedScales, 3>(h.scales[k]));
  }
  for (size_t i = 0; i < 8; ++i) store_i(tile.bias[i][vec], h.bias[i]);
  store_f(tile.d[vec], h.d);
  if constexpr (Type::kMins) store_f(tile.dmin[vec], h.dmin);
  Type::read_codes(rows, at, [&](size_t group, VecI codes) AUREA_LAMBDA { store_i(tile.codes[group][vec], codes); });
}

/// The super-block's part of out[t][row] for kTokens activation blocks at x + t * x_stride.
template <int kSubBlock, int kMaxCode, bool kMins, size_t kTokens>
AUREA_INLINE void multiply_tile(const SuperTile& tile, const uint8_t* x, size_t x_stride, float (*acc)[kTileRows]) {
  constexpr int kGroups = kSubBlock / 4;
  constexpr int kFlush = groups_per_flush(kMaxCode, kGroups);
  static_assert(kGroups % kFlush == 0);
  const uint8_t* codes = x + offsetof(BlockQ8x256, q);
  VecI sum[kTokens][kTileVecs];
  AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
    AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) sum[t][v] = zero_i();
  }
  for (int j = 0; j < 256 / kSubBlock; ++j) {
    AUREA_UNROLL for (int flush = 0; flush < kGroups / kFlush; ++flush) {
      VecI partial[kTokens][kTileVecs];
      AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
        AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) partial[t][v] = zero_i();
      }
      AUREA_UNROLL for (int i = 0; i < kFlush; ++i) {
        const int group = j * kGroups + flush * kFlush + i;
        VecI w[kTileVecs];
        AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) w[v] = load_i(tile.codes[group][v]);
        AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
          const VecI xq = broadcast_dword(codes + t * x_stride + 4 * group);
          AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) partial[t][v] = multiply_add(partial[t][v], w[v], xq);
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
    const VecF x_d = broadcast_f(block);
    AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) {
      VecI bias = kMins ? zero_i() : sum[t][v];
      AUREA_UNROLL for (size_t i = 0; i < 8; ++i) {
        bias = add_dot_i16(bias, load_i(tile.bias[i][v]), broadcast_dword(block + offsetof(BlockQ8x256, sums) + 4 * i));
      }
      VecF out = load_f(acc[t] + v * kLanes);
      out = add_f(out, mul_f(mul_f(load_f(tile.d[v]), x_d), to_f(kMins ? sum[t][v] : bias)));
      if constexpr (kMins) out = sub_f(out, mul_f(mul_f(load_f(tile.dmin[v]), x_d), to_f(bias)));
      store_f(acc[t] + v * kLanes, out);
    }
  }
}

template <class Type, size_t kTokens>
[[gnu::noinline]] void multiply_tokens(const SuperTile& tile, const uint8_t* x, size_t x_stride, float (*acc)[kTileRows]) {
  multiply_tile<Type::kSubBlock, Type::kMaxCode, Type::kMins, kTokens>(tile, x, x_stride, acc);
}

/// Tokens [0, n) in tiles of at most kTileTokens, of nearly equal sizes.
template <class Type>
AUREA_INLINE void multiply_chunk(const SuperTile& tile, const uint8_t* x, size_t x_stride, size_t n,
                                 float (*acc)[kTileRows]) {
  size_t tiles = (n + kTileTokens - 1) / kTileTokens;
  for (size_t t = 0; t < n;) {
    const size_t count = (n - t + tiles - 1) / tiles;
    const uint8_t* from = x + t * x_stride;
    switch (count) {
      case 1: multiply_tokens<Type, 1>(tile, from, x_stride, acc + t); break;
      case 2: multiply_tokens<Type, 2>(tile, from, x_stride, acc + t); break;
      case 3: multiply_tokens<Type, 3>(tile, from, x_stride, acc + t); break;
      case 4: multiply_tokens<Type, 4>(tile, from, x_stride, acc + t); break;
      case 5: if constexpr (kTileTokens >= 5) multiply_tokens<Type, 5>(tile, from, x_stride, acc + t); break;
      case 6: if constexpr (kTileTokens >= 6) multiply_tokens<Type, 6>(tile, from, x_stride, acc + t); break;
      case 7: if constexpr (kTileTokens >= 7) multiply_tokens<Type, 7>(tile, from, x_stride, acc + t); break;
      case 8: if constexpr (kTileTokens >= 8) multiply_tokens<Type, 8>(tile, from, x_stride, acc + t); break;
      case 9: if constexpr (kTileTokens >= 9) multiply_tokens<Type, 9>(tile, from, x_stride, acc + t); break;
      case 10: if constexpr (kTileTokens >= 10) multiply_tokens<Type, 10>(tile, from, x_stride, acc + t); break;
      case 11: if constexpr (kTileTokens >= 11) multiply_tokens<Type, 11>(tile, from, x_stride, acc + t); break;
      case 12: if constexpr (kTileTokens >= 12) multiply_tokens<Type, 12>(tile, from, x_stride, acc + t); break;
    }
    t += count;
    --tiles;
  }
}

template <class Type>
[[gnu::noinline]] VecF direct_block(const uint8_t* const* rows, size_t at, const uint8_t* x, const uint8_t* next, VecF out) {
  SuperHeader h;
  Type::read_header(rows, at, h);
  const uint8_t* codes = x + offsetof(BlockQ8x256, q);
  constexpr int kSubs = 256 / Type::kSubBlock;
  VecI sum = zero_i(); size_t line = 0;
#if VARIANT == 0
  VecI partial[kSubs];
  AUREA_UNROLL for (int j = 0; j < kSubs; ++j) partial[j] = zero_i();
  Type::read_codes(rows, at, [&](size_t group, VecI w) AUREA_LAMBDA {
    if (64 * line < kLanes * Type::kBlockBytes) PREF(reinterpret_cast<const char*>(next) + 64 * line);
    ++line;
    const size_t j = group / (Type::kSubBlock / 4);
    partial[j] = multiply_add(partial[j], w, broadcast_dword(codes + 4 * group));
  });
  AUREA_UNROLL for (int k = 0; k < kSubs / 4; ++k) {
    sum = add_scaled(sum, partial[4 * k], scale_dwords<Type::kSignedScales, 0>(h.scales[k]));
    sum = add_scaled(sum, partial[4 * k + 1], scale_dwords<Type::kSignedScales, 1>(h.scales[k]));
    sum = add_scaled(sum, partial[4 * k + 2], scale_dwords<Type::kSignedScales, 2>(h.scales[k]));
    sum = add_scaled(sum, partial[4 * k + 3], scale_dwords<Type::kSignedScales, 3>(h.scales[k]));
  }
#else
  alignas(64) uint8_t scales[kSubs][4 * kLanes];
  const auto pair = [](VecI s) AUREA_LAMBDA { return bit_or(bit_and(s, set1_i32(0xFFFF)), shift_left<16>(s)); };
  AUREA_UNROLL for (int k = 0; k < kSubs / 4; ++k) {
    store_i(scales[4*k], pair(scale_dwords<Type::kSignedScales, 0>(h.scales[k])));
    store_i(scales[4*k+1], pair(scale_dwords<Type::kSignedScales, 1>(h.scales[k])));
    store_i(scales[4*k+2], pair(scale_dwords<Type::kSignedScales, 2>(h.scales[k])));
    store_i(scales[4*k+3], pair(scale_dwords<Type::kSignedScales, 3>(h.scales[k])));
  }
  VecI sums[4] = {sum, sum, sum, sum};
  Type::read_codes(rows, at, [&](size_t group, VecI w) AUREA_LAMBDA {
    if (64 * line < kLanes * Type::kBlockBytes) PREF(reinterpret_cast<const char*>(next) + 64 * line);
    ++line;
    const size_t j = group / (Type::kSubBlock / 4);
    sums[group % 4] = add_dot_i16(sums[group % 4], dot_u8_i8_pairs(w, broadcast_dword(codes + 4 * group)), load_i(scales[j]));
  });
  sum = add_i32(add_i32(sums[0], sums[1]), add_i32(sums[2], sums[3]));
#endif
  VecI bias = Type::kMins ? zero_i() : sum;
  AUREA_UNROLL for (size_t i = 0; i < 8; ++i) {
    bias = add_dot_i16(bias, h.bias[i], broadcast_dword(x + offsetof(BlockQ8x256, sums) + 4 * i));
  }
  const VecF x_d = broadcast_f(x);
  out = add_f(out, mul_f(mul_f(h.d, x_d), to_f(Type::kMins ? sum : bias)));
  if constexpr (Type::kMins) out = sub_f(out, mul_f(mul_f(h.dmin, x_d), to_f(bias)));
  return out;
}

template <class Type>
void direct(const MatmulArgs& args, size_t row_begin, size_t row_end) noexcept {
  const size_t n_blocks = args.cols / 256;
#ifdef BURST
  { const char* p = (const char*)args.weights + row_begin * args.row_bytes; size_t n = (row_end - row_begin < kLanes ? row_end - row_begin : kLanes) * args.row_bytes; for (size_t i = 0; i < n; i += 64) _mm_prefetch(p + i, _MM_HINT_T0); }
#endif
  for (size_t row0 = row_begin; row0 < row_end; row0 += kLanes) {
    const size_t n_rows = row_end - row0 < kLanes ? row_end - row0 : kLanes;
    const uint8_t* rows[kLanes];
    for (size_t r = 0; r < kLanes; ++r) rows[r] = args.weights + (row0 + (r < n_rows ? r : n_rows - 1)) * args.row_bytes;
    const bool more = row0 + 2 * kLanes <= row_end;
    const uint8_t* next = args.weights + (row0 + (more ? kLanes : 0)) * args.row_bytes;
    VecF out = zero_f();
    for (size_t block = 0; block < n_blocks; ++block) {
      out = direct_block<Type>(rows, block * Type::kBlockBytes, args.x + block * sizeof(BlockQ8x256), next + block * kLanes * Type::kBlockBytes, out);
    }
    float lanes[kLanes]; store_f(lanes, out);
    __builtin_memcpy(args.out + row0, lanes, n_rows * 4);
  }
}

template <class Type>
void matmul_q8x256(const MatmulArgs& args, size_t row_begin, size_t row_end) noexcept {
  if (args.n_tokens == 1) return direct<Type>(args, row_begin, row_end);
  const size_t n_blocks = args.cols / 256;
  SuperTile tile;
  alignas(64) float acc[kChunk][kTileRows];
  for (size_t row0 = row_begin; row0 < row_end; row0 += kTileRows) {
    const size_t n_rows = row_end - row0 < kTileRows ? row_end - row0 : kTileRows;
    const uint8_t* rows[kTileRows];  // the missing ones repeat the last
    for (size_t r = 0; r < kTileRows; ++r) {
      rows[r] = args.weights + (row0 + (r < n_rows ? r : n_rows - 1)) * args.row_bytes;
    }
    for (size_t token0 = 0; token0 < args.n_tokens; token0 += kChunk) {
      const size_t n = args.n_tokens - token0 < kChunk ? args.n_tokens - token0 : kChunk;
      const uint8_t* x = args.x + token0 * args.x_row_bytes;
      __builtin_memset(acc, 0, n * sizeof acc[0]);
      for (size_t block = 0; block < n_blocks; ++block) {
        for (size_t v = 0; v < kTileVecs; ++v) unpack_vector<Type>(rows + v * kLanes, block * Type::kBlockBytes, v, tile);
        multiply_chunk<Type>(tile, x + block * sizeof(BlockQ8x256), args.x_row_bytes, n, acc);
      }
      for (size_t t = 0; t < n; ++t) {
        __builtin_memcpy(args.out + (token0 + t) * args.out_stride + row0, acc[t], n_rows * sizeof(float));
      }
    }
  }
}
