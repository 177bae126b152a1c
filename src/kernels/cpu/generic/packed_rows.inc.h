// Packed weight rows (kernels/packed_format.h), kLanes at a time. Included after a vec text.

constexpr size_t kGroupVecs = kGroupRows / kLanes;  // vectors that share a group's cache lines

/// How far ahead of the reader one token's weights are fetched. They are one stream, but the hardware's own prefetching
/// of it reaches a third to a half of the memory's bandwidth (Zen 5). With more tokens the weights of the next rows are
/// fetched while these are multiplied. Behind a matrix' end there may be nothing: a fetch is no access.
constexpr size_t kStreamAhead = 8192;

/// kLanes packed rows, at one of their blocks.
struct PackedRows {
  const uint8_t *factors, *blocks;  // of the first lane
  size_t ahead;                     // bytes from a block to what is fetched while it is read; 0: nothing
};

/// The rows from `row` on, a multiple of kLanes.
template <class Type>
AUREA_INLINE PackedRows packed_rows(const MatmulArgs& args, size_t row) {
  const uint8_t* group = args.weights + row / kGroupRows * args.row_bytes;
  const size_t lane = row % kGroupRows;
  return {group + 2 * lane, group + packed_factor_bytes(Type::kFormat, args.cols) + 4 * lane, 0};
}

/// The same rows' next block.
template <class Type>
AUREA_INLINE void advance(PackedRows& rows) {
  rows.factors += 2 * kGroupRows * Type::kFormat.factors;
  rows.blocks += 4 * kGroupRows * Type::kFormat.columns;
}

/// Fetches what goes with group kGroup of kGroups of a unit, one of kUnits of a block: a little at a time, for many
/// fetches at once would fill the core's miss buffers and stall the loads behind them.
template <class Type, size_t kUnits, size_t kGroup, size_t kGroups>
AUREA_INLINE void fetch_part(const PackedRows& rows, size_t unit) {
  constexpr size_t kColumns = (Type::kFormat.columns + kUnits - 1) / kUnits;
  constexpr size_t kBegin = kGroup * kColumns / kGroups, kEnd = (kGroup + 1) * kColumns / kGroups;
  AUREA_UNROLL for (size_t k = kBegin; k < kEnd; ++k)
      prefetch(rows.blocks + rows.ahead + 4 * kGroupRows * (unit * kColumns + k));
}

/// Column k of a block.
AUREA_INLINE VecI column(const PackedRows& rows, size_t k) { return load_i(rows.blocks + 4 * kGroupRows * k); }
/// Binary16 factor k of a block.
AUREA_INLINE VecF factor(const PackedRows& rows, size_t k) { return load_f16(rows.factors + 2 * kGroupRows * k); }

/// Bits kShift.. of each byte under `mask` (which must drop the bits that come from the next byte).
template <int kShift>
AUREA_INLINE VecI field(VecI v, VecI mask) {
  return bit_and(shift_right<kShift>(v), mask);
}

/// Left by kBits, or right where it is negative.
template <int kBits>
AUREA_INLINE VecI shift(VecI v) {
  if constexpr (kBits >= 0) {
    return shift_left<kBits>(v);
  } else {
    return shift_right<-kBits>(v);
  }
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
