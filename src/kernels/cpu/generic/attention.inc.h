// Attention over the paged cache with a streaming softmax, for any vector width. Included after kv_elements.inc.h and
// exp.inc.h.
//
// A row is a token's query head. Up to kAttentionRows rows of consecutive tokens go through the cache together, block
// by block: the scores of all rows, in tiles of rows and keys that stay in the registers; each row's weights, with one
// rescaling of what it summed so far; the values, in tiles of rows and dimensions. Numbers are made float32 on the way
// into the registers, and fetched ahead.
//
// Numeric contract: the query times scale * log2(e), rounded; a score is one chain of fused multiply-adds in the order
// of the dimensions; a sum of values is one in the order of the keys, a sum of weights one for every residue of the key
// modulo kLanes, both rescaled at the borders of the blocks where the maximum moves. Tiles change nothing about these
// chains, and what a row may not see never enters them.

constexpr size_t kScoreVectors = kLanes == 4 ? 4 : 2;                     // of keys, in a tile with many rows
constexpr size_t kScoreRows = kLanes == 16 ? 12 : kLanes == 8 ? 6 : 4;    // of such a tile
constexpr size_t kPanelRows = kLanes;                                     // of its queries: a whole vector
constexpr size_t kValueVectors = kLanes == 16 ? 6 : kLanes == 8 ? 4 : 8;  // of dimensions
constexpr size_t kValueRows = kLanes == 16 ? 4 : kLanes == 8 ? 3 : 2;
constexpr size_t kHighRows = kScoreRows, kHighVectors = 2;
constexpr size_t kAhead = kKvBlockTokens * 64;  // bytes between what is fetched and what is read
static_assert(kAttentionRows % kScoreRows == 0 && kAttentionRows / kScoreRows * kPanelRows <= kAttentionPanelRows);

/// The rows that go through the keys together, in the order of their tokens.
struct Rows {
  size_t n, tile_rows;                                // rows; of a tile of scores
  size_t dims;                                        // head_dim in whole vectors
  size_t first[kAttentionRows], end[kAttentionRows];  // keys that a row sees
  float* queries;                                     // [tile][dims][kPanelRows], times scale * log2(e)
  float* sums;                                        // [n][dims], of weighted values
  float* scores;                                      // [n][kKvBlockTokens], then weights
  float max[kAttentionRows];
  alignas(64) float weights[kAttentionRows][kLanes];  // sums of weights, by key modulo kLanes
};

/// A head's keys or values of one page.
struct KvBlock {
  const uint8_t* data;
  const uint8_t* next;  // what is read after it
  size_t key;           // its first token
  size_t dims;          // kv_padded_dim
};

/// Tokens of a block.
struct Slots {
  size_t first, end;
};

/// From the first that one row sees to the last that another does.
AUREA_INLINE Slots visible_slots(const Rows& rows, size_t first_row, size_t last_row, size_t key) {
  const size_t first = rows.first[first_row] > key ? rows.first[first_row] - key : 0;
  const size_t end = rows.end[last_row] > key ? rows.end[last_row] - key : 0;
  return {first, end < kKvBlockTokens ? end : kKvBlockTokens};
}

// ---- scores

