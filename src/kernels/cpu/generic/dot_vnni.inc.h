// Products of 8-bit codes with AVX-512 VNNI: four products per dword, summed in 32 bits, no overflow within a
// super-block. Included after vec512.inc.h; dot_maddubs.inc.h gives the same names and explains them.

constexpr bool kOffsetsInPartial = true;
constexpr int kInt8OffsetShift = 7;  // the instruction wants one side unsigned
AUREA_INLINE VecI int8_codes(VecI codes) { return bit_xor(codes, set1_i8(-128)); }
constexpr bool kTokenPairs = false;

constexpr int groups_per_flush(int /*max_code*/, int groups) { return groups; }

template <bool kInt8>
AUREA_INLINE VecI multiply_add(VecI partial, VecI codes, VecI x) {
  return _mm512_dpbusd_epi32(partial, codes, x);
}
AUREA_INLINE VecI scale_operand(VecI scale) { return scale; }
AUREA_INLINE VecI add_scaled(VecI sum, VecI partial, VecI scale) { return add_i32(sum, mul_i32(partial, scale)); }
AUREA_INLINE VecI add_partial(VecI sum, VecI partial) { return add_i32(sum, partial); }
AUREA_INLINE VecI add_dot_i16(VecI sum, VecI a, VecI b) { return _mm512_dpwssd_epi32(sum, a, b); }
