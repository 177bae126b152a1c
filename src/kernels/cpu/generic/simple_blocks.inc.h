// How the 32-element types unpack: one block of kLanes rows at a time, into row lanes (dword r belongs to row r).
// Layouts: codecs/blocks.h. Included after the vec and dot texts.
//
// Every type has
//   kBlockBytes, kOffset (a code q stands for q - kOffset), kMaxCode, kMin (a value has a "+ m" part), kInt8 (codes are
//   for multiply_add_i8); read(rows, at, d, m, use): the factors of the blocks at rows[r] + at, then use(g, v) for the
//   8 groups g of 4 elements in ascending order; v holds their codes.

struct NibbleCodes {
  VecI packed[4];  // the block's 16 bytes: elements 0..15 in the low nibbles, 16..31 in the high ones

  AUREA_INLINE NibbleCodes(const uint8_t* const* rows, size_t at) { load_columns4(rows, at, packed); }
  [[nodiscard]] AUREA_INLINE VecI group(size_t g) const {
    const VecI nibble = set1_i8(15);
    return g < 4 ? bit_and(packed[g], nibble) : bit_and(shift_right<4>(packed[g - 4]), nibble);
  }
};

/// Bits 0..3 of each dword become bit 4 of its four bytes: the products of the bits with the factor's four ones fall on
/// different places, so nothing carries.
AUREA_INLINE VecI spread_fifth_bits(VecI bits) {
  return bit_and(mul_i32(bit_and(bits, set1_i32(15)), set1_i32(0x02040810)), set1_i8(16));
}

template <class Use>
AUREA_INLINE void use_nibbles(const NibbleCodes& codes, Use use) {
  AUREA_UNROLL for (size_t g = 0; g < 8; ++g) use(g, codes.group(g));
}

template <class Use>
AUREA_INLINE void use_five_bits(const NibbleCodes& codes, VecI high, Use use) {
  AUREA_UNROLL for (size_t g = 0; g < 8; ++g) {
    use(g, bit_or(codes.group(g), spread_fifth_bits(high)));
    high = shift_right<4>(high);
  }
}

struct SimpleQ4_0 {
  static constexpr size_t kBlockBytes = sizeof(codecs::BlockQ4_0);
  static constexpr int kOffset = 8, kMaxCode = 15;
  static constexpr bool kMin = false, kInt8 = false;

  template <class Use>
  AUREA_INLINE static void read(const uint8_t* const* rows, size_t at, VecF& d, VecF&, Use use) {
    VecI v[4];
    load_columns4(rows, at, v);
    d = widen_f16_dwords(v[0]);
    use_nibbles(NibbleCodes(rows, at + offsetof(codecs::BlockQ4_0, qs)), use);
  }
};

struct SimpleQ4_1 {
  static constexpr size_t kBlockBytes = sizeof(codecs::BlockQ4_1);
  static constexpr int kOffset = 0, kMaxCode = 15;
  static constexpr bool kMin = true, kInt8 = false;

  template <class Use>
  AUREA_INLINE static void read(const uint8_t* const* rows, size_t at, VecF& d, VecF& m, Use use) {
    VecI v[4];
    load_columns4(rows, at, v);
    d = widen_f16_dwords(v[0]);
    m = widen_f16_dwords(shift_right<16>(v[0]));
    use_nibbles(NibbleCodes(rows, at + offsetof(codecs::BlockQ4_1, qs)), use);
  }
};

struct SimpleQ5_0 {
  static constexpr size_t kBlockBytes = sizeof(codecs::BlockQ5_0);
  static constexpr int kOffset = 16, kMaxCode = 31;
  static constexpr bool kMin = false, kInt8 = false;

  template <class Use>
  AUREA_INLINE static void read(const uint8_t* const* rows, size_t at, VecF& d, VecF&, Use use) {
    VecI v[4];
    load_columns4(rows, at, v);
    d = widen_f16_dwords(v[0]);
    const VecI high = bit_or(shift_right<16>(v[0]), shift_left<16>(v[1]));  // qh starts at byte 2
    use_five_bits(NibbleCodes(rows, at + offsetof(codecs::BlockQ5_0, qs)), high, use);
  }
};

struct SimpleQ5_1 {
  static constexpr size_t kBlockBytes = sizeof(codecs::BlockQ5_1);
  static constexpr int kOffset = 0, kMaxCode = 31;
  static constexpr bool kMin = true, kInt8 = false;

  template <class Use>
  AUREA_INLINE static void read(const uint8_t* const* rows, size_t at, VecF& d, VecF& m, Use use) {
    VecI v[4];
    load_columns4(rows, at, v);
    d = widen_f16_dwords(v[0]);
    m = widen_f16_dwords(shift_right<16>(v[0]));
    use_five_bits(NibbleCodes(rows, at + offsetof(codecs::BlockQ5_1, qs)), v[1], use);
  }
};

struct SimpleQ8_0 {
  static constexpr size_t kBlockBytes = sizeof(codecs::BlockQ8_0);
  static constexpr int kOffset = kInt8Offset, kMaxCode = 255;
  static constexpr bool kMin = false, kInt8 = true;

  template <class Use>
  AUREA_INLINE static void read(const uint8_t* const* rows, size_t at, VecF& d, VecF&, Use use) {
    VecI head[4], v[8];
    load_columns4(rows, at, head);
    d = widen_f16_dwords(head[0]);
    load_columns8(rows, at + offsetof(codecs::BlockQ8_0, qs), v);
    AUREA_UNROLL for (size_t g = 0; g < 8; ++g) use(g, int8_codes(v[g]));
  }
};
