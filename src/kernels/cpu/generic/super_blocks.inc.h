// How packed super-blocks are read, kLanes rows at a time, into row lanes (dword r belongs to row r).
// Layouts: kernels/packed_format.h, codecs/blocks.h. Included after packed_rows.inc.h and a dot text.
//
// Every format has
//   kFormat, kSubBlock (elements per scale), kMaxCode, kSignedScales, kMins (the value has a "- dmin * t_j" part),
//   kOffsetShift (a code q stands for q - 2^kOffsetShift; -1: for itself), kInt8 (codes are for int8_codes), kRuns
//   (runs of 32 elements in a unit: those that lie in the same bytes), kMostFew (tokens up to which codes straight from
//   memory are faster than a tile's, measured on Zen 5); read_header(rows, header): scales, mins, d,
//   dmin; codes<g>(rows, unit): codes of group g (of 8 kRuns) of 4 elements of a unit.

struct SuperHeader {
  VecI scales[4];  // byte b of scales[k]: the scale of sub-block 4 k + b
  VecI mins[8];    // words of mins[i]: mins of sub-blocks 2 i and 2 i + 1
  VecF d, dmin;
};

/// Words of each dword: bytes kLow and kHigh of the dword, zero-extended.
template <int kLow, int kHigh>
AUREA_INLINE VecI byte_pair(VecI v) {
  static constexpr uint8_t kIndex[16] = {kLow,     0x80, kHigh,     0x80, kLow + 4,  0x80, kHigh + 4,  0x80,
                                         kLow + 8, 0x80, kHigh + 8, 0x80, kLow + 12, 0x80, kHigh + 12, 0x80};
  return shuffle_bytes(v, broadcast_quad(kIndex));
}

template <int kLow, int kHigh>
AUREA_INLINE VecI signed_byte_pair(VecI v) {
  static constexpr uint8_t kIndex[16] = {0x80, kLow,     0x80, kHigh,     0x80, kLow + 4,  0x80, kHigh + 4,
                                         0x80, kLow + 8, 0x80, kHigh + 8, 0x80, kLow + 12, 0x80, kHigh + 12};
  return high_bytes(shuffle_bytes(v, broadcast_quad(kIndex)));
}

/// 2-bit codes of a unit of four runs: in the bits of its eight columns, which begin at `first`.
template <size_t kGroup>
AUREA_INLINE VecI two_bits(const PackedRows& rows, size_t first) {
  return field<2 * (kGroup / 8)>(column(rows, first + kGroup % 8), set1_i8(3));
}

/// 4-bit codes of a unit of two runs: in the nibbles of its eight columns, which begin at `first`.
template <size_t kGroup>
AUREA_INLINE VecI four_bits(const PackedRows& rows, size_t first) {
  return field<4 * (kGroup / 8)>(column(rows, first + kGroup % 8), set1_i8(15));
}

/// One more bit for each code of a unit: bit r of the bytes of eight columns from `first` on belongs to run r.
template <size_t kGroup>
AUREA_INLINE VecI one_bit(const PackedRows& rows, size_t first, size_t first_run) {
  return field<kGroup / 8>(shift_right_by(column(rows, first + kGroup % 8), first_run), set1_i8(1));
}

struct SuperQ2K {
  static constexpr PackedFormat kFormat = kPackedQ2K;
  static constexpr int kSubBlock = 16, kMaxCode = 3, kOffsetShift = -1;
  static constexpr bool kSignedScales = false, kMins = true, kInt8 = false;
  static constexpr size_t kRuns = 4, kMostFew = 12;

  AUREA_INLINE static void read_header(const PackedRows& rows, SuperHeader& h) {
    const VecI nibble = set1_i8(15);
    AUREA_UNROLL for (size_t k = 0; k < 4; ++k) {
      const VecI v = column(rows, k), mins = field<4>(v, nibble);
      h.scales[k] = bit_and(v, nibble);
      h.mins[2 * k] = byte_pair<0, 1>(mins);
      h.mins[2 * k + 1] = byte_pair<2, 3>(mins);
    }
    h.d = factor(rows, 0);
    h.dmin = factor(rows, 1);
  }

