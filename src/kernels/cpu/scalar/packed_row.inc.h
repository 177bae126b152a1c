// One row of packed weights (kernels/packed_format.h), block by block. Included inside an unnamed namespace.

AUREA_INLINE float half_at(const uint16_t* p) { return f16_to_f32(*p); }

/// The factors and the bytes of one row's block.
template <const PackedFormat& kFormat>
struct PackedBlock {
  uint16_t factors[kFormat.factors];
  uint8_t bytes[kFormat.columns * 4];

  PackedBlock(const MatmulArgs& args, size_t row, size_t block) {
    const uint8_t* group = args.weights + row / kGroupRows * args.row_bytes;
    const uint8_t* from_factors = group + 2 * (row % kGroupRows);
    const uint8_t* from_columns = group + packed_factor_bytes(kFormat, args.cols) + 4 * (row % kGroupRows);
    for (size_t i = 0; i < kFormat.factors; ++i) {
      __builtin_memcpy(factors + i, from_factors + 2 * kGroupRows * (block * kFormat.factors + i), 2);
    }
    for (size_t i = 0; i < kFormat.columns; ++i) {
      __builtin_memcpy(bytes + 4 * i, from_columns + 4 * kGroupRows * (block * kFormat.columns + i), 4);
    }
  }
};
