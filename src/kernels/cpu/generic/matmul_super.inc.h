// Matrix products of packed super-blocks with BlockQ8x256 activations, for any vector width.
//
// Rows are lanes, so no sum crosses lanes. Everything up to a super-block's dot product is exact integer arithmetic,
// then follow the float operations that kernel_set.h states: the bits are those of the scalar set.
// A few tokens multiply the codes as they come from memory. Many share them through a tile in the L1 cache: kTileVecs
// vectors of rows, codes widened to bytes and scales to dwords once for kChunk tokens.
// Included after matmul_tiles.inc.h, packed_rows.inc.h, super_blocks.inc.h and token_tiles.inc.h;
// matmul_packed.inc.h follows.

/// What multiplying depends on; formats that agree share the code. kFlush: calls of multiply_add between two flushes.
template <int kSubBlockValue, bool kMinsValue, int kOffsetShiftValue, bool kInt8Value, int kFlushValue>
struct SuperTraits {
  static constexpr int kSubBlock = kSubBlockValue, kOffsetShift = kOffsetShiftValue, kFlush = kFlushValue;
  static constexpr bool kMins = kMinsValue, kInt8 = kInt8Value;
  static constexpr bool kOffset = kOffsetShift >= 0;
  static constexpr bool kWords = kMins || (kOffset && !kOffsetsInPartial);  // 16-bit factors of the activation sums
  static constexpr int kGroups = kSubBlock / 4, kSubBlocks = 256 / kSubBlock;
  static_assert(kGroups % kFlush == 0 && !(kMins && kOffset));
};

template <class Type>
using TraitsOf = SuperTraits<Type::kSubBlock, Type::kMins, Type::kInt8 ? kInt8OffsetShift : Type::kOffsetShift,
                             Type::kInt8, groups_per_flush(Type::kMaxCode, Type::kSubBlock / 4)>;

/// Super-blocks of kTileVecs vectors of rows in row lanes.
struct SuperTile {
  alignas(64) uint8_t codes[64][kTileVecs][4 * kLanes];   // [group of 4 elements][vector][row, element]
  alignas(64) uint8_t scales[16][kTileVecs][4 * kLanes];  // dwords as scale_operand makes them
  alignas(64) uint8_t words[8][kTileVecs][4 * kLanes];    // mins, or scales, of sub-blocks 2 i and 2 i + 1
  alignas(64) float d[kTileVecs][kLanes], neg_dmin[kTileVecs][kLanes];
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
  AUREA_UNROLL for (size_t k = 0; k < 64 / Type::kSubBlock; ++k, out += 4 * stride) {
    store_i(out, scale_dwords<Type::kSignedScales, 0>(h.scales[k]));
    store_i(out + stride, scale_dwords<Type::kSignedScales, 1>(h.scales[k]));
    store_i(out + 2 * stride, scale_dwords<Type::kSignedScales, 2>(h.scales[k]));
    store_i(out + 3 * stride, scale_dwords<Type::kSignedScales, 3>(h.scales[k]));
  }
}

/// The factors of the activation sums: mins, or signed scales where the codes have an offset.
template <class Type>
AUREA_INLINE void read_words(const SuperHeader& h, VecI* words) {
  if constexpr (Type::kMins) {
    for (size_t i = 0; i < TraitsOf<Type>::kSubBlocks / 2; ++i) words[i] = h.mins[i];
  } else {
    for (size_t k = 0; k < TraitsOf<Type>::kSubBlocks / 4; ++k) {
      words[2 * k] = signed_byte_pair<0, 1>(h.scales[k]);
      words[2 * k + 1] = signed_byte_pair<2, 3>(h.scales[k]);
    }
  }
}

template <class Type>
AUREA_INLINE void unpack(const PackedRows& rows, size_t vec, SuperTile& tile) {
  SuperHeader h;
  Type::read_header(rows, h);
  store_scales<Type>(h, tile.scales[0][vec], sizeof tile.scales[0]);
  if constexpr (TraitsOf<Type>::kWords) {
    VecI words[8];
    read_words<Type>(h, words);
    for (size_t i = 0; i < TraitsOf<Type>::kSubBlocks / 2; ++i) store_i(tile.words[i][vec], words[i]);
  }
  store_f(tile.d[vec], h.d);
  if constexpr (Type::kMins) store_f(tile.neg_dmin[vec], sub_f(zero_f(), h.dmin));
  constexpr size_t kUnits = 8 / Type::kRuns, kGroups = 8 * Type::kRuns;
  for (size_t unit = 0; unit < kUnits; ++unit) {
    unroll<kGroups>([&](auto group) AUREA_INLINE_LAMBDA {
      if (vec % kGroupVecs == 0) fetch_part<Type, kUnits, decltype(group)::value, kGroups>(rows, unit);
      store_i(tile.codes[unit * kGroups + group.value][vec], Type::template codes<group.value>(rows, unit));
    });
  }
}

