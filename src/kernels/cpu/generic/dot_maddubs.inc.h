// Products of 8-bit codes without VNNI: pairs are summed in 16 bits, so the sum must be moved to 32 bits before it can
// overflow. Included after vec256.inc.h or vec512.inc.h; dot_vnni.inc.h and dot_neon.inc.h give the same names.

/// May a partial sum start from a code offset's share, a 32-bit number? Here it has 16 bits.
constexpr bool kOffsetsInPartial = false;
/// Signed 8-bit codes as multiply_add<true> wants them, and the offset that they then have, as a shift: none here.
constexpr int kInt8OffsetShift = -1;
AUREA_INLINE VecI int8_codes(VecI codes) { return codes; }

/// Does one instruction multiply two tokens, so that tiles go through matmul_super_pairs.inc.h?
constexpr bool kTokenPairs = false;

/// How many times multiply_add may be called between two flushes: codes are in [0, max_code] (signed ones: of that
/// magnitude, or -128), activations in [-127, 127].
constexpr int groups_per_flush(int max_code, int groups) {
  const int fitting = 32767 / (2 * 127 * max_code);  // a single -128 * 127 * 2 fits too
  return fitting < groups ? fitting : groups;
}

/// 4 codes times 4 activations per dword, added to a partial sum.
template <bool kInt8>
AUREA_INLINE VecI multiply_add(VecI partial, VecI codes, VecI x) {
  if constexpr (kInt8) {  // the instruction wants one side unsigned: the sign moves to the other
    return add_i16(partial, dot_u8_i8_pairs(abs_i8(codes), apply_sign_i8(x, codes)));
  } else {
    return add_i16(partial, dot_u8_i8_pairs(codes, x));
  }
}

/// What add_scaled wants for the scale in each dword.
AUREA_INLINE VecI scale_operand(VecI scale) { return bit_or(bit_and(scale, set1_i32(0xFFFF)), shift_left<16>(scale)); }
/// sum + partial * scale; the flush.
AUREA_INLINE VecI add_scaled(VecI sum, VecI partial, VecI scale) { return add_i32(sum, dot_i16(partial, scale)); }
/// sum + partial.
AUREA_INLINE VecI add_partial(VecI sum, VecI partial) { return add_i32(sum, dot_i16(partial, set1_i32(0x00010001))); }
/// sum + the two 16-bit products of each dword.
AUREA_INLINE VecI add_dot_i16(VecI sum, VecI a, VecI b) { return add_i32(sum, dot_i16(a, b)); }
