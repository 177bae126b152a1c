// exp in plain float32 arithmetic. Included inside an unnamed namespace after core/half.h.

/// exp(x) within 1.1 ulp (a relative error below 1e-7); inf above 88.72, 0 below -103.98, NaN for NaN.
/// x = n ln 2 + r, |r| <= ln 2 / 2; exp(r) = 1 + r + r^2 p(r) with p the degree-4 minimax polynomial of relative error
/// 3e-9.
AUREA_INLINE float exp_f(float x) {
  if (!(x <= 89.0f)) return x > 89.0f ? __builtin_inff() : x;
  if (x < -104.0f) return 0.0f;
  const float n = (x * 0x1.715476p+0f + 0x1.8p+23f) - 0x1.8p+23f;  // rounded half to even
  float r = x - n * 0x1.62e4p-1f;                                  // ln 2 in two parts: the first product is exact
  r -= n * 0x1.7f7d1cp-20f;
  float p = 0x1.6a2256p-10f;
  p = p * r + 0x1.123b02p-7f;
  p = p * r + 0x1.5558f8p-5f;
  p = p * r + 0x1.55549p-3f;
  p = p * r + 0x1.fffffcp-2f;
  const float y = 1.0f + (r * r * p + r);
  const int whole = static_cast<int>(n), half = whole >> 1;  // 2^n in two steps: n may be -150 or 128
  const float low = f32_from_bits(static_cast<uint32_t>(half + 127) << 23);
  const float high = f32_from_bits(static_cast<uint32_t>(whole - half + 127) << 23);
  return y * low * high;
}
