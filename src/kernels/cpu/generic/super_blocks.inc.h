// How packed super-blocks are read, kLanes rows at a time, into row lanes (dword r belongs to row r).
// Layouts: kernels/packed_format.h, codecs/blocks.h. Included after packed_rows.inc.h and a dot text.
//
// Every format has
//   kFormat, kSubBlock (elements per scale), kMaxCode, kSignedScales, kMins (the value has a "- dmin * t_j" part),
//   kOffsetShift (a code q stands for q - 2^kOffsetShift; -1: for itself), kInt8 (codes are for int8_codes), kUnits (a
//   super-block is so many runs of the same form);
//   read_header(rows, header): scales, mins, d, dmin;
//   codes<i>(rows, unit): codes of group i of 4 elements of that unit; all groups of all units are read.

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

struct SuperQ2K {
  static constexpr PackedFormat kFormat = kPackedQ2K;
  static constexpr int kSubBlock = 16, kMaxCode = 3, kOffsetShift = -1;
  static constexpr bool kSignedScales = false, kMins = true, kInt8 = false;
  static constexpr size_t kUnits = 2;  // halves

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
    const VecI v = column(rows, 4 + 8 * half + kGroup % 8);
    return field<2 * (kGroup / 8)>(v, set1_i8(3));
  }
};

/// Group kGroup of 64 of 3-bit codes: third bits in columns kHigh .. kHigh + 7, the low ones in the sixteen behind.
template <size_t kHigh, size_t kGroup>
AUREA_INLINE VecI three_bits(const PackedRows& rows) {
  constexpr size_t kPlace = kGroup / 8, k = kGroup % 8;  // the bit of the third bits' byte
  const VecI low = column(rows, kHigh + 8 + 8 * (kPlace / 4) + k);
  const VecI high = column(rows, kHigh + k);
  return bit_or(field<2 * (kPlace % 4)>(low, set1_i8(3)),
                bit_and(shift<2 - static_cast<int>(kPlace)>(high), set1_i8(4)));
}

struct SuperQ3K {
  static constexpr PackedFormat kFormat = kPackedQ3K;
  static constexpr int kSubBlock = 16, kMaxCode = 7, kOffsetShift = 2;
  static constexpr bool kSignedScales = true, kMins = false, kInt8 = false;
  static constexpr size_t kUnits = 1;

  AUREA_INLINE static void read_header(const PackedRows& rows, SuperHeader& h) {
    const VecI nibble = set1_i8(15), high = set1_i8(0x30), offset = set1_i8(32);
    // c holds the high bits.
    const VecI a = column(rows, 0), b = column(rows, 1), c = column(rows, 2);
    h.scales[0] = sub_i8(bit_or(bit_and(a, nibble), bit_and(shift_left<4>(c), high)), offset);
    h.scales[1] = sub_i8(bit_or(bit_and(b, nibble), bit_and(shift_left<2>(c), high)), offset);
    h.scales[2] = sub_i8(bit_or(field<4>(a, nibble), bit_and(c, high)), offset);
    h.scales[3] = sub_i8(bit_or(field<4>(b, nibble), field<2>(c, high)), offset);
    h.d = factor(rows, 0);
  }

