// 128-bit vectors for the shared algorithm texts (cpu/generic/*.inc.h). Needs AdvSIMD (NEON) of AArch64; included
// inside an unnamed namespace after arm_neon.h and core/half.h. The same names as in vec512.inc.h, where they are
// explained; what only dot_maddubs.inc.h asks for is not here. Loads go through bytes, which need no alignment.

using VecF = float32x4_t;
using VecI = int32x4_t;
constexpr size_t kLanes = 4;  // of 32 bits

AUREA_INLINE void prefetch(const uint8_t* p) { __asm__ volatile("prfm pldl1keep, %0" : : "Q"(*p)); }

// ---- integers

AUREA_INLINE VecI from_i8(int8x16_t v) { return vreinterpretq_s32_s8(v); }
AUREA_INLINE int8x16_t as_i8(VecI v) { return vreinterpretq_s8_s32(v); }
AUREA_INLINE int16x8_t as_i16(VecI v) { return vreinterpretq_s16_s32(v); }

AUREA_INLINE VecI load_i(const void* p) { return vreinterpretq_s32_u8(vld1q_u8(static_cast<const uint8_t*>(p))); }
AUREA_INLINE void store_i(void* p, VecI v) { vst1q_u8(static_cast<uint8_t*>(p), vreinterpretq_u8_s32(v)); }
AUREA_INLINE VecI zero_i() { return vdupq_n_s32(0); }
AUREA_INLINE VecI set1_i32(int32_t value) { return vdupq_n_s32(value); }
AUREA_INLINE VecI set1_i8(int8_t value) { return from_i8(vdupq_n_s8(value)); }
AUREA_INLINE VecI add_u64(VecI a, VecI b) {
  return vreinterpretq_s32_s64(vaddq_s64(vreinterpretq_s64_s32(a), vreinterpretq_s64_s32(b)));
}
AUREA_INLINE void store_narrow_i16(void* p, VecI v) {
  vst1_u8(static_cast<uint8_t*>(p), vreinterpret_u8_s16(vmovn_s32(v)));
}
AUREA_INLINE void store_narrow_i8(void* p, VecI v) {
  const int16x4_t words = vmovn_s32(v);
  const int32_t bytes = vget_lane_s32(vreinterpret_s32_s8(vmovn_s16(vcombine_s16(words, words))), 0);
  __builtin_memcpy(p, &bytes, sizeof bytes);
}
AUREA_INLINE VecI load_i8(const void* p) {
  int32_t bytes;
  __builtin_memcpy(&bytes, p, sizeof bytes);
  return vmovl_s16(vget_low_s16(vmovl_s8(vreinterpret_s8_s32(vdup_n_s32(bytes)))));
}
AUREA_INLINE VecI broadcast_dword(const uint8_t* p) {
  int32_t value;
  __builtin_memcpy(&value, p, sizeof value);
  return vdupq_n_s32(value);
}
AUREA_INLINE VecI broadcast_quad(const void* p) { return load_i(p); }
AUREA_INLINE VecI bit_and(VecI a, VecI b) { return vandq_s32(a, b); }
AUREA_INLINE VecI bit_or(VecI a, VecI b) { return vorrq_s32(a, b); }
AUREA_INLINE VecI bit_xor(VecI a, VecI b) { return veorq_s32(a, b); }
template <int kBits>
AUREA_INLINE VecI shift_right(VecI v) {
  if constexpr (kBits == 0) return v;  // the instruction has no such shift
  return vreinterpretq_s32_u32(vshrq_n_u32(vreinterpretq_u32_s32(v), kBits == 0 ? 1 : kBits));
}
AUREA_INLINE VecI shift_right_by(VecI v, size_t bits) {
  return vreinterpretq_s32_u32(vshlq_u32(vreinterpretq_u32_s32(v), vdupq_n_s32(-static_cast<int32_t>(bits))));
}
template <int kBits>
AUREA_INLINE VecI shift_right_signed(VecI v) {
  return vshrq_n_s32(v, kBits);
}
template <int kBits>
AUREA_INLINE VecI shift_left(VecI v) {
  return vshlq_n_s32(v, kBits);
}
AUREA_INLINE VecI add_i32(VecI a, VecI b) { return vaddq_s32(a, b); }
AUREA_INLINE VecI sub_i32(VecI a, VecI b) { return vsubq_s32(a, b); }
AUREA_INLINE VecI sub_i8(VecI a, VecI b) { return from_i8(vsubq_s8(as_i8(a), as_i8(b))); }
AUREA_INLINE VecI high_bytes(VecI v) { return vreinterpretq_s32_s16(vshrq_n_s16(as_i16(v), 8)); }
AUREA_INLINE VecI shuffle_bytes(VecI v, VecI index) {  // any index from 16 on gives 0
  return from_i8(vqtbl1q_s8(as_i8(v), vreinterpretq_u8_s32(index)));
}
AUREA_INLINE VecI sum_bytes_i8(VecI v) { return vpaddlq_s16(vpaddlq_s8(as_i8(v))); }
AUREA_INLINE VecI max_i32(VecI a, VecI b) { return vmaxq_s32(a, b); }

