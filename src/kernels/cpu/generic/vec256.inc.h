// 256-bit vectors for the shared algorithm texts (cpu/generic/*.inc.h). Needs AVX2, FMA and F16C; included inside an
// unnamed namespace after immintrin.h and core/half.h. The same names as in vec512.inc.h, where they are explained.

using VecF = __m256;
using VecI = __m256i;
constexpr size_t kLanes = 8;  // of 32 bits

AUREA_INLINE void prefetch(const uint8_t* p) { __asm__ volatile("prefetcht0 %0" : : "m"(*p)); }

// ---- integers

AUREA_INLINE VecI load_i(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
AUREA_INLINE void store_i(void* p, VecI v) { _mm256_storeu_si256(static_cast<__m256i*>(p), v); }
AUREA_INLINE VecI zero_i() { return _mm256_setzero_si256(); }
AUREA_INLINE VecI set1_i32(int32_t value) { return _mm256_set1_epi32(value); }
AUREA_INLINE VecI set1_i8(int8_t value) { return _mm256_set1_epi8(value); }
AUREA_INLINE VecI add_u64(VecI a, VecI b) { return _mm256_add_epi64(a, b); }
AUREA_INLINE __m128i narrow_i16(VecI v) {
  return _mm_packs_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
}
AUREA_INLINE void store_narrow_i8(void* p, VecI v) {
  const __m128i words = narrow_i16(v);
  _mm_storel_epi64(static_cast<__m128i*>(p), _mm_packs_epi16(words, words));
}
AUREA_INLINE void store_narrow_i16(void* p, VecI v) { _mm_storeu_si128(static_cast<__m128i*>(p), narrow_i16(v)); }
AUREA_INLINE VecI load_i8(const void* p) {
  return _mm256_cvtepi8_epi32(_mm_loadl_epi64(static_cast<const __m128i*>(p)));
}
AUREA_INLINE VecI broadcast_dword(const uint8_t* p) {
  int32_t value;
  __builtin_memcpy(&value, p, sizeof value);
  return _mm256_set1_epi32(value);
}
AUREA_INLINE VecI broadcast_quad(const void* p) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128(static_cast<const __m128i*>(p)));
}
AUREA_INLINE VecI bit_and(VecI a, VecI b) { return _mm256_and_si256(a, b); }
AUREA_INLINE VecI bit_or(VecI a, VecI b) { return _mm256_or_si256(a, b); }
AUREA_INLINE VecI bit_xor(VecI a, VecI b) { return _mm256_xor_si256(a, b); }
template <int kBits>
AUREA_INLINE VecI shift_right(VecI v) {
  return _mm256_srli_epi32(v, kBits);
}
AUREA_INLINE VecI shift_right_by(VecI v, size_t bits) {
  return _mm256_srl_epi32(v, _mm_cvtsi32_si128(static_cast<int>(bits)));
}
template <int kBits>
AUREA_INLINE VecI shift_right_signed(VecI v) {
  return _mm256_srai_epi32(v, kBits);
}
template <int kBits>
AUREA_INLINE VecI shift_left(VecI v) {
  return _mm256_slli_epi32(v, kBits);
}
AUREA_INLINE VecI add_i32(VecI a, VecI b) { return _mm256_add_epi32(a, b); }
AUREA_INLINE VecI sub_i32(VecI a, VecI b) { return _mm256_sub_epi32(a, b); }
AUREA_INLINE VecI add_i16(VecI a, VecI b) { return _mm256_add_epi16(a, b); }
AUREA_INLINE VecI sub_i8(VecI a, VecI b) { return _mm256_sub_epi8(a, b); }
AUREA_INLINE VecI high_bytes(VecI v) { return _mm256_srai_epi16(v, 8); }
AUREA_INLINE VecI shuffle_bytes(VecI v, VecI index) { return _mm256_shuffle_epi8(v, index); }
AUREA_INLINE VecI dot_i16(VecI a, VecI b) { return _mm256_madd_epi16(a, b); }
AUREA_INLINE VecI dot_u8_i8_pairs(VecI a, VecI b) { return _mm256_maddubs_epi16(a, b); }
AUREA_INLINE VecI sum_bytes_i8(VecI v) { return dot_i16(dot_u8_i8_pairs(set1_i8(1), v), set1_i32(0x00010001)); }
AUREA_INLINE VecI abs_i8(VecI v) { return _mm256_abs_epi8(v); }
AUREA_INLINE VecI apply_sign_i8(VecI v, VecI sign) { return _mm256_sign_epi8(v, sign); }

