// The product of two float32 matrices, for any vector width (KernelSet::gemm). Included after a vec text; the includer
// defines kTileRows and kTileVectors: the tile of c that stays in the registers.
//
// The lanes of a vector are columns of c, so every output is one chain of fused multiply-adds in increasing k,
// whatever the blocks. A block of b, [kBlockDepth, kBlockCols], is packed once and stays in the L2 cache, in panels as
// wide as a tile; a panel of a, [rows of a tile, kBlockDepth], is packed before it meets all of them and stays in L1.

constexpr size_t kTileCols = kTileVectors * kLanes;
constexpr size_t kBlockDepth = 256, kBlockCols = 384;
constexpr size_t kPanelRows = (kTileRows + kLanes - 1) / kLanes * kLanes;  // whole vectors: packing writes no less
constexpr size_t kRowsWorthPacking = 64;  // with fewer, b is read where it lies if its rows are contiguous
static_assert(kBlockCols % kTileCols == 0);

/// dst[k * dst_step + l] = scale * src[l * lane_step + k * step] for l < kLanes, k < depth. Of `lanes` < kLanes the
/// others are numbers of no meaning.
AUREA_INLINE void pack_lanes(const float* src, size_t lane_step, size_t step, size_t lanes, size_t depth, float scale,
                             float* dst, size_t dst_step) {
  const VecF factor = set1_f(scale);
  if (lane_step == 1) {
    for (size_t k = 0; k < depth; ++k) {
      const float* p = src + k * step;
      store_f(dst + k * dst_step, mul_f(factor, lanes >= kLanes ? load_f(p) : load_f_part(p, lanes)));
    }
    return;
  }
  size_t k = 0;
  if (step == 1) {
    const uint8_t* rows[kLanes];
    for (size_t l = 0; l < kLanes; ++l) {
      rows[l] = reinterpret_cast<const uint8_t*>(src + (l < lanes ? l : lanes - 1) * lane_step);
    }
    for (; k + 8 <= depth; k += 8) {
      VecI v[8];
      load_columns8(rows, k * sizeof(float), v);
      AUREA_UNROLL for (size_t i = 0; i < 8; ++i) store_f(dst + (k + i) * dst_step, mul_f(factor, as_f(v[i])));
    }
  }
  for (; k < depth; ++k) {
    for (size_t l = 0; l < kLanes; ++l) {
      dst[k * dst_step + l] = l < lanes ? scale * src[l * lane_step + k * step] : 0;
    }
  }
}

/// c[0..kRows)[0..kTileCols) += a b for a packed panel of a, and b's rows b_step apart. Fetches c of the next tile.
template <size_t kRows>
[[gnu::noinline]] void multiply_tile(const float* a, const float* b, size_t b_step, size_t depth, float* c,
                                     size_t c_row, const float* next_c) {
  VecF sum[kRows][kTileVectors];
  AUREA_UNROLL for (size_t r = 0; r < kRows; ++r) {
    AUREA_UNROLL for (size_t v = 0; v < kTileVectors; ++v) sum[r][v] = load_f(c + r * c_row + v * kLanes);
  }
  for (size_t r = 0; r < kRows; ++r) {
    for (size_t i = 0; i < kTileCols; i += 16) prefetch(reinterpret_cast<const uint8_t*>(next_c + r * c_row + i));
  }
  for (size_t k = 0; k < depth; ++k) {
    VecF columns[kTileVectors];
    AUREA_UNROLL for (size_t v = 0; v < kTileVectors; ++v) columns[v] = load_f(b + v * kLanes);
    AUREA_UNROLL for (size_t r = 0; r < kRows; ++r) {
      const VecF row = set1_f(a[r]);
      AUREA_UNROLL for (size_t v = 0; v < kTileVectors; ++v) sum[r][v] = fma_f(row, columns[v], sum[r][v]);
    }
    a += kPanelRows;
    b += b_step;
  }
  AUREA_UNROLL for (size_t r = 0; r < kRows; ++r) {
    AUREA_UNROLL for (size_t v = 0; v < kTileVectors; ++v) store_f(c + r * c_row + v * kLanes, sum[r][v]);
  }
}

