// What every row passes through: the 16-bit floats as float32, and the check of its values.
// Included after search_lanes.inc.h, with the rules of lanes.inc.h.

typedef uint16_t NativeHalves __attribute__((vector_size(kNative * sizeof(uint16_t))));
typedef uint32_t NativeBits __attribute__((vector_size(kNative * sizeof(uint32_t))));

AUREA_LANES NativeBits load_halves(const void* src, size_t i) {
  NativeHalves halves;
  __builtin_memcpy(&halves, static_cast<const char*>(src) + i * sizeof(uint16_t), sizeof halves);
  return __builtin_convertvector(halves, NativeBits);
}

/// Elements from i on that fill no vector.
AUREA_LANES uint16_t half_at(const void* src, size_t i) {
  uint16_t half;
  __builtin_memcpy(&half, static_cast<const char*>(src) + i * sizeof half, sizeof half);
  return half;
}

/// Moves the fields to their places in binary32; the product corrects the exponent's bias, also of subnormal halves.
void f16_row(const void* src, float* dst, size_t n) {
  size_t i = 0;
  for (; i + kNative <= n; i += kNative) {
    const NativeBits half = load_halves(src, i), magnitude_bits = half & 0x7FFFu;
    const NativeBits special = (NativeBits)(magnitude_bits >= 0x7C00u) & 0x7F800000u;  // infinity or NaN
    const Native value = (Native)(magnitude_bits << 13) * 0x1p112f;
    const NativeBits bits = (NativeBits)value | special | (half & 0x8000u) << 16;
    __builtin_memcpy(dst + i, &bits, sizeof bits);
  }
  for (; i < n; ++i) dst[i] = f16_to_f32(half_at(src, i));
}

void bf16_row(const void* src, float* dst, size_t n) {
  size_t i = 0;
  for (; i + kNative <= n; i += kNative) {
    const NativeBits bits = load_halves(src, i) << 16;
    __builtin_memcpy(dst + i, &bits, sizeof bits);
  }
  for (; i < n; ++i) dst[i] = bf16_to_f32(half_at(src, i));
}

bool any_above(const float* x, size_t n, uint32_t mask, uint32_t limit) {
  NativeBits found{};
  size_t i = 0;
  for (; i + kNative <= n; i += kNative) {
    found |= (NativeBits)(((NativeBits)load_native(x + i) & mask) > limit);
  }
  uint32_t either = 0;
  for (int lane = 0; lane < kNative; ++lane) either |= found[lane];
  for (; i < n; ++i) either |= (bits_from_f32(x[i]) & mask) > limit ? 1u : 0u;
  return either != 0;
}
