// Packed weight rows (kernels/packed_format.h), kLanes at a time. Included after a vec text.

/// Where the packed blocks of kLanes rows from `row` on (a multiple of kLanes) begin.
struct PackedRows {
  const uint8_t* factors;
  const uint8_t* blocks;
};

template <class Type>
AUREA_INLINE PackedRows packed_rows(const MatmulArgs& args, size_t row) {
  const uint8_t* group = args.weights + row / kGroupRows * args.row_bytes;
  const size_t lane = row % kGroupRows;
  return {group + 2 * lane, group + packed_factor_bytes(Type::kFormat, args.cols) + 4 * lane};
}

/// The same rows' next block.
template <class Type>
AUREA_INLINE void advance(PackedRows& rows) {
  rows.factors += 2 * kGroupRows * Type::kFormat.factors;
  rows.blocks += 4 * kGroupRows * Type::kFormat.columns;
}

/// Writes the results of rows [row, ...) of one token, as many as there are before `end`.
AUREA_INLINE void store_rows(float* out, VecF v, size_t row, size_t end) {
  if (end - row >= kLanes) {
    store_f(out + row, v);
  } else {
    store_f_part(out + row, v, end - row);
  }
}

/// Writes acc[t][vector] of n tokens and the rows before `end`.
template <size_t kVecs>
AUREA_INLINE void store_tile(const MatmulArgs& args, const float (*acc)[kVecs][kLanes], size_t token, size_t n,
                             size_t row, size_t end) {
  for (size_t t = 0; t < n; ++t) {
    for (size_t v = 0; v < kVecs && row + v * kLanes < end; ++v) {
      store_rows(args.out + (token + t) * args.out_stride, load_f(acc[t][v]), row + v * kLanes, end);
    }
  }
}

/// How far ahead of the reader the weights are fetched. They are one stream, but the hardware's own prefetching of it
/// reaches a third to a half of the memory's bandwidth (Zen 5). Behind a matrix' end there may be nothing: a fetch is
/// no access.
constexpr size_t kPrefetchBytes = 8192;

/// Column k of a block that begins at `block`.
AUREA_INLINE VecI column(const uint8_t* block, size_t k) {
  prefetch(block + 4 * kGroupRows * k + kPrefetchBytes);
  return load_i(block + 4 * kGroupRows * k);
}
/// Binary16 factor k of the block.
AUREA_INLINE VecF factor(const uint8_t* factors, size_t k) { return load_f16(factors + 2 * kGroupRows * k); }

/// Bits kShift.. of each byte under `mask` (which must drop the bits that come from the next byte).
template <int kShift>
AUREA_INLINE VecI field(VecI v, VecI mask) {
  return bit_and(shift_right<kShift>(v), mask);
}
