// How packed blocks of 32 elements are read, kLanes rows at a time, into row lanes (dword r belongs to row r).
// Layouts: kernels/packed_format.h. Included after packed_rows.inc.h and a dot text.
//
// Every format has
//   kFormat, kOffsetShift (a code q stands for q - 2^kOffsetShift; -1: for itself), kMaxCode, kMin (a value has a "+ m"
//   part), kHalves (2: a factor for each half), kInt8 (codes are for int8_codes);
//   read_factors(factors, f): the kFormat.factors factors;
//   read_codes(block, use): use(g, v) for the 8 groups g of 4 elements in ascending order; v holds their codes.

template <class Type>
AUREA_INLINE void read_half_factors(const uint8_t* factors, VecF* f) {
  AUREA_UNROLL for (size_t k = 0; k < Type::kFormat.factors; ++k) f[k] = factor(factors, k);
}

/// Elements 4 g.. of 32 nibbles whose bytes begin at column `first`.
AUREA_INLINE VecI nibbles(const uint8_t* block, size_t first, size_t g) {
  const VecI v = column(block, first + g % 4), nibble = set1_i8(15);
  return g < 4 ? bit_and(v, nibble) : field<4>(v, nibble);
}

/// Bits 0..3 of each dword become bit 4 of its four bytes: the products of the bits with the factor's four ones fall on
/// different places, so nothing carries.
AUREA_INLINE VecI spread_fifth_bits(VecI bits) {
  return bit_and(mul_i32(bit_and(bits, set1_i32(15)), set1_i32(0x02040810)), set1_i8(16));
}

template <const PackedFormat& kPacked, int kShift>
struct SimpleNibbles {  // Q4_0, Q4_1
  static constexpr PackedFormat kFormat = kPacked;
  static constexpr int kOffsetShift = kShift, kMaxCode = 15;
  static constexpr bool kMin = kShift < 0, kInt8 = false;
  static constexpr size_t kHalves = 1;
  AUREA_INLINE static void read_factors(const uint8_t* factors, VecF* f) {
    read_half_factors<SimpleNibbles>(factors, f);
  }
  template <class Use>
  AUREA_INLINE static void read_codes(const uint8_t* block, Use use) {
    AUREA_UNROLL for (size_t g = 0; g < 8; ++g) use(g, nibbles(block, 0, g));
  }
};

template <const PackedFormat& kPacked, int kShift>
struct SimpleFiveBits {  // Q5_0, Q5_1
  static constexpr PackedFormat kFormat = kPacked;
  static constexpr int kOffsetShift = kShift, kMaxCode = 31;
  static constexpr bool kMin = kShift < 0, kInt8 = false;
  static constexpr size_t kHalves = 1;
  AUREA_INLINE static void read_factors(const uint8_t* factors, VecF* f) {
    read_half_factors<SimpleFiveBits>(factors, f);
  }
  template <class Use>
  AUREA_INLINE static void read_codes(const uint8_t* block, Use use) {
    VecI high = column(block, 0);
    AUREA_UNROLL for (size_t g = 0; g < 8; ++g) {
      use(g, bit_or(nibbles(block, 1, g), spread_fifth_bits(high)));
      high = shift_right<4>(high);
    }
  }
};

struct SimpleQ8_0 {
  static constexpr PackedFormat kFormat = kPackedQ8_0;
  static constexpr int kOffsetShift = -1, kMaxCode = 127;
  static constexpr bool kMin = false, kInt8 = true;
  static constexpr size_t kHalves = 1;
  AUREA_INLINE static void read_factors(const uint8_t* factors, VecF* f) { read_half_factors<SimpleQ8_0>(factors, f); }
  template <class Use>
  AUREA_INLINE static void read_codes(const uint8_t* block, Use use) {
    AUREA_UNROLL for (size_t g = 0; g < 8; ++g) use(g, int8_codes(column(block, g)));
  }
};

/// Nibbles that name one of sixteen signed values.
template <class Use>
AUREA_INLINE void look_up_nibbles(const uint8_t* block, const int8_t* table, Use use) {
  const VecI values = int8_codes(broadcast_quad(table));
  AUREA_UNROLL for (size_t g = 0; g < 8; ++g) use(g, shuffle_bytes(values, nibbles(block, 0, g)));
}

struct SimpleIq4Nl {
  static constexpr PackedFormat kFormat = kPackedIq4Nl;
  static constexpr int kOffsetShift = -1, kMaxCode = 127;
  static constexpr bool kMin = false, kInt8 = true;
  static constexpr size_t kHalves = 1;
  AUREA_INLINE static void read_factors(const uint8_t* factors, VecF* f) { read_half_factors<SimpleIq4Nl>(factors, f); }
  template <class Use>
  AUREA_INLINE static void read_codes(const uint8_t* block, Use use) {
    look_up_nibbles(block, codecs::kIq4Values, use);
  }
};

struct SimpleMxfp4 {
  static constexpr PackedFormat kFormat = kPackedMxfp4;
  static constexpr int kOffsetShift = -1, kMaxCode = 127;
  static constexpr bool kMin = false, kInt8 = true;
  static constexpr size_t kHalves = 1;
  AUREA_INLINE static void read_factors(const uint8_t* factors, VecF* f) { f[0] = load_bf16(factors); }
  template <class Use>
  AUREA_INLINE static void read_codes(const uint8_t* block, Use use) {
    look_up_nibbles(block, codecs::kFp4Values, use);
  }
};

struct SimpleNvfp4 {
  static constexpr PackedFormat kFormat = kPackedNvfp4;
  static constexpr int kOffsetShift = -1, kMaxCode = 127;
  static constexpr bool kMin = false, kInt8 = true;
  static constexpr size_t kHalves = 2;
  AUREA_INLINE static void read_factors(const uint8_t* factors, VecF* f) { read_half_factors<SimpleNvfp4>(factors, f); }
  template <class Use>
  AUREA_INLINE static void read_codes(const uint8_t* block, Use use) {
    look_up_nibbles(block, codecs::kFp4Values, use);
  }
};

struct SimpleTwoBit {
  static constexpr PackedFormat kFormat = kPackedTwoBit;
  static constexpr int kOffsetShift = 0, kMaxCode = 3;
  static constexpr bool kMin = false, kInt8 = false;
  static constexpr size_t kHalves = 1;
  AUREA_INLINE static void read_factors(const uint8_t* factors, VecF* f) {
    read_half_factors<SimpleTwoBit>(factors, f);
  }
  template <class Use>
  AUREA_INLINE static void read_codes(const uint8_t* block, Use use) {
    const VecI mask = set1_i8(3);
    VecI v[2] = {column(block, 0), column(block, 1)};
    AUREA_UNROLL for (size_t g = 0; g < 8; ++g) {
      use(g, bit_and(v[g % 2], mask));
      v[g % 2] = shift_right<2>(v[g % 2]);
    }
  }
};
