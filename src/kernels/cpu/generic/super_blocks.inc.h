// How packed super-blocks are read, kLanes rows at a time, into row lanes (dword r belongs to row r).
// Layouts: kernels/packed_format.h, codecs/blocks.h. Included after packed_rows.inc.h and a dot text.
//
// Every format has
//   kFormat, kSubBlock (elements per scale), kMaxCode, kSignedScales, kMins (the value has a "- dmin * t_j" part),
//   kOffsetShift (a code q stands for q - 2^kOffsetShift; -1: for itself), kInt8 (codes are for int8_codes);
//   read_header(block, factors, header): scales, mins, d, dmin;
//   read_codes(block, use): calls use(g, v) for the 64 groups g of 4 elements, those of a sub-block in ascending order;
//   v holds their codes.
// `block` and `factors` point to the first of the lanes.

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

/// Left by kBits, or right where it is negative.
template <int kBits>
AUREA_INLINE VecI shift(VecI v) {
  if constexpr (kBits >= 0) {
    return shift_left<kBits>(v);
  } else {
    return shift_right<-kBits>(v);
  }
}

struct SuperQ2K {
  static constexpr PackedFormat kFormat = kPackedQ2K;
  static constexpr int kSubBlock = 16, kMaxCode = 3, kOffsetShift = -1;
  static constexpr bool kSignedScales = false, kMins = true, kInt8 = false;

  AUREA_INLINE static void read_header(const uint8_t* block, const uint8_t* factors, SuperHeader& h) {
    const VecI nibble = set1_i8(15);
    AUREA_UNROLL for (size_t k = 0; k < 4; ++k) {
      const VecI v = column(block, k), mins = field<4>(v, nibble);
      h.scales[k] = bit_and(v, nibble);
      h.mins[2 * k] = byte_pair<0, 1>(mins);
      h.mins[2 * k + 1] = byte_pair<2, 3>(mins);
    }
    h.d = factor(factors, 0);
    h.dmin = factor(factors, 1);
  }

  template <class Use>
  AUREA_INLINE static void read_codes(const uint8_t* block, Use use) {
    const VecI mask = set1_i8(3);
    AUREA_UNROLL for (size_t k = 0; k < 16; ++k) {
      const VecI v = column(block, 4 + k);
      const size_t group = 32 * (k / 8) + k % 8;
      use(group, bit_and(v, mask));
      use(group + 8, field<2>(v, mask));
      use(group + 16, field<4>(v, mask));
      use(group + 24, field<6>(v, mask));
    }
  }
};

/// 3-bit codes: third bits in columns kHigh .. kHigh + 7, the low ones in the sixteen behind.
template <size_t kHigh, class Use>
AUREA_INLINE void read_three_bits(const uint8_t* block, Use use) {
  const VecI mask = set1_i8(3), bit = set1_i8(4);
  AUREA_UNROLL for (size_t k = 0; k < 8; ++k) {
    const VecI high = column(block, kHigh + k);  // bit i / 32 of the byte: 0..3 in the first half, 4..7 in the second
    AUREA_UNROLL for (size_t half = 0; half < 2; ++half) {
      const VecI v = column(block, kHigh + 8 + 8 * half + k);
      const VecI h = half == 0 ? shift_left<2>(high) : shift_right<2>(high);  // the half's first bit at bit 2
      use(32 * half + k, bit_or(bit_and(v, mask), bit_and(h, bit)));
      use(32 * half + k + 8, bit_or(field<2>(v, mask), field<1>(h, bit)));
      use(32 * half + k + 16, bit_or(field<4>(v, mask), field<2>(h, bit)));
      use(32 * half + k + 24, bit_or(field<6>(v, mask), field<3>(h, bit)));
    }
  }
}

struct SuperQ3K {
  static constexpr PackedFormat kFormat = kPackedQ3K;
  static constexpr int kSubBlock = 16, kMaxCode = 7, kOffsetShift = 2;
  static constexpr bool kSignedScales = true, kMins = false, kInt8 = false;