AUREA_INLINE void load_columns4(const uint8_t* const* rows, size_t offset, VecI v[4]) {
  const VecI r[4] = {load_i(rows[0] + offset), load_i(rows[1] + offset), load_i(rows[2] + offset),
                     load_i(rows[3] + offset)};
  AUREA_UNROLL for (size_t pair = 0; pair < 2; ++pair) {  // columns 0 and 2, then 1 and 3
    const VecI low = pair == 0 ? vtrn1q_s32(r[0], r[1]) : vtrn2q_s32(r[0], r[1]);
    const VecI high = pair == 0 ? vtrn1q_s32(r[2], r[3]) : vtrn2q_s32(r[2], r[3]);
    const int64x2_t a = vreinterpretq_s64_s32(low), b = vreinterpretq_s64_s32(high);
    v[pair] = vreinterpretq_s32_s64(vtrn1q_s64(a, b));
    v[pair + 2] = vreinterpretq_s32_s64(vtrn2q_s64(a, b));
  }
}

AUREA_INLINE void load_columns8(const uint8_t* const* rows, size_t offset, VecI v[8]) {
  load_columns4(rows, offset, v);
  load_columns4(rows, offset + 16, v + 4);
}

// ---- floats

AUREA_INLINE VecF as_f(VecI v) { return vreinterpretq_f32_s32(v); }
AUREA_INLINE VecI as_i(VecF v) { return vreinterpretq_s32_f32(v); }
AUREA_INLINE VecF zero_f() { return vdupq_n_f32(0); }
AUREA_INLINE VecF set1_f(float value) { return vdupq_n_f32(value); }
AUREA_INLINE VecF broadcast_f(const uint8_t* p) { return as_f(broadcast_dword(p)); }
AUREA_INLINE VecF load_f(const void* p) { return as_f(load_i(p)); }
AUREA_INLINE void store_f(void* p, VecF v) { store_i(p, as_i(v)); }
AUREA_INLINE VecF load_f_part(const void* p, size_t n) {
  float lanes[kLanes] = {};
  __builtin_memcpy(lanes, p, n * sizeof(float));
  return vld1q_f32(lanes);
}
AUREA_INLINE void store_f_part(void* p, VecF v, size_t n) {
  float lanes[kLanes];
  vst1q_f32(lanes, v);
  __builtin_memcpy(p, lanes, n * sizeof(float));
}
AUREA_INLINE uint16x4_t load_u16(const void* p) { return vreinterpret_u16_u8(vld1_u8(static_cast<const uint8_t*>(p))); }
AUREA_INLINE uint16x4_t load_u16_part(const void* p, size_t n) {
  uint16_t lanes[kLanes] = {};
  __builtin_memcpy(lanes, p, n * sizeof(uint16_t));
  return vld1_u16(lanes);
}
AUREA_INLINE VecF widen_f16(uint16x4_t v) { return vcvt_f32_f16(vreinterpret_f16_u16(v)); }
AUREA_INLINE VecF widen_bf16(uint16x4_t v) { return vreinterpretq_f32_u32(vshll_n_u16(v, 16)); }
AUREA_INLINE VecF load_f16(const void* p) { return widen_f16(load_u16(p)); }
AUREA_INLINE VecF broadcast_f16(const void* p) {
  uint16_t half;
  __builtin_memcpy(&half, p, sizeof half);
  return widen_f16(vdup_n_u16(half));
}
AUREA_INLINE VecF load_bf16(const void* p) { return widen_bf16(load_u16(p)); }
AUREA_INLINE VecF load_f16_part(const void* p, size_t n) { return widen_f16(load_u16_part(p, n)); }
AUREA_INLINE VecF load_bf16_part(const void* p, size_t n) { return widen_bf16(load_u16_part(p, n)); }
AUREA_INLINE void store_f16(uint16_t* p, VecF v) { vst1_u16(p, vreinterpret_u16_f16(vcvt_f16_f32(v))); }
AUREA_INLINE VecF add_f(VecF a, VecF b) { return vaddq_f32(a, b); }
AUREA_INLINE VecF sub_f(VecF a, VecF b) { return vsubq_f32(a, b); }
AUREA_INLINE VecF mul_f(VecF a, VecF b) { return vmulq_f32(a, b); }
AUREA_INLINE VecF div_f(VecF a, VecF b) { return vdivq_f32(a, b); }
AUREA_INLINE VecF fma_f(VecF a, VecF b, VecF c) { return vfmaq_f32(c, a, b); }
AUREA_INLINE VecF max_f(VecF a, VecF b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
AUREA_INLINE VecF min_f(VecF a, VecF b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
AUREA_INLINE VecF round_f(VecF v) { return vrndnq_f32(v); }
AUREA_INLINE VecF to_f(VecI v) { return vcvtq_f32_s32(v); }
AUREA_INLINE VecI to_i32(VecF v) { return vcvtnq_s32_f32(v); }
AUREA_INLINE VecF replace_nan(VecF v, VecF value) { return vbslq_f32(vceqq_f32(v, v), v, value); }
AUREA_INLINE VecF zero_below(VecF v, VecF x, VecF limit) {
  return as_f(vbicq_s32(as_i(v), vreinterpretq_s32_u32(vcltq_f32(x, limit))));
}
AUREA_INLINE VecF select_ge(VecF a, VecF b, VecF yes, VecF no) { return vbslq_f32(vcgeq_f32(a, b), yes, no); }

AUREA_INLINE float sum_lanes(VecF v) { return vaddvq_f32(v); }
AUREA_INLINE float max_lanes(VecF v) { return vmaxvq_f32(v); }
AUREA_INLINE int32_t sum_lanes_i32(VecI v) { return vaddvq_s32(v); }
AUREA_INLINE uint64_t sum_lanes_u64(VecI v) { return vaddvq_u64(vreinterpretq_u64_s32(v)); }
AUREA_INLINE int32_t max_lanes_i32(VecI v) { return vmaxvq_s32(v); }

// ---- float64 sums of squares

struct SquareSum {
  float64x2_t low = vdupq_n_f64(0), high = vdupq_n_f64(0);
  AUREA_INLINE void add(VecF v) {
    const float64x2_t a = vcvt_f64_f32(vget_low_f32(v)), b = vcvt_high_f64_f32(v);
    low = vfmaq_f64(low, a, a);
    high = vfmaq_f64(high, b, b);
  }
  [[nodiscard]] AUREA_INLINE double total() const { return vaddvq_f64(vaddq_f64(low, high)); }
};

AUREA_INLINE double sqrt_f64(double value) { return vget_lane_f64(vsqrt_f64(vdup_n_f64(value)), 0); }
