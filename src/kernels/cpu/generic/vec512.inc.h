// 512-bit vectors for the shared algorithm texts (cpu/generic/*.inc.h). Needs AVX-512 F, BW, DQ, VL and F16C; included
// inside an unnamed namespace after immintrin.h and core/half.h. vec256.inc.h gives the same names for 256 bits,
// vec128.inc.h for the 128 of AArch64.
//
// A VecI is seen as 4 quads (128-bit lanes) of 4 dwords; "row lanes" means that dword r belongs to row r of a group of
// kLanes.

using VecF = __m512;
using VecI = __m512i;
constexpr size_t kLanes = 16;  // of 32 bits

/// Fetches the cache line of p. Not the intrinsic: GCC's scheduler moves that to the front of the loop body.
AUREA_INLINE void prefetch(const uint8_t* p) { __asm__ volatile("prefetcht0 %0" : : "m"(*p)); }

// ---- integers

AUREA_INLINE VecI load_i(const void* p) { return _mm512_loadu_si512(p); }
AUREA_INLINE void store_i(void* p, VecI v) { _mm512_storeu_si512(p, v); }
AUREA_INLINE VecI zero_i() { return _mm512_setzero_si512(); }
AUREA_INLINE VecI set1_i32(int32_t value) { return _mm512_set1_epi32(value); }
AUREA_INLINE VecI set1_i8(int8_t value) { return _mm512_set1_epi8(value); }
AUREA_INLINE VecI add_u64(VecI a, VecI b) { return _mm512_add_epi64(a, b); }
/// The dwords cut to 8 or 16 bits; they must fit.
AUREA_INLINE void store_narrow_i8(void* p, VecI v) {
  _mm_storeu_si128(static_cast<__m128i*>(p), _mm512_cvtepi32_epi8(v));
}
AUREA_INLINE void store_narrow_i16(void* p, VecI v) {
  _mm256_storeu_si256(static_cast<__m256i*>(p), _mm512_cvtepi32_epi16(v));
}
/// kLanes bytes, sign-extended to dwords.
AUREA_INLINE VecI load_i8(const void* p) {
  return _mm512_cvtepi8_epi32(_mm_loadu_si128(static_cast<const __m128i*>(p)));
}
/// The 4 bytes at p in every dword.
AUREA_INLINE VecI broadcast_dword(const uint8_t* p) {
  int32_t value;
  __builtin_memcpy(&value, p, sizeof value);
  return _mm512_set1_epi32(value);
}
/// The same 16 bytes in every quad.
AUREA_INLINE VecI broadcast_quad(const void* p) {
  return _mm512_broadcast_i32x4(_mm_loadu_si128(static_cast<const __m128i*>(p)));
}
AUREA_INLINE VecI bit_and(VecI a, VecI b) { return _mm512_and_si512(a, b); }
AUREA_INLINE VecI bit_or(VecI a, VecI b) { return _mm512_or_si512(a, b); }
AUREA_INLINE VecI bit_xor(VecI a, VecI b) { return _mm512_xor_si512(a, b); }
template <int kBits>
AUREA_INLINE VecI shift_right(VecI v) {  // dwords, zeros come in
  return _mm512_srli_epi32(v, kBits);
}
AUREA_INLINE VecI shift_right_by(VecI v, size_t bits) {
  return _mm512_srl_epi32(v, _mm_cvtsi32_si128(static_cast<int>(bits)));
}
template <int kBits>
AUREA_INLINE VecI shift_right_signed(VecI v) {
  return _mm512_srai_epi32(v, kBits);
}
template <int kBits>
AUREA_INLINE VecI shift_left(VecI v) {
  return _mm512_slli_epi32(v, kBits);
}
AUREA_INLINE VecI add_i32(VecI a, VecI b) { return _mm512_add_epi32(a, b); }
AUREA_INLINE VecI sub_i32(VecI a, VecI b) { return _mm512_sub_epi32(a, b); }
AUREA_INLINE VecI mul_i32(VecI a, VecI b) { return _mm512_mullo_epi32(a, b); }
AUREA_INLINE VecI add_i16(VecI a, VecI b) { return _mm512_add_epi16(a, b); }
AUREA_INLINE VecI sub_i8(VecI a, VecI b) { return _mm512_sub_epi8(a, b); }
AUREA_INLINE VecI high_bytes(VecI v) { return _mm512_srai_epi16(v, 8); }  // the high byte of each word, sign-extended
/// Bytes within each quad; an index with its top bit set gives 0.
AUREA_INLINE VecI shuffle_bytes(VecI v, VecI index) { return _mm512_shuffle_epi8(v, index); }
/// Per dword: the two 16-bit products summed.
AUREA_INLINE VecI dot_i16(VecI a, VecI b) { return _mm512_madd_epi16(a, b); }
/// Per word: the two products of unsigned a and signed b, summed with saturation.
AUREA_INLINE VecI dot_u8_i8_pairs(VecI a, VecI b) { return _mm512_maddubs_epi16(a, b); }
/// Per dword: the sum of its signed bytes.
AUREA_INLINE VecI sum_bytes_i8(VecI v) { return dot_i16(dot_u8_i8_pairs(set1_i8(1), v), set1_i32(0x00010001)); }
AUREA_INLINE VecI abs_i8(VecI v) { return _mm512_abs_epi8(v); }
/// v where `sign` is not negative, else -v.
AUREA_INLINE VecI apply_sign_i8(VecI v, VecI sign) {
  return _mm512_mask_sub_epi8(v, _mm512_movepi8_mask(sign), _mm512_setzero_si512(), v);
}

