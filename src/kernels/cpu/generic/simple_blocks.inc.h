// How packed blocks of 32 elements are read, kLanes rows at a time, into row lanes (dword r belongs to row r).
// Layouts: kernels/packed_format.h. Included after packed_rows.inc.h and a dot text.
//
// Every format has
//   kFormat, kOffsetShift (a code q stands for q - 2^kOffsetShift; -1: for itself), kMaxCode, kMin (a value has a "+ m"
//   part), kHalves (2: a factor for each half), kInt8 (codes are for int8_codes);
//   read_factors(rows, f): the kFormat.factors factors;
//   codes<g>(rows): codes of group g of 4 elements; all 8 are read.

template <class Type>
AUREA_INLINE void read_half_factors(const PackedRows& rows, VecF* f) {
  AUREA_UNROLL for (size_t k = 0; k < Type::kFormat.factors; ++k) f[k] = factor(rows, k);
}

/// Group kGroup of 32 nibbles whose bytes begin at column kFirst.
template <size_t kFirst, size_t kGroup>
AUREA_INLINE VecI nibbles(const PackedRows& rows) {
  constexpr size_t k = kFirst + kGroup % 4;
  return field<4 * (kGroup / 4)>(column(rows, k), set1_i8(15));
}

template <const PackedFormat& kPacked, int kShift>
struct SimpleNibbles {  // Q4_0, Q4_1
  static constexpr PackedFormat kFormat = kPacked;
  static constexpr int kOffsetShift = kShift, kMaxCode = 15;
  static constexpr bool kMin = kShift < 0, kInt8 = false;
  static constexpr size_t kHalves = 1;
  AUREA_INLINE static void read_factors(const PackedRows& rows, VecF* f) { read_half_factors<SimpleNibbles>(rows, f); }
  template <size_t kGroup>
  AUREA_INLINE static VecI codes(const PackedRows& rows) {
    return nibbles<0, kGroup>(rows);
  }
};

template <const PackedFormat& kPacked, int kShift>
struct SimpleFiveBits {  // Q5_0, Q5_1
  static constexpr PackedFormat kFormat = kPacked;
  static constexpr int kOffsetShift = kShift, kMaxCode = 31;
  static constexpr bool kMin = kShift < 0, kInt8 = false;
  static constexpr size_t kHalves = 1;
  AUREA_INLINE static void read_factors(const PackedRows& rows, VecF* f) { read_half_factors<SimpleFiveBits>(rows, f); }
  template <size_t kGroup>
  AUREA_INLINE static VecI codes(const PackedRows& rows) {
    const VecI fifth = bit_and(shift<4 - static_cast<int>(kGroup)>(column(rows, 0)), set1_i8(16));
    return bit_or(nibbles<1, kGroup>(rows), fifth);
  }
};

struct SimpleQ8_0 {
  static constexpr PackedFormat kFormat = kPackedQ8_0;
  static constexpr int kOffsetShift = -1, kMaxCode = 127;
  static constexpr bool kMin = false, kInt8 = true;
  static constexpr size_t kHalves = 1;
  AUREA_INLINE static void read_factors(const PackedRows& rows, VecF* f) { read_half_factors<SimpleQ8_0>(rows, f); }
  template <size_t kGroup>
  AUREA_INLINE static VecI codes(const PackedRows& rows) {
    return int8_codes(column(rows, kGroup));
  }
};

/// Nibbles that name one of sixteen signed values.
template <const PackedFormat& kPacked, class Values>
struct SimpleLookup {  // IQ4_NL, MXFP4, NVFP4
  static constexpr PackedFormat kFormat = kPacked;
  static constexpr int kOffsetShift = -1, kMaxCode = 127;
  static constexpr bool kMin = false, kInt8 = true;
  static constexpr size_t kHalves = kPacked.factors;
  AUREA_INLINE static void read_factors(const PackedRows& rows, VecF* f) {
    if constexpr (&kPacked == &kPackedMxfp4) {
      f[0] = load_bf16(rows.factors);
    } else {
      read_half_factors<SimpleLookup>(rows, f);
    }
  }
  template <size_t kGroup>
  AUREA_INLINE static VecI codes(const PackedRows& rows) {
    return shuffle_bytes(int8_codes(broadcast_quad(Values::kTable.values)), nibbles<0, kGroup>(rows));
  }
};

struct SimpleTwoBit {
  static constexpr PackedFormat kFormat = kPackedTwoBit;
  static constexpr int kOffsetShift = 0, kMaxCode = 3;
  static constexpr bool kMin = false, kInt8 = false;
  static constexpr size_t kHalves = 1;
  AUREA_INLINE static void read_factors(const PackedRows& rows, VecF* f) { read_half_factors<SimpleTwoBit>(rows, f); }
  template <size_t kGroup>
  AUREA_INLINE static VecI codes(const PackedRows& rows) {
    return field<2 * (kGroup / 2)>(column(rows, kGroup % 2), set1_i8(3));
  }
};
