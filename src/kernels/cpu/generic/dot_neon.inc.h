// Products of 8-bit codes on AArch64, with the dot product instructions where the set has them: both sides are signed
// there, so codes of either kind go in as they are. Four products per dword, summed in 32 bits, no overflow within a
// super-block. Included after vec128.inc.h; dot_maddubs.inc.h gives the same names and explains them.

constexpr bool kOffsetsInPartial = true;
constexpr int kInt8OffsetShift = -1;
AUREA_INLINE VecI int8_codes(VecI codes) { return codes; }
#if defined(__ARM_FEATURE_MATMUL_INT8)
constexpr bool kTokenPairs = true;
#else
constexpr bool kTokenPairs = false;
#endif

constexpr int groups_per_flush(int /*max_code*/, int groups) { return groups; }

template <bool kInt8>
AUREA_INLINE VecI multiply_add(VecI partial, VecI codes, VecI x) {
#if defined(__ARM_FEATURE_DOTPROD)
  return vdotq_s32(partial, as_i8(codes), as_i8(x));
#else
  const int16x8_t low = vmull_s8(vget_low_s8(as_i8(codes)), vget_low_s8(as_i8(x)));
  const int16x8_t high = vmull_high_s8(as_i8(codes), as_i8(x));
  return vpadalq_s16(partial, vpaddq_s16(low, high));  // two products: at most 2 * 128 * 127, which fits into 16 bits
#endif
}
AUREA_INLINE VecI scale_operand(VecI scale) { return scale; }
AUREA_INLINE VecI add_scaled(VecI sum, VecI partial, VecI scale) { return vmlaq_s32(sum, partial, scale); }
AUREA_INLINE VecI add_partial(VecI sum, VecI partial) { return add_i32(sum, partial); }
AUREA_INLINE VecI add_dot_i16(VecI sum, VecI a, VecI b) {
  const VecI low = vmull_s16(vget_low_s16(as_i16(a)), vget_low_s16(as_i16(b)));
  const VecI high = vmull_high_s16(as_i16(a), as_i16(b));
  return add_i32(sum, vpaddq_s32(low, high));
}