/// scores[r][0 .. kVecs * kLanes) = queries[r] . keys, for tokens from `slot` of the block on.
template <class Keys, size_t kRows, size_t kVecs>
[[gnu::noinline]] void score_tile(const float* queries, const KvBlock& block, size_t slot, float* scores) {
  VecF sum[kRows][kVecs];
  AUREA_UNROLL for (size_t r = 0; r < kRows; ++r) {
    AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) sum[r][v] = zero_f();
  }
  const uint8_t* step = block.data + slot * Keys::kTokenBytes;
  const uint8_t* scales = block.data + block.dims / Keys::kDims * Keys::kStepBytes + slot * 2;
  for (size_t d = 0; d < block.dims; d += 32) {
    VecF scale[kVecs];
    if constexpr (Keys::kScaled) {
      AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) scale[v] = load_f16(scales + v * kLanes * 2);
      scales += kKvBlockTokens * 2;
    }
    const auto load_keys = [&](size_t v, VecF* key) AUREA_INLINE_LAMBDA {
      Keys::load(step + v * kLanes * Keys::kTokenBytes, key);
      if constexpr (Keys::kScaled) {
        AUREA_UNROLL for (size_t i = 0; i < Keys::kDims; ++i) key[i] = mul_f(key[i], scale[v]);
      }
    };
    const uint8_t* end = step + (block.dims - d < 32 ? block.dims - d : 32) / Keys::kDims * Keys::kStepBytes;
    for (; step < end; step += Keys::kStepBytes) {
      for (size_t line = 0; line < kVecs * kLanes * Keys::kTokenBytes; line += 64) prefetch(step + kAhead + line);
      if constexpr (kRows < kVecs) {
        VecF query[Keys::kDims][kRows];
        AUREA_UNROLL for (size_t i = 0; i < Keys::kDims; ++i) {
          AUREA_UNROLL for (size_t r = 0; r < kRows; ++r) query[i][r] = set1_f(queries[i * kPanelRows + r]);
        }
        AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) {
          VecF key[Keys::kDims];
          load_keys(v, key);
          AUREA_UNROLL for (size_t i = 0; i < Keys::kDims; ++i) {
            AUREA_UNROLL for (size_t r = 0; r < kRows; ++r) sum[r][v] = fma_f(query[i][r], key[i], sum[r][v]);
          }
        }
      } else {
        VecF key[kVecs][Keys::kDims];
        AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) load_keys(v, key[v]);
        AUREA_UNROLL for (size_t i = 0; i < Keys::kDims; ++i) {
          AUREA_UNROLL for (size_t r = 0; r < kRows; ++r) {
            const VecF query = set1_f(queries[i * kPanelRows + r]);
            AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) sum[r][v] = fma_f(query, key[v][i], sum[r][v]);
          }
        }
      }
      queries += Keys::kDims * kPanelRows;
    }
  }
  AUREA_UNROLL for (size_t r = 0; r < kRows; ++r) {
    AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) store_f(scores + r * kKvBlockTokens + v * kLanes, sum[r][v]);
  }
}

/// A tile of `n` <= kRows rows for the keys that they see at least. Of some heights the next one stands in, for queries
/// that are zeros.
template <class Keys, size_t kRows>
AUREA_INLINE void score_rows(size_t n, const float* queries, const KvBlock& block, Slots slots, float* scores) {
  if constexpr (kRows > 1) {
    constexpr size_t kLower = kRows > 8 ? 8 : kRows > 6 ? 6 : kRows > 4 ? 4 : kRows - 1;
    if (n <= kLower) return score_rows<Keys, kLower>(n, queries, block, slots, scores);
  }
  // Few rows: more vectors, so that there are sums enough to hide the latency.
  constexpr size_t kFewVectors = kRows == 1 || kLanes * kRows == 32 ? 8 : 4;
  constexpr size_t kWidth = kScoreVectors * kLanes, kFewWidth = kFewVectors * kLanes;
  for (size_t slot = slots.first / kWidth * kWidth; slot < slots.end;) {
    if constexpr (kRows * kFewVectors <= kScoreRows * kScoreVectors) {
      if (slot % kFewWidth == 0 && slots.end - slot > kWidth) {
        score_tile<Keys, kRows, kFewVectors>(queries, block, slot, scores + slot);
        slot += kFewWidth;
        continue;
      }
    }
    score_tile<Keys, kRows, kScoreVectors>(queries, block, slot, scores + slot);
    slot += kWidth;
  }
}

template <class Keys>
void score_block(const Rows& rows, const KvBlock& block) {
  for (size_t r = 0; r < rows.n; r += rows.tile_rows) {
    const size_t n = rows.n - r < rows.tile_rows ? rows.n - r : rows.tile_rows;
    const Slots slots = visible_slots(rows, r, r + n - 1, block.key);
    if (slots.first >= slots.end) continue;
    score_rows<Keys, kScoreRows>(n, rows.queries + r / rows.tile_rows * rows.dims * kPanelRows, block, slots,
                                 rows.scores + r * kKvBlockTokens);
  }
}

// ---- weights