using TileFunction = void (*)(const float*, const float*, size_t, size_t, float*, size_t, const float*);

/// multiply_tile<rows>.
template <size_t kRows = kTileRows>
AUREA_INLINE TileFunction tile_function(size_t rows) {
  if constexpr (kRows > 1) {
    if (rows < kRows) return tile_function<kRows - 1>(rows);
  }
  return multiply_tile<kRows>;
}

/// A tile with fewer than kTileCols columns: computed on the side.
AUREA_INLINE void multiply_narrow_tile(TileFunction tile, const float* a, const float* b, size_t depth, float* c,
                                       size_t c_row, size_t rows, size_t cols) {
  alignas(64) float part[kTileRows][kTileCols] = {};
  for (size_t r = 0; r < rows; ++r) __builtin_memcpy(part[r], c + r * c_row, cols * sizeof(float));
  tile(a, b, kTileCols, depth, part[0], kTileCols, part[0]);
  for (size_t r = 0; r < rows; ++r) __builtin_memcpy(c + r * c_row, part[r], cols * sizeof(float));
}

/// Columns [col, col + cols), depth [k, k + depth) of gemm.
AUREA_INLINE void multiply_block(const GemmArgs& args, size_t col, size_t cols, size_t k, size_t depth) {
  alignas(64) float a_panel[kBlockDepth * kPanelRows], b_block[kBlockDepth * kBlockCols];
  const float* b = args.b + k * args.b_row + col * args.b_col;
  const bool in_place = args.m < kRowsWorthPacking && args.b_col == 1;
  const size_t whole_cols = cols / kTileCols * kTileCols;
  for (size_t j = in_place ? whole_cols : 0; j < cols; j += kLanes) {
    float* panel = b_block + j / kTileCols * kTileCols * depth + j % kTileCols;
    pack_lanes(b + j * args.b_col, args.b_col, args.b_row, cols - j, depth, 1, panel, kTileCols);
  }
  const size_t max_rows = even_piece(args.m, kTileRows, 1);
  for (size_t i = 0; i < args.m; i += max_rows) {
    const size_t rows = args.m - i < max_rows ? args.m - i : max_rows;
    const TileFunction tile = tile_function(rows);
    for (size_t r = 0; r < rows; r += kLanes) {
      pack_lanes(args.a + (i + r) * args.a_row + k * args.a_col, args.a_row, args.a_col, rows - r, depth, args.alpha,
                 a_panel + r, kPanelRows);
    }
    float* c = args.c + i * args.c_row + col;
    for (size_t j = 0; j < whole_cols; j += kTileCols) {
      const float* next_c = c + (j + 2 * kTileCols <= cols ? j + kTileCols : j);
      if (in_place) {
        tile(a_panel, b + j, args.b_row, depth, c + j, args.c_row, next_c);
      } else {
        tile(a_panel, b_block + j * depth, kTileCols, depth, c + j, args.c_row, next_c);
      }
    }
    if (whole_cols < cols) {
      multiply_narrow_tile(tile, a_panel, b_block + whole_cols * depth, depth, c + whole_cols, args.c_row, rows,
                           cols - whole_cols);
    }
  }
}

AUREA_INLINE void gemm_f(const GemmArgs& args) {
  if (args.m == 0 || args.n == 0 || args.k == 0) return;
  const size_t max_cols = even_piece(args.n, kBlockCols, kTileCols), max_depth = even_piece(args.k, kBlockDepth, 8);
  for (size_t col = 0; col < args.n; col += max_cols) {
    const size_t cols = args.n - col < max_cols ? args.n - col : max_cols;
    for (size_t k = 0; k < args.k; k += max_depth) {
      multiply_block(args, col, cols, k, args.k - k < max_depth ? args.k - k : max_depth);
    }
  }
}