  template <size_t kGroup>
  AUREA_INLINE static VecI codes(const PackedRows& rows, size_t /*unit*/) {
    return three_bits<3, kGroup>(rows);
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

/// Group kGroup of 16 of 4-bit codes: a pair of sub-blocks of 32 in the nibbles of the eight columns from `first` on.
template <size_t kGroup>
AUREA_INLINE VecI nibble_pair(const PackedRows& rows, size_t first) {
  return field<4 * (kGroup / 8)>(column(rows, first + kGroup % 8), set1_i8(15));
}

struct SuperQ4K {
  static constexpr PackedFormat kFormat = kPackedQ4K;
  static constexpr int kSubBlock = 32, kMaxCode = 15, kOffsetShift = -1;
  static constexpr bool kSignedScales = false, kMins = true, kInt8 = false;
  static constexpr size_t kUnits = 4;  // pairs of sub-blocks

  AUREA_INLINE static void read_header(const PackedRows& rows, SuperHeader& h) { read_six_bit_header(rows, h); }

  template <size_t kGroup>
  AUREA_INLINE static VecI codes(const PackedRows& rows, size_t pair) {
    return nibble_pair<kGroup>(rows, 3 + 8 * pair);
  }
};

struct SuperQ5K {
  static constexpr PackedFormat kFormat = kPackedQ5K;
  static constexpr int kSubBlock = 32, kMaxCode = 31, kOffsetShift = -1;
  static constexpr bool kSignedScales = false, kMins = true, kInt8 = false;
  static constexpr size_t kUnits = 1;

  AUREA_INLINE static void read_header(const PackedRows& rows, SuperHeader& h) { read_six_bit_header(rows, h); }

  template <size_t kGroup>
  AUREA_INLINE static VecI codes(const PackedRows& rows, size_t /*unit*/) {
    constexpr size_t kPlace = kGroup / 8;  // the bit of the fifth bits' byte
    const VecI low = nibble_pair<kGroup % 16>(rows, 11 + 8 * (kGroup / 16));
    const VecI high = column(rows, 3 + kGroup % 8);
    return bit_or(low, bit_and(shift<4 - static_cast<int>(kPlace)>(high), set1_i8(16)));
  }
};

struct SuperQ6K {
  static constexpr PackedFormat kFormat = kPackedQ6K;
  static constexpr int kSubBlock = 16, kMaxCode = 63, kOffsetShift = 5;
  static constexpr bool kSignedScales = true, kMins = false, kInt8 = false;
  static constexpr size_t kUnits = 2;  // halves

  AUREA_INLINE static void read_header(const PackedRows& rows, SuperHeader& h) {
    AUREA_UNROLL for (size_t k = 0; k < 4; ++k) h.scales[k] = column(rows, k);
    h.d = factor(rows, 0);
  }

  template <size_t kGroup>
  AUREA_INLINE static VecI codes(const PackedRows& rows, size_t half) {
    constexpr size_t kQuarter = kGroup / 8, k = kGroup % 8;  // quarters 0 and 2, and 1 and 3, share the nibbles' bytes
    const VecI low = column(rows, 4 + 16 * half + 8 * (kQuarter % 2) + k);
    const VecI high = column(rows, 36 + 8 * half + k);
    return bit_or(field<4 * (kQuarter / 2)>(low, set1_i8(15)),
                  bit_and(shift<4 - 2 * static_cast<int>(kQuarter)>(high), set1_i8(0x30)));
  }
};

/// Four-bit codes that name values (lookup_values.inc.h): IQ4_XS, IQ3_XXS, IQ3_S.
template <class Values>
struct SuperLookup4 {
  static constexpr PackedFormat kFormat = kPackedLookup4;
  static constexpr int kSubBlock = 32, kMaxCode = 127, kOffsetShift = -1;
  static constexpr bool kSignedScales = true, kMins = false, kInt8 = true;
  static constexpr size_t kUnits = 4;  // pairs of sub-blocks

  AUREA_INLINE static void read_header(const PackedRows& rows, SuperHeader& h) {
    AUREA_UNROLL for (size_t k = 0; k < 2; ++k) h.scales[k] = column(rows, k);
    h.d = mul_f(factor(rows, 0), set1_f(Values::kUnit));
  }

  template <size_t kGroup>
  AUREA_INLINE static VecI codes(const PackedRows& rows, size_t pair) {
    return shuffle_bytes(int8_codes(broadcast_quad(Values::kTable.values)), nibble_pair<kGroup>(rows, 2 + 8 * pair));
  }
};

/// Three-bit codes that name values: the IQ2 and IQ1 types.
template <class Values>
struct SuperLookup3 {
  static constexpr PackedFormat kFormat = kPackedLookup3;
  static constexpr int kSubBlock = 16, kMaxCode = 127, kOffsetShift = -1;
  static constexpr bool kSignedScales = true, kMins = false, kInt8 = true;
  static constexpr size_t kUnits = 1;

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
  AUREA_INLINE static VecI codes(const PackedRows& rows, size_t /*unit*/) {
    return shuffle_bytes(int8_codes(broadcast_quad(Values::kTable.values)), three_bits<2, kGroup>(rows));
  }
};