/// The scores of a row's keys in a block become weights exp(score - max); its sums so far are rescaled.
AUREA_INLINE void weigh_row(Rows& rows, size_t row, Slots slots) {
  float* scores = rows.scores + row * kKvBlockTokens;
  const size_t first = slots.first, end = slots.end;
  const size_t begin = first / kLanes * kLanes;
  for (size_t i = begin; i < first; ++i) scores[i] = -__builtin_inff();
  for (size_t i = end; i % kLanes != 0; ++i) scores[i] = -__builtin_inff();
  VecF max = load_f(scores + begin);
  for (size_t i = begin + kLanes; i < end; i += kLanes) max = max_f(max, load_f(scores + i));
  const float block_max = max_lanes(max), old_max = rows.max[row];
  const float new_max = block_max > old_max ? block_max : old_max;
  VecF total = load_f(rows.weights[row]);
  if (new_max != old_max) {
    const VecF factor = exp2_f(set1_f(old_max - new_max));
    float* sums = rows.sums + row * rows.dims;
    for (size_t d = 0; d < rows.dims; d += kLanes) store_f(sums + d, mul_f(load_f(sums + d), factor));
    total = mul_f(total, factor);
    rows.max[row] = new_max;
  }
  for (size_t i = begin; i < end; i += kLanes) {
    const VecF weight = exp2_f(sub_f(load_f(scores + i), set1_f(new_max)));
    total = add_f(total, weight);
    store_f(scores + i, weight);
  }
  store_f(rows.weights[row], total);
}

// ---- values

/// sums[r] += sum over the tokens of weights[r][token] * value, for kVecs vectors of dimensions.
template <class Values, size_t kRows, size_t kVecs>
[[gnu::noinline]] void value_tile(const float* weights, const KvBlock& block, size_t dim, Slots slots, float* sums,
                                  size_t sums_stride) {
  VecF sum[kRows][kVecs];
  AUREA_UNROLL for (size_t r = 0; r < kRows; ++r) {
    AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) sum[r][v] = load_f(sums + r * sums_stride + v * kLanes);
  }
  const size_t row_bytes = Values::bytes(block.dims), scale_bytes = Values::scale_bytes(block.dims);
  const uint8_t* codes = block.data + slots.first * row_bytes + Values::bytes(dim);
  const uint8_t* scales =
      block.data + kKvBlockTokens * row_bytes + slots.first * scale_bytes + Values::scale_bytes(dim);
  for (size_t slot = slots.first; slot < slots.end; ++slot) {
    for (size_t line = 0; line < Values::bytes(kVecs * kLanes); line += 64) prefetch(codes + kAhead + line);
    prefetch(block.next + slot * 64);
    VecF value[kVecs];
    Values::template load<kVecs>(codes, scales, value);
    AUREA_UNROLL for (size_t r = 0; r < kRows; ++r) {
      const VecF weight = set1_f(weights[r * kKvBlockTokens + slot]);
      AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) sum[r][v] = fma_f(weight, value[v], sum[r][v]);
    }
    codes += row_bytes;
    scales += scale_bytes;
  }
  AUREA_UNROLL for (size_t r = 0; r < kRows; ++r) {
    AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) store_f(sums + r * sums_stride + v * kLanes, sum[r][v]);
  }
}

using ValueTile = void (*)(const float*, const KvBlock&, size_t, Slots, float*, size_t);

/// value_tile<Values, rows, vecs>.
template <class Values, size_t kRows = kValueRows, size_t kVecs = kValueVectors>
AUREA_INLINE ValueTile value_tile_function(size_t rows, size_t vecs) {
  if constexpr (kVecs > Values::kUnit) {
    if (vecs < kVecs) return value_tile_function<Values, kRows, kVecs - Values::kUnit>(rows, vecs);
  }
  if constexpr (kRows > 1) {
    if (rows < kRows) return value_tile_function<Values, kRows - 1, kVecs>(rows, vecs);
  }
  return value_tile<Values, kRows, kVecs>;
}

/// The values of the block's tokens in `part` for n rows: together for the tokens that all of them see, row by row
/// before and behind.
template <class Values>
AUREA_INLINE void add_values(const Rows& rows, const KvBlock& block, Slots part, size_t row, size_t n, ValueTile tile,
                             size_t dim, size_t vecs) {
  const ValueTile one = value_tile_function<Values>(1, vecs);
  const auto clip = [&](Slots slots) AUREA_INLINE_LAMBDA {
    return Slots{slots.first > part.first ? slots.first : part.first, slots.end < part.end ? slots.end : part.end};
  };
  const auto add = [&](ValueTile function, size_t r, Slots slots) AUREA_INLINE_LAMBDA {
    if (slots.first >= slots.end) return;
    function(rows.scores + r * kKvBlockTokens, block, dim, slots, rows.sums + r * rows.dims + dim, rows.dims);
  };
  Slots common = clip(visible_slots(rows, row + n - 1, row, block.key));
  if (common.end < common.first) common.end = common.first;
  for (size_t r = row; r < row + n; ++r) {
    const Slots slots = clip(visible_slots(rows, r, r, block.key));
    add(one, r, {slots.first, slots.end < common.first ? slots.end : common.first});
  }
  add(tile, row, common);
  for (size_t r = row; r < row + n; ++r) {
    const Slots slots = clip(visible_slots(rows, r, r, block.key));
    add(one, r, {slots.first > common.end ? slots.first : common.end, slots.end});
  }
}