/// What a sub-block's partial sum starts from.
template <class Traits>
AUREA_INLINE VecI first_partial(const uint8_t* x, size_t sub_block) {
  if constexpr (Traits::kOffset && kOffsetsInPartial) {
    constexpr size_t kSums =
        Traits::kSubBlock == 32 ? offsetof(BlockQ8x256, neg_pair_sums) : offsetof(BlockQ8x256, neg_sums);
    return shift_left<Traits::kOffsetShift>(broadcast_dword(x + kSums + 4 * sub_block));
  } else {
    return zero_i();
  }
}

/// dot[t][vector] = sum over pairs i of sub-blocks of factor * activation sum; word(i, vector) are the factors.
template <class Traits, size_t kTokens, size_t kVecs, class Word>
AUREA_INLINE void dot_sums(const uint8_t* x, size_t x_stride, Word word, VecI (&dot)[kTokens][kVecs]) {
  constexpr size_t kSums = Traits::kSubBlock == 32 ? offsetof(BlockQ8x256, pair_sums) : offsetof(BlockQ8x256, sums);
  AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
    AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) dot[t][v] = zero_i();
  }
  if constexpr (!Traits::kWords) return;
  AUREA_UNROLL for (size_t i = 0; i < Traits::kSubBlocks / 2; ++i) {
    VecI words[kVecs];
    AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) words[v] = word(i, v);
    AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
      const VecI sums = broadcast_dword(x + t * x_stride + kSums + 4 * i);
      AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) dot[t][v] = add_dot_i16(dot[t][v], words[v], sums);
    }
  }
}

/// out + the super-block's part, from its integers.
template <class Traits>
AUREA_INLINE VecF add_super_block(VecF out, VecI sum, VecI dot, VecF d, VecF neg_dmin, VecF x_d) {
  if constexpr (Traits::kOffset && !kOffsetsInPartial) sum = sub_i32(sum, shift_left<Traits::kOffsetShift>(dot));
  VecF v = mul_f(d, to_f(sum));
  if constexpr (Traits::kMins) v = fma_f(neg_dmin, to_f(dot), v);
  return fma_f(x_d, v, out);
}

/// acc[t][vector] += the super-block's part, from the sums of its codes' products.
template <class Traits, size_t kTokens>
AUREA_INLINE void add_sums(const SuperTile& tile, const VecI (&sum)[kTokens][kTileVecs], const uint8_t* x,
                           size_t x_stride, float (*acc)[kTileVecs][kLanes]) {
  VecI dot[kTokens][kTileVecs];
  dot_sums<Traits>(
      x, x_stride, [&](size_t i, size_t v) AUREA_INLINE_LAMBDA { return load_i(tile.words[i][v]); }, dot);
  AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
    AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) {
      store_f(acc[t][v], add_super_block<Traits>(load_f(acc[t][v]), sum[t][v], dot[t][v], load_f(tile.d[v]),
                                                 load_f(tile.neg_dmin[v]), broadcast_f(x + t * x_stride)));
    }
  }
}

/// acc[t][vector] += the super-block's part, for kTokens activation blocks at x + t * x_stride.
template <class Traits, size_t kTokens>
[[gnu::noinline]] void multiply_tokens(const SuperTile& tile, const uint8_t* x, size_t x_stride,
                                       float (*acc)[kTileVecs][kLanes]) {
  const uint8_t* codes = x + offsetof(BlockQ8x256, q);
  VecI sum[kTokens][kTileVecs];
  AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
    AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) sum[t][v] = zero_i();
  }
  for (size_t j = 0; j < Traits::kSubBlocks; ++j) {
    fetch_next_tile<kTokens>(x, x_stride, j, Traits::kSubBlocks);
    VecI partial[kTokens][kTileVecs];
    AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
      const VecI first = first_partial<Traits>(x + t * x_stride, j);
      AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) partial[t][v] = first;
    }
    AUREA_UNROLL for (int g = 0; g < Traits::kGroups; ++g) {
      if (g > 0 && g % Traits::kFlush == 0) {
        AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) {
          const VecI scale = load_i(tile.scales[j][v]);
          AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
            sum[t][v] = add_scaled(sum[t][v], partial[t][v], scale);
            partial[t][v] = zero_i();
          }
        }
      }
      const size_t group = j * Traits::kGroups + static_cast<size_t>(g);
      VecI w[kTileVecs];
      AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) w[v] = load_i(tile.codes[group][v]);
      AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
        const VecI q = broadcast_dword(codes + t * x_stride + 4 * group);
        AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) {
          partial[t][v] = multiply_add<Traits::kInt8>(partial[t][v], w[v], q);
        }
      }
    }
    AUREA_UNROLL for (size_t v = 0; v < kTileVecs; ++v) {
      const VecI scale = load_i(tile.scales[j][v]);
      AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) sum[t][v] = add_scaled(sum[t][v], partial[t][v], scale);
    }
  }
  add_sums<Traits>(tile, sum, x, x_stride, acc);
}

