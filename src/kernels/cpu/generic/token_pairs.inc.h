// Tiles for the matrix instruction of AArch64 (SMMLA): 2 rows of 8 codes times 2 tokens of 8 activations, signed both.
// Included after dot_neon.inc.h.
//
// In a tile, two groups of 4 elements of 4 rows become, in place, 8 elements of rows 0 and 1, then of rows 2 and 3. A
// product, and what is added to it, is in the order (row 0, token 0), (row 0, token 1), (row 1, token 0), (row 1,
// token 1); two of them, of rows 0 and 1 and of rows 2 and 3, are as many numbers as two tokens' row lanes.

struct Pair {
  VecI low, high;  // rows 0 and 1, rows 2 and 3
};

/// The same row lanes for both tokens.
AUREA_INLINE Pair pair_rows(VecI v) { return {vzip1q_s32(v, v), vzip2q_s32(v, v)}; }
/// Numbers that are one for all rows.
AUREA_INLINE Pair pair_tokens(VecI first, VecI second) {
  const VecI both = vzip1q_s32(first, second);
  return {both, both};
}
/// Row lanes of a token, 0 or 1.
AUREA_INLINE VecI row_lanes(Pair pair, size_t token) {
  return token == 0 ? vuzp1q_s32(pair.low, pair.high) : vuzp2q_s32(pair.low, pair.high);
}

/// 8 activations of each of two tokens.
AUREA_INLINE VecI load_tokens(const uint8_t* first, const uint8_t* second) {
  return vreinterpretq_s32_u8(vcombine_u8(vld1_u8(first), vld1_u8(second)));
}

AUREA_INLINE Pair multiply_add_pair(Pair partial, Pair codes, VecI x) {
  return {vmmlaq_s32(partial.low, as_i8(codes.low), as_i8(x)), vmmlaq_s32(partial.high, as_i8(codes.high), as_i8(x))};
}
AUREA_INLINE Pair add_scaled_pair(Pair sum, Pair partial, Pair scale) {
  return {add_scaled(sum.low, partial.low, scale.low), add_scaled(sum.high, partial.high, scale.high)};
}

/// Re-lays the codes of n groups.
template <size_t kVecs>
AUREA_INLINE void pair_groups(uint8_t (*codes)[kVecs][4 * kLanes], size_t n) {
  for (size_t g = 0; g < n; g += 2) {
    AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) {
      const VecI a = load_i(codes[g][v]), b = load_i(codes[g + 1][v]);
      store_i(codes[g][v], vzip1q_s32(a, b));
      store_i(codes[g + 1][v], vzip2q_s32(a, b));
    }
  }
}

/// Of kTokens tokens in pairs: the second of pair p, or the first again behind the end.
template <size_t kTokens>
AUREA_INLINE size_t second_token(size_t p) {
  return 2 * p + 1 < kTokens ? 2 * p + 1 : 2 * p;
}