  template <size_t kGroup>
  AUREA_INLINE static VecI codes(const PackedRows& rows, size_t half) {
    return two_bits<kGroup>(rows, 4 + 8 * half);
  }
};

/// 3-bit codes of half a super-block: third bits from column `first` on, the low ones behind.
template <size_t kGroup>
AUREA_INLINE VecI three_bits(const PackedRows& rows, size_t first, size_t half) {
  return bit_or(two_bits<kGroup>(rows, first + 8 + 8 * half), shift_left<2>(one_bit<kGroup>(rows, first, 4 * half)));
}

struct SuperQ3K {
  static constexpr PackedFormat kFormat = kPackedQ3K;
  static constexpr int kSubBlock = 16, kMaxCode = 7, kOffsetShift = 2;
  static constexpr bool kSignedScales = true, kMins = false, kInt8 = false;
  static constexpr size_t kRuns = 4, kMostFew = 6;

  AUREA_INLINE static void read_header(const PackedRows& rows, SuperHeader& h) {
    const VecI nibble = set1_i8(15), high = set1_i8(0x30), offset = set1_i8(32);
    const VecI a = column(rows, 0), b = column(rows, 1), c = column(rows, 2);  // c holds the high bits
    h.scales[0] = sub_i8(bit_or(bit_and(a, nibble), bit_and(shift_left<4>(c), high)), offset);
    h.scales[1] = sub_i8(bit_or(bit_and(b, nibble), bit_and(shift_left<2>(c), high)), offset);
    h.scales[2] = sub_i8(bit_or(field<4>(a, nibble), bit_and(c, high)), offset);
    h.scales[3] = sub_i8(bit_or(field<4>(b, nibble), field<2>(c, high)), offset);
    h.d = factor(rows, 0);
  }

  template <size_t kGroup>
  AUREA_INLINE static VecI codes(const PackedRows& rows, size_t half) {
    return three_bits<kGroup>(rows, 3, half);
  }
};

/// The twelve bytes of scales and mins and the two factors of Q4_K and Q5_K.
AUREA_INLINE void read_six_bit_header(const PackedRows& rows, SuperHeader& h) {
  const VecI six_bits = set1_i8(63), nibble = set1_i8(15), high = set1_i8(0x30);
  const VecI a = column(rows, 0), b = column(rows, 1), c = column(rows, 2);
  h.scales[0] = bit_and(a, six_bits);
  h.scales[1] = bit_or(bit_and(c, nibble), field<2>(a, high));
  const VecI mins[2] = {bit_and(b, six_bits), bit_or(field<4>(c, nibble), field<2>(b, high))};
  AUREA_UNROLL for (size_t k = 0; k < 2; ++k) {
    h.mins[2 * k] = byte_pair<0, 1>(mins[k]);
    h.mins[2 * k + 1] = byte_pair<2, 3>(mins[k]);
  }
  h.d = factor(rows, 0);
  h.dmin = factor(rows, 1);
}

struct SuperQ4K {
  static constexpr PackedFormat kFormat = kPackedQ4K;
  static constexpr int kSubBlock = 32, kMaxCode = 15, kOffsetShift = -1;
  static constexpr bool kSignedScales = false, kMins = true, kInt8 = false;
  static constexpr size_t kRuns = 2, kMostFew = 48;

  AUREA_INLINE static void read_header(const PackedRows& rows, SuperHeader& h) { read_six_bit_header(rows, h); }

  template <size_t kGroup>
  AUREA_INLINE static VecI codes(const PackedRows& rows, size_t pair) {
    return four_bits<kGroup>(rows, 3 + 8 * pair);
  }
};

struct SuperQ5K {
  static constexpr PackedFormat kFormat = kPackedQ5K;
  static constexpr int kSubBlock = 32, kMaxCode = 31, kOffsetShift = -1;
  static constexpr bool kSignedScales = false, kMins = true, kInt8 = false;
  static constexpr size_t kRuns = 2, kMostFew = 12;

