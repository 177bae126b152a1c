// How the k-types unpack: one super-block of kLanes rows at a time, into row lanes (dword r belongs to row r).
// Layouts: codecs/blocks.h. Included after the vec and dot texts.
//
// Every type has
//   kBlockBytes, kSubBlock (elements per scale), kMaxCode, kSignedScales, kMins (the value has a "- dmin * t_j" part);
//   read_header(rows, at, header): scales, factors of the activation sums, d, dmin of the blocks at rows[r] + at;
//   read_codes(rows, at, store): calls store(g, v) for the 64 groups g of 4 elements; v holds their unsigned codes.
// A code q stands for q - kOffset in Q3_K (4) and Q6_K (32): the offset's part of the dot product goes through the
// sums.

struct SuperHeader {
  VecI scales[4];  // byte b of scales[k]: the scale of sub-block 4 k + b
  VecI bias[8];    // words of bias[i]: factors of the activation sums 2 i and 2 i + 1 (mins, or -offset * scale)
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

template <int kOffset>
AUREA_INLINE void offset_bias(const VecI scales[4], VecI bias[8]) {
  for (int k = 0; k < 4; ++k) {
    bias[2 * k] = mul_i16(signed_byte_pair<0, 1>(scales[k]), -kOffset);
    bias[2 * k + 1] = mul_i16(signed_byte_pair<2, 3>(scales[k]), -kOffset);
  }
}

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

struct SuperQ2K {
  static constexpr size_t kBlockBytes = sizeof(codecs::BlockQ2_K);
  static constexpr int kSubBlock = 16, kMaxCode = 3;
  static constexpr bool kSignedScales = false, kMins = true;

  AUREA_INLINE static void read_header(const uint8_t* const* rows, size_t at, SuperHeader& h) {
    const VecI nibble = set1_i8(15);
    VecI v[4];
    load_columns4(rows, at, v);
    for (int k = 0; k < 4; ++k) {
      const VecI mins = field<4>(v[k], nibble);
      h.scales[k] = bit_and(v[k], nibble);
      h.bias[2 * k] = byte_pair<0, 1>(mins);
      h.bias[2 * k + 1] = byte_pair<2, 3>(mins);
    }
    load_columns4(rows, at + kBlockBytes - 16, v);  // the block ends with d, dmin
    h.d = widen_f16_dwords(v[3]);
    h.dmin = widen_f16_dwords(shift_right<16>(v[3]));
  }

  template <class Store>
  AUREA_INLINE static void read_codes(const uint8_t* const* rows, size_t at, Store store) {
    const VecI mask = set1_i8(3);
    AUREA_UNROLL for (size_t half = 0; half < 2; ++half) {
      VecI v[8];
      load_columns8(rows, at + offsetof(codecs::BlockQ2_K, qs) + 32 * half, v);
      AUREA_UNROLL for (size_t k = 0; k < 8; ++k) {
        store(32 * half + k, bit_and(v[k], mask));
        store(32 * half + k + 8, field<2>(v[k], mask));
        store(32 * half + k + 16, field<4>(v[k], mask));
        store(32 * half + k + 24, field<6>(v[k], mask));
      }
    }
  }
};

struct SuperQ3K {
  static constexpr size_t kBlockBytes = sizeof(codecs::BlockQ3_K);
  static constexpr int kSubBlock = 16, kMaxCode = 7;
  static constexpr bool kSignedScales = true, kMins = false;