  AUREA_INLINE static void read_header(const uint8_t* block, const uint8_t* factors, SuperHeader& h) {
    const VecI nibble = set1_i8(15), high = set1_i8(0x30), offset = set1_i8(32);
    const VecI a = column(block, 0), b = column(block, 1), c = column(block, 2);  // c holds the high bits
    h.scales[0] = sub_i8(bit_or(bit_and(a, nibble), bit_and(shift_left<4>(c), high)), offset);
    h.scales[1] = sub_i8(bit_or(bit_and(b, nibble), bit_and(shift_left<2>(c), high)), offset);
    h.scales[2] = sub_i8(bit_or(field<4>(a, nibble), bit_and(c, high)), offset);
    h.scales[3] = sub_i8(bit_or(field<4>(b, nibble), field<2>(c, high)), offset);
    h.d = factor(factors, 0);
  }

  template <class Use>
  AUREA_INLINE static void read_codes(const uint8_t* block, Use use) {
    read_three_bits<3>(block, use);
  }
};

/// The twelve bytes of scales and mins and the two factors of Q4_K and Q5_K.
AUREA_INLINE void read_six_bit_header(const uint8_t* block, const uint8_t* factors, SuperHeader& h) {
  const VecI six_bits = set1_i8(63), nibble = set1_i8(15), high = set1_i8(0x30);
  const VecI a = column(block, 0), b = column(block, 1), c = column(block, 2);
  h.scales[0] = bit_and(a, six_bits);
  h.scales[1] = bit_or(bit_and(c, nibble), field<2>(a, high));
  const VecI mins[2] = {bit_and(b, six_bits), bit_or(field<4>(c, nibble), field<2>(b, high))};
  AUREA_UNROLL for (size_t k = 0; k < 2; ++k) {
    h.mins[2 * k] = byte_pair<0, 1>(mins[k]);
    h.mins[2 * k + 1] = byte_pair<2, 3>(mins[k]);
  }
  h.d = factor(factors, 0);
  h.dmin = factor(factors, 1);
}

/// 4-bit codes from column kFirst on: pairs of sub-blocks of 32 in the nibbles of eight columns.
template <size_t kFirst, class Use>
AUREA_INLINE void read_nibble_pairs(const uint8_t* block, Use use) {
  const VecI nibble = set1_i8(15);
  AUREA_UNROLL for (size_t pair = 0; pair < 4; ++pair) {
    AUREA_UNROLL for (size_t k = 0; k < 8; ++k) {
      const VecI v = column(block, kFirst + 8 * pair + k);
      use(16 * pair + k, bit_and(v, nibble));
      use(16 * pair + k + 8, field<4>(v, nibble));
    }
  }
}

struct SuperQ4K {
  static constexpr PackedFormat kFormat = kPackedQ4K;
  static constexpr int kSubBlock = 32, kMaxCode = 15, kOffsetShift = -1;
  static constexpr bool kSignedScales = false, kMins = true, kInt8 = false;

  AUREA_INLINE static void read_header(const uint8_t* block, const uint8_t* factors, SuperHeader& h) {
    read_six_bit_header(block, factors, h);
  }

  template <class Use>
  AUREA_INLINE static void read_codes(const uint8_t* block, Use use) {
    read_nibble_pairs<3>(block, use);
  }
};

struct SuperQ5K {
  static constexpr PackedFormat kFormat = kPackedQ5K;
  static constexpr int kSubBlock = 32, kMaxCode = 31, kOffsetShift = -1;
  static constexpr bool kSignedScales = false, kMins = true, kInt8 = false;

  AUREA_INLINE static void read_header(const uint8_t* block, const uint8_t* factors, SuperHeader& h) {
    read_six_bit_header(block, factors, h);
  }

  /// One of the four pairs of sub-blocks: its fifth bits are bits 2 kPair and 2 kPair + 1 of the bytes of `high`.
  template <size_t kPair, class Use>
  AUREA_INLINE static void read_pair(const uint8_t* block, size_t k, VecI high, Use use) {
    const VecI nibble = set1_i8(15), bit = set1_i8(16);
    const VecI v = column(block, 11 + 8 * kPair + k);
    constexpr int kPlace = 4 - 2 * static_cast<int>(kPair);
    use(16 * kPair + k, bit_or(bit_and(v, nibble), bit_and(shift<kPlace>(high), bit)));
    use(16 * kPair + k + 8, bit_or(field<4>(v, nibble), bit_and(shift<kPlace - 1>(high), bit)));
  }