/// Where making values float32 costs as much as what is done with them, tiles are high and narrow if there are rows for
/// it.
template <class Values>
void value_block(const Rows& rows, const KvBlock& block) {
  constexpr size_t kPart = Values::bytes(kKvBlockTokens) > 256 ? 32 : kKvBlockTokens;  // what stays in L1 for all rows
  constexpr bool kHigh = kHighVectors % Values::kUnit == 0 && (Values::kUnit > 1 || kLanes == 8);
  const size_t n_vecs = block.dims / kLanes,
               high_rows = kHigh && rows.n >= kHighRows ? rows.n / kHighRows * kHighRows : 0;
  const size_t vecs = high_rows > 0 ? kHighVectors : even_piece(n_vecs, kValueVectors, Values::kUnit);
  for (size_t v = 0; v < n_vecs; v += vecs) {
    const size_t n = n_vecs - v < vecs ? n_vecs - v : vecs;
    for (size_t first = 0; first < kKvBlockTokens; first += kPart) {
      const Slots part = {first, first + kPart};
      for (size_t row = 0; row < high_rows; row += kHighRows) {
        if constexpr (kHigh) {
          const ValueTile tile =
              n == kHighVectors ? value_tile<Values, kHighRows, kHighVectors> : value_tile<Values, kHighRows, 1>;
          add_values<Values>(rows, block, part, row, kHighRows, tile, v * kLanes, n);
        }
      }
      for (size_t row = high_rows; row < rows.n; row += kValueRows) {
        const size_t n_rows = rows.n - row < kValueRows ? rows.n - row : kValueRows;
        add_values<Values>(rows, block, part, row, n_rows, value_tile_function<Values>(n_rows, n), v * kLanes, n);
      }
    }
  }
}

// ---- all of it

using BlockFunction = void (*)(const Rows& rows, const KvBlock& block);

AUREA_INLINE BlockFunction score_function(KvType type) {
  switch (type) {
    case KvType::kF32:
      return score_block<KeysOf<ElementsF32>>;
    case KvType::kF16:
      return score_block<KeysOf<ElementsF16>>;
    case KvType::kBF16:
      return score_block<KeysOf<ElementsBF16>>;
    case KvType::kQ8_0:
      return score_block<KeysQ8>;
    case KvType::kQ4_0:
      break;
  }
  return score_block<KeysQ4>;
}

AUREA_INLINE BlockFunction value_function(KvType type) {
  switch (type) {
    case KvType::kF32:
      return value_block<ValuesOf<ElementsF32>>;
    case KvType::kF16:
      return value_block<ValuesOf<ElementsF16>>;
    case KvType::kBF16:
      return value_block<ValuesOf<ElementsBF16>>;
    case KvType::kQ8_0:
      return value_block<ValuesQ8>;
    case KvType::kQ4_0:
      break;
  }
  return value_block<ValuesQ4>;
}

/// n <= kPanelRows queries as [dims][kPanelRows], times `scale`; zeros beyond n and behind head_dim.
AUREA_INLINE void pack_queries(const float* const* queries, size_t n, size_t head_dim, size_t dims, float scale,
                               float* out) {
  size_t d = 0;
  const uint8_t* rows[kLanes];
  float factors[kLanes];
  for (size_t r = 0; r < kLanes; ++r) factors[r] = r < n ? scale : 0;
  const VecF factor = load_f(factors);
  for (size_t r = 0; r < kLanes; ++r) rows[r] = reinterpret_cast<const uint8_t*>(queries[r < n ? r : 0]);
  for (; d + 8 <= head_dim; d += 8) {
    VecI columns[8];
    load_columns8(rows, d * sizeof(float), columns);
    for (size_t i = 0; i < 8; ++i) store_f(out + (d + i) * kPanelRows, mul_f(as_f(columns[i]), factor));
  }
  for (; d < dims; ++d) {
    store_f(out + d * kPanelRows, zero_f());
    for (size_t r = 0; r < n && d < head_dim; ++r) out[d * kPanelRows + r] = queries[r][d] * scale;
  }
}

