// Operations on vectors of floats, for any vector width. Included after exp.inc.h.
// rope and add give the scalar set's bits; rms_norm, layer_norm, silu_mul and gelu are within the
// tolerances of elementwise_test.cpp.

AUREA_INLINE void rms_norm_f(const float* x, const float* weight, float eps, float* out, size_t n) {
  SquareSum squares;
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) squares.add(load_f(x + i));
  if (i < n) squares.add(load_f_part(x + i, n - i));
  const double mean = squares.total() / static_cast<double>(n);
  const VecF scale = set1_f(static_cast<float>(1.0 / sqrt_f64(mean + static_cast<double>(eps))));
  for (i = 0; i + kLanes <= n; i += kLanes) store_f(out + i, mul_f(mul_f(load_f(x + i), scale), load_f(weight + i)));
  if (i < n) {
    const VecF scaled = mul_f(load_f_part(x + i, n - i), scale);
    store_f_part(out + i, mul_f(scaled, load_f_part(weight + i, n - i)), n - i);
  }
}

/// The float64 sum of term(x[i]).
template <class Term>
AUREA_INLINE double sum_f64(const float* x, size_t n, Term term) {
  double lanes[kLanes] = {}, total = 0;
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (size_t j = 0; j < kLanes; ++j) lanes[j] += term(static_cast<double>(x[i + j]));
  }
  for (; i < n; ++i) total += term(static_cast<double>(x[i]));
  for (const double lane : lanes) total += lane;
  return total;
}

/// The float64 vectors are left to the compiler: all loops over kLanes have a fixed length.
AUREA_INLINE void layer_norm_f(const float* x, const float* weight, const float* bias, float eps, float* out,
                               size_t n) {
  const double count = static_cast<double>(n);
  const double mean = sum_f64(x, n, [](double v) AUREA_INLINE_LAMBDA { return v; }) / count;
  const double squares = sum_f64(x, n, [mean](double v) AUREA_INLINE_LAMBDA { return (v - mean) * (v - mean); });
  const double scale = 1.0 / sqrt_f64(squares / count + static_cast<double>(eps));
  const auto element = [&](size_t i) AUREA_INLINE_LAMBDA {
    const double normed = (static_cast<double>(x[i]) - mean) * scale;
    return static_cast<float>(normed * static_cast<double>(weight[i]) + static_cast<double>(bias[i]));
  };
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    float lanes[kLanes];  // out may be x: stores between the loads would keep it scalar
    for (size_t j = 0; j < kLanes; ++j) lanes[j] = element(i + j);
    store_f(out + i, load_f(lanes));
  }
  for (; i < n; ++i) out[i] = element(i);
}

AUREA_INLINE void rope_f(float* x, const float* cos, const float* sin, size_t half) {
  float* y = x + half;
  size_t i = 0;
  for (; i + kLanes <= half; i += kLanes) {
    const VecF a = load_f(x + i), b = load_f(y + i), c = load_f(cos + i), s = load_f(sin + i);
    store_f(x + i, sub_f(mul_f(a, c), mul_f(b, s)));
    store_f(y + i, add_f(mul_f(a, s), mul_f(b, c)));
  }
  if (const size_t rest = half - i; rest > 0) {
    const VecF a = load_f_part(x + i, rest), b = load_f_part(y + i, rest);
    const VecF c = load_f_part(cos + i, rest), s = load_f_part(sin + i, rest);
    store_f_part(x + i, sub_f(mul_f(a, c), mul_f(b, s)), rest);
    store_f_part(y + i, add_f(mul_f(a, s), mul_f(b, c)), rest);
  }
}

AUREA_INLINE VecF silu_times(VecF gate, VecF up) {
  const VecF e = exp_f(sub_f(zero_f(), gate));
  return mul_f(up, div_f(gate, add_f(set1_f(1.0f), e)));
}

AUREA_INLINE void silu_mul_f(const float* gate, const float* up, float* out, size_t n) {
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store_f(out + i, silu_times(load_f(gate + i), load_f(up + i)));
  if (i < n) store_f_part(out + i, silu_times(load_f_part(gate + i, n - i), load_f_part(up + i, n - i)), n - i);
}

/// x / (1 + exp(-2u)), as max(x, 0) - |x| e / (1 + e) with e = exp(-2|u|), which does not overflow. From |x| = 16 on e
/// is 0.
AUREA_INLINE VecF gelu_lanes(VecF x) {
  const VecF m = min_f(set1_f(16.0f), as_f(bit_and(as_i(x), set1_i32(INT32_MAX))));  // x last: not a number stays
  // 2u = x (2 sqrt(2 / pi) + 2 sqrt(2 / pi) 0.044715 x^2)
  const VecF slope = fma_f(mul_f(m, m), set1_f(-0.071354814f), set1_f(-1.5957691f));
  const VecF e = exp_f(mul_f(m, slope));
  return sub_f(max_f(zero_f(), x), div_f(mul_f(m, e), add_f(set1_f(1.0f), e)));
}

AUREA_INLINE void gelu_f(const float* x, float* out, size_t n) {
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store_f(out + i, gelu_lanes(load_f(x + i)));
  if (i < n) store_f_part(out + i, gelu_lanes(load_f_part(x + i, n - i)), n - i);
}

AUREA_INLINE void add_vectors(const float* a, const float* b, float* out, size_t n) {
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store_f(out + i, add_f(load_f(a + i), load_f(b + i)));
  if (i < n) store_f_part(out + i, add_f(load_f_part(a + i, n - i), load_f_part(b + i, n - i)), n - i);
}
