// Matrix products with float32 activations, for any vector width: F32, F16 and BF16 weights.
//
// Numeric contract: float32 throughout. Lane l of an output's accumulator sums the products of the elements l, l +
// kLanes, ... in that order with fused multiply-adds; the lanes are added at the end. The order depends on nothing but
// the row length. Included after elements.inc.h and rows.inc.h; the includer defines kTileRows and kTileTokens, which
// fill the registers.

constexpr size_t kPiece = 512;     // columns at a time: kTileTokens of them in float32 stay in the L1 cache
constexpr size_t kRowBlock = 48;   // rows over which a piece of the activations is used again; a multiple of kTileRows
constexpr size_t kSingleRows = 8;  // rows at a time for one token: enough independent sums to hide the latency
static_assert(kRowBlock % kTileRows == 0);

/// acc[r][t] += the n products of row r at w + r * w_stride and activations t at x + t * x_stride.
/// kPrefetch: fetches the same number of weights at `next` into the cache.
template <class Weight, size_t kRows, size_t kTokens, bool kPrefetch = false>
AUREA_INLINE void accumulate(const uint8_t* w, size_t w_stride, const uint8_t* x, size_t x_stride, size_t n,
                             float (*acc)[kTokens][kLanes], const uint8_t* next = nullptr) {
  VecF sum[kRows][kTokens];
  AUREA_UNROLL for (size_t r = 0; r < kRows; ++r) {
    AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) sum[r][t] = load_f(acc[r][t]);
  }
  size_t k = 0;
  for (; k + kLanes <= n; k += kLanes) {
    if constexpr (kPrefetch) {
      for (size_t i = 0; i < kRows * kLanes * Weight::kBytes; i += 64) prefetch(next + i);
      next += kRows * kLanes * Weight::kBytes;
    }
    VecF weights[kRows];
    AUREA_UNROLL for (size_t r = 0; r < kRows; ++r) weights[r] = Weight::load(w + r * w_stride + k * Weight::kBytes);
    AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
      const VecF activations = load_f(x + t * x_stride + k * sizeof(float));
      AUREA_UNROLL for (size_t r = 0; r < kRows; ++r) sum[r][t] = fma_f(weights[r], activations, sum[r][t]);
    }
  }
  if (k < n) {
    AUREA_UNROLL for (size_t r = 0; r < kRows; ++r) {
      const VecF weights = Weight::load_part(w + r * w_stride + k * Weight::kBytes, n - k);
      AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
        sum[r][t] = fma_f(weights, load_f_part(x + t * x_stride + k * sizeof(float), n - k), sum[r][t]);
      }
    }
  }
  AUREA_UNROLL for (size_t r = 0; r < kRows; ++r) {
    AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) store_f(acc[r][t], sum[r][t]);
  }
}

template <class Weight, size_t kRows>
[[gnu::noinline]] void multiply_rows(const MatmulArgs& args, size_t row, size_t end) {
  alignas(64) float acc[kRows][1][kLanes] = {};
  accumulate<Weight, kRows, 1, true>(args.weights + row * args.row_bytes, args.row_bytes, args.x, 0, args.cols, acc,
                                     rows_behind(args, row, kRows, end));
  for (size_t r = 0; r < kRows; ++r) args.out[row + r] = sum_lanes(load_f(acc[r][0]));
}

/// Rows [row, end), at most kRowBlock, times kTokens tokens from `token` on.
template <class Weight, size_t kTokens>
[[gnu::noinline]] void multiply_block(const MatmulArgs& args, size_t row, size_t end, size_t token) {
  alignas(64) float acc[kRowBlock][kTokens][kLanes];
  __builtin_memset(acc, 0, (end - row) * sizeof acc[0]);
  for (size_t k = 0; k < args.cols; k += kPiece) {
    const size_t n = args.cols - k < kPiece ? args.cols - k : kPiece;
    const uint8_t* w = args.weights + row * args.row_bytes + k * Weight::kBytes;
    const uint8_t* x = args.x + token * args.x_row_bytes + k * sizeof(float);
    size_t r = 0;
    for (; r + kTileRows <= end - row; r += kTileRows) {
      accumulate<Weight, kTileRows, kTokens>(w + r * args.row_bytes, args.row_bytes, x, args.x_row_bytes, n, acc + r);
    }
    for (; r < end - row; ++r) {
      accumulate<Weight, 1, kTokens>(w + r * args.row_bytes, args.row_bytes, x, args.x_row_bytes, n, acc + r);
    }
  }
  for (size_t r = 0; r < end - row; ++r) {
    for (size_t t = 0; t < kTokens; ++t) {
      args.out[(token + t) * args.out_stride + row + r] = sum_lanes(load_f(acc[r][t]));
    }
  }
}

template <class Weight>
AUREA_INLINE void matmul_float(const MatmulArgs& args, size_t row_begin, size_t row_end) {
  size_t row = row_begin;
  if (args.n_tokens == 1) {
    for (; row + kSingleRows <= row_end; row += kSingleRows) multiply_rows<Weight, kSingleRows>(args, row, row_end);
    for (; row < row_end; ++row) multiply_rows<Weight, 1>(args, row, row_end);
    return;
  }
  for (; row < row_end; row += kRowBlock) {
    const size_t end = row_end - row < kRowBlock ? row_end : row + kRowBlock;
    for_token_tiles<1, kTileTokens>(args.n_tokens, [&](auto tokens, size_t t) AUREA_INLINE_LAMBDA {
      multiply_block<Weight, tokens.value>(args, row, end, t);
    });
  }
}