/// Lays out the rows [row, row + n) of the call, counted through its tokens and heads.
AUREA_INLINE void begin_rows(const AttentionArgs& args, size_t row, size_t n, Rows& rows) {
  rows.n = n;
  rows.tile_rows = even_piece(n, kScoreRows, 1);
  rows.dims = (args.head_dim + 31) / 32 * 32;
  rows.queries = reinterpret_cast<float*>(args.scratch);
  rows.sums = rows.queries + kAttentionPanelRows * rows.dims;
  rows.scores = rows.sums + kAttentionRows * rows.dims;
  const float* queries[kAttentionRows];
  for (size_t r = 0; r < n; ++r) {
    const size_t token = (row + r) / args.n_heads, head = (row + r) % args.n_heads;
    queries[r] = args.q + token * args.q_stride + head * args.head_dim;
    rows.end[r] = args.position + token + 1;
    rows.first[r] = args.window != 0 && rows.end[r] > args.window ? rows.end[r] - args.window : 0;
    rows.max[r] = -__builtin_inff();
    store_f(rows.weights[r], zero_f());
    for (size_t d = 0; d < rows.dims; d += kLanes) store_f(rows.sums + r * rows.dims + d, zero_f());
  }
  for (size_t r = 0; r < n; r += rows.tile_rows) {
    pack_queries(queries + r, n - r < rows.tile_rows ? n - r : rows.tile_rows, args.head_dim, rows.dims,
                 args.scale * 0x1.715476p+0f, rows.queries + r / rows.tile_rows * rows.dims * kPanelRows);
  }
}

AUREA_INLINE void finish_rows(const AttentionArgs& args, size_t row, const Rows& rows) {
  for (size_t r = 0; r < rows.n; ++r) {
    const size_t token = (row + r) / args.n_heads, head = (row + r) % args.n_heads;
    float* out = args.out + token * args.out_stride + head * args.head_dim;
    const float* sums = rows.sums + r * rows.dims;
    const VecF factor = set1_f(1.0f / sum_lanes(load_f(rows.weights[r])));
    size_t d = 0;
    for (; d + kLanes <= args.head_dim; d += kLanes) store_f(out + d, mul_f(load_f(sums + d), factor));
    if (d < args.head_dim) store_f_part(out + d, mul_f(load_f(sums + d), factor), args.head_dim - d);
  }
}

AUREA_INLINE void attend_rows(const AttentionArgs& args, BlockFunction score, BlockFunction add, Rows& rows) {
  const size_t k_dims = kv_padded_dim(args.k_type, args.head_dim), v_dims = kv_padded_dim(args.v_type, args.head_dim);
  const size_t last = rows.end[rows.n - 1];
  for (size_t page = rows.first[0] / kKvBlockTokens; page * kKvBlockTokens < last; ++page) {
    const size_t key = page * kKvBlockTokens, next_key = key + kKvBlockTokens;
    const uint8_t *k = args.pages[page] + args.k_offset, *v = args.pages[page] + args.v_offset;
    score(rows, {k, v, key, k_dims});
    for (size_t r = 0; r < rows.n; ++r) {
      const Slots slots = visible_slots(rows, r, r, key);
      if (slots.first < slots.end) weigh_row(rows, r, slots);
    }
    add(rows, {v, next_key < last ? args.pages[page + 1] + args.k_offset : v, key, v_dims});
  }
}

AUREA_INLINE void attend(const AttentionArgs& args) {
  Rows rows;
  const BlockFunction score = score_function(args.k_type), add = value_function(args.v_type);
  const size_t n_rows = args.n_tokens * args.n_heads;
  for (size_t row = 0; row < n_rows; row += kAttentionRows) {
    begin_rows(args, row, n_rows - row < kAttentionRows ? n_rows - row : kAttentionRows, rows);
    attend_rows(args, score, add, rows);
    finish_rows(args, row, rows);
  }
}