/// Transposes the 4 x 4 dwords of each quad across v[0..3].
AUREA_INLINE void transpose_quads(VecI v[4]) {
  const VecI a = _mm512_unpacklo_epi32(v[0], v[1]), b = _mm512_unpacklo_epi32(v[2], v[3]);
  const VecI c = _mm512_unpackhi_epi32(v[0], v[1]), d = _mm512_unpackhi_epi32(v[2], v[3]);
  v[0] = _mm512_unpacklo_epi64(a, b);
  v[1] = _mm512_unpackhi_epi64(a, b);
  v[2] = _mm512_unpacklo_epi64(c, d);
  v[3] = _mm512_unpackhi_epi64(c, d);
}

/// v[k], in row lanes: dword k of the 16 bytes at rows[r] + offset.
AUREA_INLINE void load_columns4(const uint8_t* const* rows, size_t offset, VecI v[4]) {
  for (size_t g = 0; g < 4; ++g) {
    const auto quad = [&](size_t lane) {
      return _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[4 * lane + g] + offset));
    };
    const __m256i low = _mm256_inserti128_si256(_mm256_castsi128_si256(quad(0)), quad(1), 1);
    const __m256i high = _mm256_inserti128_si256(_mm256_castsi128_si256(quad(2)), quad(3), 1);
    v[g] = _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
  }
  transpose_quads(v);
}

/// v[k], in row lanes: dword k of the 32 bytes at rows[r] + offset.
AUREA_INLINE void load_columns8(const uint8_t* const* rows, size_t offset, VecI v[8]) {
  const auto two_rows = [&](size_t low, size_t high) {
    const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(rows[low] + offset));
    const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(rows[high] + offset));
    return _mm512_inserti64x4(_mm512_castsi256_si512(a), b, 1);
  };
  VecI a[4] = {two_rows(0, 4), two_rows(1, 5), two_rows(2, 6), two_rows(3, 7)};
  VecI b[4] = {two_rows(8, 12), two_rows(9, 13), two_rows(10, 14), two_rows(11, 15)};
  transpose_quads(a);  // quads: columns k, k + 4 of rows 0..3, then of rows 4..7
  transpose_quads(b);
  for (size_t k = 0; k < 4; ++k) {
    v[k] = _mm512_shuffle_i32x4(a[k], b[k], 0x88);
    v[k + 4] = _mm512_shuffle_i32x4(a[k], b[k], 0xDD);
  }
}

// ---- floats