  AUREA_INLINE static void read_header(const uint8_t* const* rows, size_t at, SuperHeader& h) {
    const VecI nibble = set1_i8(15), high = set1_i8(0x30), offset = set1_i8(32);
    VecI v[4];
    load_columns4(rows, at + offsetof(codecs::BlockQ3_K, scales) - 4, v);
    const VecI a = v[1], b = v[2], c = v[3];  // scales[0..3], [4..7], [8..11]: the last holds the high bits
    h.scales[0] = sub_i8(bit_or(bit_and(a, nibble), bit_and(shift_left<4>(c), high)), offset);
    h.scales[1] = sub_i8(bit_or(bit_and(b, nibble), bit_and(shift_left<2>(c), high)), offset);
    h.scales[2] = sub_i8(bit_or(field<4>(a, nibble), bit_and(c, high)), offset);
    h.scales[3] = sub_i8(bit_or(field<4>(b, nibble), field<2>(c, high)), offset);
    offset_bias<4>(h.scales, h.bias);
    load_columns4(rows, at + kBlockBytes - 16, v);  // the block ends with d
    h.d = widen_f16_dwords(shift_right<16>(v[3]));
  }

  template <class Store>
  AUREA_INLINE static void read_codes(const uint8_t* const* rows, size_t at, Store store) {
    const VecI mask = set1_i8(3), bit = set1_i8(4);
    VecI high[8];  // bit i / 32 of the byte: 0..3 in the first half, 4..7 in the second
    load_columns8(rows, at, high);
    AUREA_UNROLL for (size_t half = 0; half < 2; ++half) {
      VecI v[8];
      load_columns8(rows, at + offsetof(codecs::BlockQ3_K, qs) + 32 * half, v);
      AUREA_UNROLL for (size_t k = 0; k < 8; ++k) {
        const VecI h = half == 0 ? shift_left<2>(high[k]) : shift_right<2>(high[k]);  // the half's first bit at bit 2
        store(32 * half + k, bit_or(bit_and(v[k], mask), bit_and(h, bit)));
        store(32 * half + k + 8, bit_or(field<2>(v[k], mask), field<1>(h, bit)));
        store(32 * half + k + 16, bit_or(field<4>(v[k], mask), field<2>(h, bit)));
        store(32 * half + k + 24, bit_or(field<6>(v[k], mask), field<3>(h, bit)));
      }
    }
  }
};

/// The twelve bytes of scales and mins and the two factors in front, the first 16 bytes of Q4_K and Q5_K.
AUREA_INLINE void read_packed_header(const uint8_t* const* rows, size_t at, SuperHeader& h) {
  const VecI six_bits = set1_i8(63), nibble = set1_i8(15), high = set1_i8(0x30);
  VecI v[4];
  load_columns4(rows, at, v);
  h.d = widen_f16_dwords(v[0]);
  h.dmin = widen_f16_dwords(shift_right<16>(v[0]));
  h.scales[0] = bit_and(v[1], six_bits);
  h.scales[1] = bit_or(bit_and(v[3], nibble), field<2>(v[1], high));
  const VecI mins[2] = {bit_and(v[2], six_bits), bit_or(field<4>(v[3], nibble), field<2>(v[2], high))};
  for (int k = 0; k < 2; ++k) {  // sub-blocks of 32: both sums of 16 get the same factor
    h.bias[4 * k] = byte_pair<0, 0>(mins[k]);
    h.bias[4 * k + 1] = byte_pair<1, 1>(mins[k]);
    h.bias[4 * k + 2] = byte_pair<2, 2>(mins[k]);
    h.bias[4 * k + 3] = byte_pair<3, 3>(mins[k]);
  }
}

struct SuperQ4K {
  static constexpr size_t kBlockBytes = sizeof(codecs::BlockQ4_K);
  static constexpr int kSubBlock = 32, kMaxCode = 15;
  static constexpr bool kSignedScales = false, kMins = true;

  AUREA_INLINE static void read_header(const uint8_t* const* rows, size_t at, SuperHeader& h) {
    read_packed_header(rows, at, h);
  }