template <class Type>
void multiply_many(const MatmulArgs& args, size_t row_begin, size_t row_end) {
  SuperTile tile;
  alignas(64) float acc[kChunk][kTileVecs][kLanes];
  for (size_t row = row_begin; row < row_end; row += kTileVecs * kLanes) {
    for (size_t token = 0; token < args.n_tokens; token += kChunk) {
      const size_t n = args.n_tokens - token < kChunk ? args.n_tokens - token : kChunk;
      const uint8_t* x = args.x + token * args.x_row_bytes;
      PackedRows rows[kTileVecs];
      for (size_t v = 0; v < kTileVecs; ++v) {  // behind the end: the first ones again
        rows[v] = packed_rows<Type>(args, row + v * kLanes < row_end ? row + v * kLanes : row);
        if (token == 0) rows[v].ahead = kTileVecs * kLanes / kGroupRows * args.row_bytes;
      }
      __builtin_memset(acc, 0, n * sizeof acc[0]);
      for (size_t block = 0; block < args.cols / 256; ++block, x += sizeof(BlockQ8x256)) {
        for (size_t v = 0; v < kTileVecs; ++v) {
          unpack<Type>(rows[v], v, tile);
          advance<Type>(rows[v]);
        }
        if constexpr (kTokenPairs) pair_codes<Type>(tile);
        for_token_tiles<1, kTileTokens>(n, [&](auto tokens, size_t t) AUREA_INLINE_LAMBDA {
          const uint8_t* block_x = x + t * args.x_row_bytes;
          if constexpr (kTokenPairs) {
            multiply_pairs<TraitsOf<Type>, tokens.value>(tile, block_x, args.x_row_bytes, acc + t);
          } else {
            multiply_tokens<TraitsOf<Type>, tokens.value>(tile, block_x, args.x_row_bytes, acc + t);
          }
        });
      }
      store_tile(args, acc, token, n, row, row_end);
    }
  }
}

/// out[t][vector] += the super-block's part of kVecs vectors of rows, without a tile.
template <class Type, size_t kTokens, size_t kVecs>
AUREA_INLINE void multiply_block(const PackedRows (&rows)[kVecs], const uint8_t* x, size_t x_stride,
                                 VecF (&out)[kTokens][kVecs]) {
  using Traits = TraitsOf<Type>;
  const uint8_t* codes = x + offsetof(BlockQ8x256, q);
  alignas(64) uint8_t scales[Traits::kSubBlocks][kVecs][4 * kLanes];
  VecI sum[kTokens][kVecs], words[kVecs][8];
  VecF d[kVecs], neg_dmin[kVecs];
  AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) {
    SuperHeader h;
    Type::read_header(rows[v], h);
    store_scales<Type>(h, scales[0][v], sizeof scales[0]);
    if constexpr (Traits::kWords) read_words<Type>(h, words[v]);
    d[v] = h.d;
    neg_dmin[v] = zero_f();
    if constexpr (Type::kMins) neg_dmin[v] = sub_f(zero_f(), h.dmin);
    AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) sum[t][v] = zero_i();
  }
  constexpr size_t kUnits = 8 / Type::kRuns, kUnitGroups = 8 * Type::kRuns,
                   kUnitSubBlocks = Traits::kSubBlocks / kUnits;
  for (size_t unit = 0; unit < kUnits; ++unit) {
    unroll<kUnitSubBlocks>([&](auto part) AUREA_INLINE_LAMBDA {
      const size_t j = unit * kUnitSubBlocks + part.value;
      VecI partial[kTokens][kVecs];
      AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
        const VecI first = first_partial<Traits>(x + t * x_stride, j);
        AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) partial[t][v] = first;
      }
      unroll<Traits::kGroups>([&](auto g) AUREA_INLINE_LAMBDA {
        constexpr size_t kGroup = decltype(part)::value * Traits::kGroups + decltype(g)::value;
        VecI w[kVecs];
        AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) {
          if (v % kGroupVecs == 0) fetch_part<Type, kUnits, kGroup, kUnitGroups>(rows[v], unit);
          w[v] = Type::template codes<kGroup>(rows[v], unit);
        }
        AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
          const VecI q = broadcast_dword(codes + t * x_stride + 4 * (unit * kUnitGroups + kGroup));
          AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) {
            partial[t][v] = multiply_add<Traits::kInt8>(partial[t][v], w[v], q);
          }
        }
        if constexpr ((g.value + 1) % Traits::kFlush == 0) {
          AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) {
            const VecI scale = load_i(scales[j][v]);
            AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
              sum[t][v] = add_scaled(sum[t][v], partial[t][v], scale);
              partial[t][v] = zero_i();
            }
          }
        }
      });
    });
  }
  VecI dot[kTokens][kVecs];
  dot_sums<Traits>(
      x, x_stride, [&](size_t i, size_t v) AUREA_INLINE_LAMBDA { return words[v][i]; }, dot);
  AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
    AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) {
      out[t][v] =
          add_super_block<Traits>(out[t][v], sum[t][v], dot[t][v], d[v], neg_dmin[v], broadcast_f(x + t * x_stride));
    }
  }
}