  template <class Use>
  AUREA_INLINE static void read_codes(const uint8_t* block, Use use) {
    AUREA_UNROLL for (size_t k = 0; k < 8; ++k) {
      const VecI high = column(block, 3 + k);
      read_pair<0>(block, k, high, use);
      read_pair<1>(block, k, high, use);
      read_pair<2>(block, k, high, use);
      read_pair<3>(block, k, high, use);
    }
  }
};

struct SuperQ6K {
  static constexpr PackedFormat kFormat = kPackedQ6K;
  static constexpr int kSubBlock = 16, kMaxCode = 63, kOffsetShift = 5;
  static constexpr bool kSignedScales = true, kMins = false, kInt8 = false;

  AUREA_INLINE static void read_header(const uint8_t* block, const uint8_t* factors, SuperHeader& h) {
    AUREA_UNROLL for (size_t k = 0; k < 4; ++k) h.scales[k] = column(block, k);
    h.d = factor(factors, 0);
  }

  template <class Use>
  AUREA_INLINE static void read_codes(const uint8_t* block, Use use) {
    const VecI nibble = set1_i8(15), bits = set1_i8(0x30);
    AUREA_UNROLL for (size_t k = 0; k < 16; ++k) {
      const size_t half = k / 8, group = 32 * half + k % 8;
      // Elements r and r + 64 of the half in the nibbles of `low`, r + 32 and r + 96 in those of `next`.
      const VecI low = column(block, 4 + 16 * half + k % 8), next = column(block, 4 + 16 * half + 8 + k % 8);
      const VecI high = column(block, 36 + k);
      use(group, bit_or(bit_and(low, nibble), bit_and(shift_left<4>(high), bits)));
      use(group + 8, bit_or(bit_and(next, nibble), bit_and(shift_left<2>(high), bits)));
      use(group + 16, bit_or(field<4>(low, nibble), bit_and(high, bits)));
      use(group + 24, bit_or(field<4>(next, nibble), field<2>(high, bits)));
    }
  }
};

/// Four-bit codes that name values: IQ4_XS, IQ3_XXS, IQ3_S. Values has kValues [16] and kUnit: d is the stored one
/// times this power of two.
template <class Values>
struct SuperLookup4 {
  static constexpr PackedFormat kFormat = kPackedLookup4;
  static constexpr int kSubBlock = 32, kMaxCode = 127, kOffsetShift = -1;
  static constexpr bool kSignedScales = true, kMins = false, kInt8 = true;

  AUREA_INLINE static void read_header(const uint8_t* block, const uint8_t* factors, SuperHeader& h) {
    AUREA_UNROLL for (size_t k = 0; k < 2; ++k) h.scales[k] = column(block, k);
    h.d = mul_f(factor(factors, 0), set1_f(Values::kUnit));
  }

  template <class Use>
  AUREA_INLINE static void read_codes(const uint8_t* block, Use use) {
    const VecI values = int8_codes(broadcast_quad(Values::kValues));
    read_nibble_pairs<2>(
        block, [&](size_t group, VecI codes) AUREA_INLINE_LAMBDA { use(group, shuffle_bytes(values, codes)); });
  }
};

/// Three-bit codes that name values: the IQ2 and IQ1 types.
template <class Values>
struct SuperLookup3 {
  static constexpr PackedFormat kFormat = kPackedLookup3;
  static constexpr int kSubBlock = 16, kMaxCode = 127, kOffsetShift = -1;
  static constexpr bool kSignedScales = true, kMins = false, kInt8 = true;

  AUREA_INLINE static void read_header(const uint8_t* block, const uint8_t* factors, SuperHeader& h) {
    const VecI even = set1_i8(30), one = set1_i8(1);
    AUREA_UNROLL for (size_t k = 0; k < 2; ++k) {
      const VecI v = column(block, k);
      h.scales[2 * k] = bit_or(bit_and(shift_left<1>(v), even), one);
      h.scales[2 * k + 1] = bit_or(field<3>(v, even), one);
    }
    h.d = mul_f(factor(factors, 0), set1_f(Values::kUnit));
  }

  template <class Use>
  AUREA_INLINE static void read_codes(const uint8_t* block, Use use) {
    const VecI values = int8_codes(broadcast_quad(Values::kValues));
    read_three_bits<2>(block,
                       [&](size_t group, VecI codes) AUREA_INLINE_LAMBDA { use(group, shuffle_bytes(values, codes)); });
  }
};