AUREA_INLINE void transpose_quads(VecI v[4]) {
  const VecI a = _mm256_unpacklo_epi32(v[0], v[1]), b = _mm256_unpacklo_epi32(v[2], v[3]);
  const VecI c = _mm256_unpackhi_epi32(v[0], v[1]), d = _mm256_unpackhi_epi32(v[2], v[3]);
  v[0] = _mm256_unpacklo_epi64(a, b);
  v[1] = _mm256_unpackhi_epi64(a, b);
  v[2] = _mm256_unpacklo_epi64(c, d);
  v[3] = _mm256_unpackhi_epi64(c, d);
}

AUREA_INLINE void load_columns4(const uint8_t* const* rows, size_t offset, VecI v[4]) {
  for (size_t g = 0; g < 4; ++g) {
    const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[g] + offset));
    const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[4 + g] + offset));
    v[g] = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
  }
  transpose_quads(v);
}

AUREA_INLINE void load_columns8(const uint8_t* const* rows, size_t offset, VecI v[8]) {
  load_columns4(rows, offset, v);
  load_columns4(rows, offset + 16, v + 4);
}

// ---- floats

AUREA_INLINE VecF zero_f() { return _mm256_setzero_ps(); }
AUREA_INLINE VecF set1_f(float value) { return _mm256_set1_ps(value); }
AUREA_INLINE VecF broadcast_f(const uint8_t* p) { return _mm256_castsi256_ps(broadcast_dword(p)); }
AUREA_INLINE VecF load_f(const void* p) { return _mm256_loadu_ps(static_cast<const float*>(p)); }
AUREA_INLINE void store_f(void* p, VecF v) { _mm256_storeu_ps(static_cast<float*>(p), v); }
AUREA_INLINE VecF load_f_part(const void* p, size_t n) {
  float lanes[kLanes] = {};
  __builtin_memcpy(lanes, p, n * sizeof(float));
  return _mm256_loadu_ps(lanes);
}
AUREA_INLINE void store_f_part(void* p, VecF v, size_t n) {
  float lanes[kLanes];
  _mm256_storeu_ps(lanes, v);
  __builtin_memcpy(p, lanes, n * sizeof(float));
}
AUREA_INLINE VecF load_f16(const void* p) { return _mm256_cvtph_ps(_mm_loadu_si128(static_cast<const __m128i*>(p))); }
AUREA_INLINE VecF broadcast_f16(const void* p) {
  int16_t half;
  __builtin_memcpy(&half, p, sizeof half);
  return _mm256_cvtph_ps(_mm_set1_epi16(half));
}
AUREA_INLINE VecF widen_bf16(__m128i v) { return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(v), 16)); }
AUREA_INLINE VecF load_bf16(const void* p) { return widen_bf16(_mm_loadu_si128(static_cast<const __m128i*>(p))); }
AUREA_INLINE __m128i load_u16_part(const void* p, size_t n) {
  uint16_t lanes[kLanes] = {};
  __builtin_memcpy(lanes, p, n * sizeof(uint16_t));
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(lanes));
}
AUREA_INLINE VecF load_f16_part(const void* p, size_t n) { return _mm256_cvtph_ps(load_u16_part(p, n)); }
AUREA_INLINE VecF load_bf16_part(const void* p, size_t n) { return widen_bf16(load_u16_part(p, n)); }
AUREA_INLINE void store_f16(uint16_t* p, VecF v) {
  const __m128i half = _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), half);
}
AUREA_INLINE VecF add_f(VecF a, VecF b) { return _mm256_add_ps(a, b); }
AUREA_INLINE VecF sub_f(VecF a, VecF b) { return _mm256_sub_ps(a, b); }
AUREA_INLINE VecF mul_f(VecF a, VecF b) { return _mm256_mul_ps(a, b); }
AUREA_INLINE VecF div_f(VecF a, VecF b) { return _mm256_div_ps(a, b); }
AUREA_INLINE VecF fma_f(VecF a, VecF b, VecF c) { return _mm256_fmadd_ps(a, b, c); }
AUREA_INLINE VecF max_f(VecF a, VecF b) { return _mm256_max_ps(a, b); }
AUREA_INLINE VecF min_f(VecF a, VecF b) { return _mm256_min_ps(a, b); }
AUREA_INLINE VecF round_f(VecF v) { return _mm256_round_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
AUREA_INLINE VecF to_f(VecI v) { return _mm256_cvtepi32_ps(v); }
AUREA_INLINE VecI to_i32(VecF v) { return _mm256_cvtps_epi32(v); }
AUREA_INLINE VecF as_f(VecI v) { return _mm256_castsi256_ps(v); }
AUREA_INLINE VecI as_i(VecF v) { return _mm256_castps_si256(v); }
AUREA_INLINE VecI max_i32(VecI a, VecI b) { return _mm256_max_epi32(a, b); }
AUREA_INLINE VecF replace_nan(VecF v, VecF value) {
  return _mm256_blendv_ps(v, value, _mm256_cmp_ps(v, v, _CMP_UNORD_Q));
}
AUREA_INLINE VecF zero_below(VecF v, VecF x, VecF limit) {
  return _mm256_and_ps(v, _mm256_cmp_ps(x, limit, _CMP_NLT_UQ));
}
AUREA_INLINE VecF select_ge(VecF a, VecF b, VecF yes, VecF no) {
  return _mm256_blendv_ps(no, yes, _mm256_cmp_ps(a, b, _CMP_GE_OQ));
}

AUREA_INLINE float sum_lanes(VecF v) {
  __m128 quad = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  quad = _mm_add_ps(quad, _mm_movehl_ps(quad, quad));
  return _mm_cvtss_f32(_mm_add_ss(quad, _mm_movehdup_ps(quad)));
}
AUREA_INLINE float max_lanes(VecF v) {
  __m128 quad = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  quad = _mm_max_ps(quad, _mm_movehl_ps(quad, quad));
  return _mm_cvtss_f32(_mm_max_ss(quad, _mm_movehdup_ps(quad)));
}
AUREA_INLINE int32_t sum_lanes_i32(VecI v) {
  __m128i quad = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  quad = _mm_add_epi32(quad, _mm_shuffle_epi32(quad, 0x4E));
  return _mm_cvtsi128_si32(_mm_add_epi32(quad, _mm_shuffle_epi32(quad, 0xB1)));
}
AUREA_INLINE uint64_t sum_lanes_u64(VecI v) {
  const __m128i pair = _mm_add_epi64(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  return static_cast<uint64_t>(_mm_cvtsi128_si64(pair)) + static_cast<uint64_t>(_mm_extract_epi64(pair, 1));
}
AUREA_INLINE int32_t max_lanes_i32(VecI v) {
  __m128i quad = _mm_max_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  quad = _mm_max_epi32(quad, _mm_shuffle_epi32(quad, 0x4E));
  return _mm_cvtsi128_si32(_mm_max_epi32(quad, _mm_shuffle_epi32(quad, 0xB1)));
}

// ---- float64 sums of squares

struct SquareSum {
  __m256d low = _mm256_setzero_pd(), high = _mm256_setzero_pd();
  AUREA_INLINE void add(VecF v) {
    const __m256d a = _mm256_cvtps_pd(_mm256_castps256_ps128(v)), b = _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1));
    low = _mm256_fmadd_pd(a, a, low);
    high = _mm256_fmadd_pd(b, b, high);
  }
  [[nodiscard]] AUREA_INLINE double total() const {
    const __m256d sum = _mm256_add_pd(low, high);
    const __m128d pair = _mm_add_pd(_mm256_castpd256_pd128(sum), _mm256_extractf128_pd(sum, 1));
    return _mm_cvtsd_f64(_mm_add_sd(pair, _mm_unpackhi_pd(pair, pair)));
  }
};

AUREA_INLINE double sqrt_f64(double value) { return _mm_cvtsd_f64(_mm_sqrt_pd(_mm_set1_pd(value))); }