  AUREA_INLINE static void read_header(const PackedRows& rows, SuperHeader& h) { read_six_bit_header(rows, h); }

  template <size_t kGroup>
  AUREA_INLINE static VecI codes(const PackedRows& rows, size_t pair) {
    return bit_or(four_bits<kGroup>(rows, 11 + 8 * pair), shift_left<4>(one_bit<kGroup>(rows, 3, 2 * pair)));
  }
};

struct SuperQ6K {
  static constexpr PackedFormat kFormat = kPackedQ6K;
  static constexpr int kSubBlock = 16, kMaxCode = 63, kOffsetShift = 5;
  static constexpr bool kSignedScales = true, kMins = false, kInt8 = false;
  static constexpr size_t kRuns = 4, kMostFew = 16;

  AUREA_INLINE static void read_header(const PackedRows& rows, SuperHeader& h) {
    AUREA_UNROLL for (size_t k = 0; k < 4; ++k) h.scales[k] = column(rows, k);
    h.d = factor(rows, 0);
  }

  template <size_t kGroup>
  AUREA_INLINE static VecI codes(const PackedRows& rows, size_t half) {
    constexpr size_t kRun = kGroup / 8;  // runs 0 and 2, and 1 and 3, share the bytes of the low nibbles
    const VecI low = column(rows, 4 + 16 * half + 8 * (kRun % 2) + kGroup % 8);
    const VecI high = column(rows, 36 + 8 * half + kGroup % 8);
    return bit_or(field<4 * (kRun / 2)>(low, set1_i8(15)),
                  bit_and(shift<4 - 2 * static_cast<int>(kRun)>(high), set1_i8(0x30)));
  }
};

/// Four-bit codes that name values (lookup_values.inc.h): IQ4_XS, IQ3_XXS, IQ3_S.
template <class Values>
struct SuperLookup4 {
  static constexpr PackedFormat kFormat = kPackedLookup4;
  static constexpr int kSubBlock = 32, kMaxCode = 127, kOffsetShift = -1;
  static constexpr bool kSignedScales = true, kMins = false, kInt8 = true;
  static constexpr size_t kRuns = 2, kMostFew = 48;

  AUREA_INLINE static void read_header(const PackedRows& rows, SuperHeader& h) {
    AUREA_UNROLL for (size_t k = 0; k < 2; ++k) h.scales[k] = column(rows, k);
    h.d = mul_f(factor(rows, 0), set1_f(Values::kUnit));
  }

  template <size_t kGroup>
  AUREA_INLINE static VecI codes(const PackedRows& rows, size_t pair) {
    return shuffle_bytes(int8_codes(broadcast_quad(Values::kTable.values)), four_bits<kGroup>(rows, 2 + 8 * pair));
  }
};

/// Three-bit codes that name values: the IQ2 and IQ1 types.
template <class Values>
struct SuperLookup3 {
  static constexpr PackedFormat kFormat = kPackedLookup3;
  static constexpr int kSubBlock = 16, kMaxCode = 127, kOffsetShift = -1;
  static constexpr bool kSignedScales = true, kMins = false, kInt8 = true;
  static constexpr size_t kRuns = 4, kMostFew = 3;

  AUREA_INLINE static void read_header(const PackedRows& rows, SuperHeader& h) {
    const VecI even = set1_i8(30), one = set1_i8(1);
    AUREA_UNROLL for (size_t k = 0; k < 2; ++k) {
      const VecI v = column(rows, k);
      h.scales[2 * k] = bit_or(bit_and(shift_left<1>(v), even), one);
      h.scales[2 * k + 1] = bit_or(field<3>(v, even), one);
    }
    h.d = mul_f(factor(rows, 0), set1_f(Values::kUnit));
  }

  template <size_t kGroup>
  AUREA_INLINE static VecI codes(const PackedRows& rows, size_t half) {
    return shuffle_bytes(int8_codes(broadcast_quad(Values::kTable.values)), three_bits<kGroup>(rows, 2, half));
  }
};