AUREA_INLINE VecF zero_f() { return _mm512_setzero_ps(); }
AUREA_INLINE VecF set1_f(float value) { return _mm512_set1_ps(value); }
AUREA_INLINE VecF broadcast_f(const uint8_t* p) { return _mm512_castsi512_ps(broadcast_dword(p)); }
AUREA_INLINE VecF load_f(const void* p) { return _mm512_loadu_ps(p); }
AUREA_INLINE void store_f(void* p, VecF v) { _mm512_storeu_ps(p, v); }
AUREA_INLINE __mmask16 first_lanes(size_t n) { return static_cast<__mmask16>((1u << n) - 1u); }
/// The first n < kLanes elements; the others are 0.
AUREA_INLINE VecF load_f_part(const void* p, size_t n) { return _mm512_maskz_loadu_ps(first_lanes(n), p); }
AUREA_INLINE void store_f_part(void* p, VecF v, size_t n) { _mm512_mask_storeu_ps(p, first_lanes(n), v); }
AUREA_INLINE VecF load_f16(const void* p) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(static_cast<const __m256i*>(p)));
}
AUREA_INLINE VecF load_f16_part(const void* p, size_t n) {
  return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(first_lanes(n), p));
}
/// The binary16 number at p in every lane.
AUREA_INLINE VecF broadcast_f16(const void* p) {
  int16_t half;
  __builtin_memcpy(&half, p, sizeof half);
  return _mm512_cvtph_ps(_mm256_set1_epi16(half));
}
AUREA_INLINE VecF widen_bf16(__m256i v) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(v), 16)); }
AUREA_INLINE VecF load_bf16(const void* p) { return widen_bf16(_mm256_loadu_si256(static_cast<const __m256i*>(p))); }
AUREA_INLINE VecF load_bf16_part(const void* p, size_t n) {
  return widen_bf16(_mm256_maskz_loadu_epi16(first_lanes(n), p));
}
AUREA_INLINE void store_f16(uint16_t* p, VecF v) {
  const __m256i half = _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), half);
}
AUREA_INLINE VecF add_f(VecF a, VecF b) { return _mm512_add_ps(a, b); }
AUREA_INLINE VecF sub_f(VecF a, VecF b) { return _mm512_sub_ps(a, b); }
AUREA_INLINE VecF mul_f(VecF a, VecF b) { return _mm512_mul_ps(a, b); }
AUREA_INLINE VecF div_f(VecF a, VecF b) { return _mm512_div_ps(a, b); }
AUREA_INLINE VecF fma_f(VecF a, VecF b, VecF c) { return _mm512_fmadd_ps(a, b, c); }  // a b + c, rounded once
/// b where either is not a number.
AUREA_INLINE VecF max_f(VecF a, VecF b) { return _mm512_max_ps(a, b); }
AUREA_INLINE VecF min_f(VecF a, VecF b) { return _mm512_min_ps(a, b); }
AUREA_INLINE VecF round_f(VecF v) {  // half to even
  return _mm512_roundscale_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
AUREA_INLINE VecF to_f(VecI v) { return _mm512_cvtepi32_ps(v); }
AUREA_INLINE VecI to_i32(VecF v) { return _mm512_cvtps_epi32(v); }  // half to even
AUREA_INLINE VecF as_f(VecI v) { return _mm512_castsi512_ps(v); }
AUREA_INLINE VecI as_i(VecF v) { return _mm512_castps_si512(v); }
AUREA_INLINE VecI max_i32(VecI a, VecI b) { return _mm512_max_epi32(a, b); }
/// `value` in the lanes where v is not a number, v elsewhere.
AUREA_INLINE VecF replace_nan(VecF v, VecF value) {
  return _mm512_mask_mov_ps(v, _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q), value);
}
/// v, but 0 in the lanes where x < limit. Not a number is not less.
AUREA_INLINE VecF zero_below(VecF v, VecF x, VecF limit) {
  return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, limit, _CMP_NLT_UQ), v);
}
/// yes in the lanes where a >= b, no elsewhere.
AUREA_INLINE VecF select_ge(VecF a, VecF b, VecF yes, VecF no) {
  return _mm512_mask_mov_ps(no, _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ), yes);
}

AUREA_INLINE __m256 low_half(VecF v) { return _mm512_castps512_ps256(v); }
AUREA_INLINE __m256 high_half(VecF v) { return _mm512_extractf32x8_ps(v, 1); }
AUREA_INLINE float sum_lanes(VecF v) {
  const __m256 half = _mm256_add_ps(low_half(v), high_half(v));
  __m128 quad = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
  quad = _mm_add_ps(quad, _mm_movehl_ps(quad, quad));
  return _mm_cvtss_f32(_mm_add_ss(quad, _mm_movehdup_ps(quad)));
}
AUREA_INLINE float max_lanes(VecF v) { return _mm512_reduce_max_ps(v); }
AUREA_INLINE int32_t max_lanes_i32(VecI v) { return _mm512_reduce_max_epi32(v); }
AUREA_INLINE int32_t sum_lanes_i32(VecI v) { return _mm512_reduce_add_epi32(v); }
AUREA_INLINE uint64_t sum_lanes_u64(VecI v) {
  uint64_t lanes[8], sum = 0;
  _mm512_storeu_si512(lanes, v);
  for (const uint64_t lane : lanes) sum += lane;
  return sum;
}

// ---- float64 sums of squares

struct SquareSum {
  __m512d low = _mm512_setzero_pd(), high = _mm512_setzero_pd();
  AUREA_INLINE void add(VecF v) {
    const __m512d a = _mm512_cvtps_pd(low_half(v)), b = _mm512_cvtps_pd(high_half(v));
    low = _mm512_fmadd_pd(a, a, low);
    high = _mm512_fmadd_pd(b, b, high);
  }
  [[nodiscard]] AUREA_INLINE double total() const { return _mm512_reduce_add_pd(_mm512_add_pd(low, high)); }
};

AUREA_INLINE double sqrt_f64(double value) { return _mm_cvtsd_f64(_mm_sqrt_pd(_mm_set1_pd(value))); }