  template <class Store>
  AUREA_INLINE static void read_codes(const uint8_t* const* rows, size_t at, Store store) {
    const VecI nibble = set1_i8(15);
    AUREA_UNROLL for (size_t pair = 0; pair < 4; ++pair) {
      VecI v[8];
      load_columns8(rows, at + offsetof(codecs::BlockQ4_K, qs) + 32 * pair, v);
      AUREA_UNROLL for (size_t k = 0; k < 8; ++k) {
        store(16 * pair + k, bit_and(v[k], nibble));
        store(16 * pair + k + 8, field<4>(v[k], nibble));
      }
    }
  }
};

struct SuperQ5K {
  static constexpr size_t kBlockBytes = sizeof(codecs::BlockQ5_K);
  static constexpr int kSubBlock = 32, kMaxCode = 31;
  static constexpr bool kSignedScales = false, kMins = true;

  AUREA_INLINE static void read_header(const uint8_t* const* rows, size_t at, SuperHeader& h) {
    read_packed_header(rows, at, h);
  }

  /// One of the four pairs of sub-blocks: its fifth bits are bits 2 kPair and 2 kPair + 1 of the bytes of `high`.
  template <int kPair, class Store>
  AUREA_INLINE static void read_pair(const uint8_t* const* rows, size_t at, const VecI high[8], Store store) {
    const VecI nibble = set1_i8(15), bit = set1_i8(16);
    VecI v[8];
    load_columns8(rows, at + offsetof(codecs::BlockQ5_K, qs) + 32 * kPair, v);
    AUREA_UNROLL for (size_t k = 0; k < 8; ++k) {
      store(16 * kPair + k, bit_or(bit_and(v[k], nibble), bit_and(shift<4 - 2 * kPair>(high[k]), bit)));
      store(16 * kPair + k + 8, bit_or(field<4>(v[k], nibble), bit_and(shift<3 - 2 * kPair>(high[k]), bit)));
    }
  }

  template <class Store>
  AUREA_INLINE static void read_codes(const uint8_t* const* rows, size_t at, Store store) {
    VecI high[8];
    load_columns8(rows, at + offsetof(codecs::BlockQ5_K, qh), high);
    read_pair<0>(rows, at, high, store);
    read_pair<1>(rows, at, high, store);
    read_pair<2>(rows, at, high, store);
    read_pair<3>(rows, at, high, store);
  }
};

struct SuperQ6K {
  static constexpr size_t kBlockBytes = sizeof(codecs::BlockQ6_K);
  static constexpr int kSubBlock = 16, kMaxCode = 63;
  static constexpr bool kSignedScales = true, kMins = false;

  AUREA_INLINE static void read_header(const uint8_t* const* rows, size_t at, SuperHeader& h) {
    load_columns4(rows, at + offsetof(codecs::BlockQ6_K, scales), h.scales);
    offset_bias<32>(h.scales, h.bias);
    VecI v[4];
    load_columns4(rows, at + kBlockBytes - 16, v);  // the block ends with d
    h.d = widen_f16_dwords(shift_right<16>(v[3]));
  }

  template <class Store>
  AUREA_INLINE static void read_codes(const uint8_t* const* rows, size_t at, Store store) {
    const VecI nibble = set1_i8(15), bits = set1_i8(0x30);
    AUREA_UNROLL for (size_t half = 0; half < 2; ++half) {
      VecI low[8], next[8], high[8];  // elements r and r + 64 of the half in low's nibbles, r + 32 and r + 96 in next's
      load_columns8(rows, at + 64 * half, low);
      load_columns8(rows, at + 64 * half + 32, next);
      load_columns8(rows, at + offsetof(codecs::BlockQ6_K, qh) + 32 * half, high);
      AUREA_UNROLL for (size_t k = 0; k < 8; ++k) {
        store(32 * half + k, bit_or(bit_and(low[k], nibble), bit_and(shift_left<4>(high[k]), bits)));
        store(32 * half + k + 8, bit_or(bit_and(next[k], nibble), bit_and(shift_left<2>(high[k]), bits)));
        store(32 * half + k + 16, bit_or(field<4>(low[k], nibble), bit_and(high[k], bits)));
        store(32 * half + k + 24, bit_or(field<4>(next[k], nibble), field<2>(high[k], bits)));
      }
    }
  }
};
