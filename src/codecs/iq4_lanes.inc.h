// The search of IQ4_NL and IQ4_XS over the levels of kIq4Values. Included after search_lanes.inc.h, with the rules of lanes.inc.h.

/// table[the last four bits of index] in every lane.
AUREA_LANES Native look_up_16(const float (&table)[16], NativeMask index) {
#if defined(__AVX512F__)
  return (Native)_mm512_maskz_permutexvar_ps(0xFFFF, (__m512i)index, (__m512)load_native(table));
#elif defined(__AVX2__)
  const __m256 low = _mm256_permutevar8x32_ps((__m256)load_native(table), (__m256i)index);
  const __m256 high = _mm256_permutevar8x32_ps((__m256)load_native(table + 8), (__m256i)index);
  return (Native)_mm256_blendv_ps(low, high, (__m256)(index << 28));
#else
  Native values;
  for (int lane = 0; lane < kNative; ++lane) values[lane] = table[index[lane] & 15];
  return values;
#endif
}

/// Intervals that hold at most one middle of two neighbouring levels each: the first ends at -100.5, each is 13 wide.
/// What is nearest to v follows from its interval and one comparison.
struct alignas(64) Iq4Intervals {
  float middles[16] = {}, low_codes[16] = {}, high_codes[16] = {}, low_values[16] = {}, high_values[16] = {};

  constexpr Iq4Intervals() {
    for (int interval = 0, code = 0; interval < 16; ++interval) {
      const float end = -100.5f + 13.0f * static_cast<float>(interval);
      const float middle =
          code == 15 ? end : (static_cast<float>(kIq4Values[code]) + static_cast<float>(kIq4Values[code + 1])) * 0.5f;
      const bool within = code < 15 && (middle < end || interval == 15);
      middles[interval] = middle;  // at or above the end: never reached within the interval
      low_codes[interval] = static_cast<float>(code);
      low_values[interval] = static_cast<float>(kIq4Values[code]);
      if (within) ++code;
      high_codes[interval] = static_cast<float>(code);
      high_values[interval] = static_cast<float>(kIq4Values[code]);
    }
  }
};
constexpr Iq4Intervals kIq4Intervals;

/// The interval of v. Rounding may move a v beside an end to the neighbour: no middle is near an end.
AUREA_LANES NativeMask iq4_interval(Native v) {
  const Native rounded = (v * (1.0f / 13.0f) + 107.0f / 13.0f) + kRounder;
  const Native raised = rounded > kRounder ? rounded : splat_native(kRounder);
  const Native clamped = raised < kRounder + 15.0f ? raised : splat_native(kRounder + 15.0f);
  return (NativeMask)clamped;
}

/// The entry of kIq4Values nearest to v, the upper one if two are equally near; a NaN gives the lowest. The middle of
/// two entries is a multiple of 1/2, so comparing with it decides as exactly as comparing the distances.
AUREA_LANES Native iq4_value(Native v) {
  const NativeMask interval = iq4_interval(v);
  return v >= look_up_16(kIq4Intervals.middles, interval) ? look_up_16(kIq4Intervals.high_values, interval)
                                                          : look_up_16(kIq4Intervals.low_values, interval);
}
AUREA_LANES Vec iq4_value(Vec v) { return {iq4_value(v.a), iq4_value(v.b)}; }

/// Where that entry stands.
AUREA_LANES Native iq4_code(Native v) {
  const NativeMask interval = iq4_interval(v);
  return v >= look_up_16(kIq4Intervals.middles, interval) ? look_up_16(kIq4Intervals.high_codes, interval)
                                                          : look_up_16(kIq4Intervals.low_codes, interval);
}

template <int kN>
AUREA_LANES CodeSums iq4_sums(const LaneBuffer<kN>& x, const LaneBuffer<kN>& w, Vec inverse) {
  CodeSums sums;
  for (int i = 0; i < kN; ++i) {
    const Vec value = iq4_value(inverse * x[i]), weighted = w[i] * value;
    sums.s1 = sums.s1 + weighted * x[i];
    sums.s2 = sums.s2 + weighted * value;
  }
  return sums;
}

template <int kN>
void iq4_lanes(const float* x_rows, const float* w_rows, int n_lanes, float* scales) {
  LaneBuffer<kN> x, w;
  gather_weighted(x_rows, w_rows, Weighting::kSquare, n_lanes, x, w);
  const auto depth = static_cast<float>(kIq4Values[0]);

  const Vec peak = largest(x);
  CodeSums sums = iq4_sums(x, w, 1.0f / (-peak / depth));
  Vec scale = sums.scale();
  Vec best = scale * sums.s1;
  for (int k = -7; k <= 7; ++k) {
    sums = iq4_sums(x, w, (depth + static_cast<float>(k)) / peak);
    const Mask better = (sums.s2 > 0.0f) & (sums.s1 * sums.s1 > best * sums.s2);
    scale = select(better, sums.s1 / sums.s2, scale);
    best = select(better, scale * sums.s1, best);
  }
  const Mask lost = magnitude(peak) < kTinyMagnitude;
  store_lanes(scales, select(lost, Vec{}, scale), n_lanes);
}

void iq4(const float* x, const float* w, int n_groups, float* scales) {
  for (int g = 0; g < n_groups; g += kLanes) {
    iq4_lanes<32>(x + g * 32, row_at(w, g * 32), lanes_at(g, n_groups), scales + g);
  }
}

void iq4_codes(const float* x, int n, float inverse, uint8_t* codes) {
  for (int i = 0; i < n; i += kNative) store_codes(codes + i, iq4_code(inverse * load_native(x + i)));
}
