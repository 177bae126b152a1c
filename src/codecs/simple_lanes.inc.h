// Blocks of 32 whose scale follows from their extremes (Q4_0, Q4_1, Q5_0, Q5_1, Q8_0 without importance): kNative
// blocks at a time, a block per lane until its scale is known, then the elements of one block after the other.
// Included after search_lanes.inc.h, with the rules of lanes.inc.h.

struct Lower {
  AUREA_LANES Native operator()(Native a, Native b) const { return lower(a, b); }
};
struct Higher {
  AUREA_LANES Native operator()(Native a, Native b) const { return higher(a, b); }
};
struct HigherMagnitude {
  AUREA_LANES Native operator()(Native a, Native b) const { return higher(magnitude(a), magnitude(b)); }
};

/// One step of reducing kNative rows to one vector, whose lane r is what is picked of row r: as exchange_blocks, but
/// of the two results only the pick is kept, in the row of the smaller index.
template <int kSize, class Pick>
AUREA_LANES void fold_rows(Native (&rows)[kNative], Pick pick) {
#define AUREA_UPPER(i) ((i)&kSize ? (i)-kSize + kNative : (i))
#define AUREA_LOWER(i) ((i)&kSize ? (i) + kNative : (i) + kSize)
  AUREA_LANES_UNROLL
  for (int i = 0; i < kNative; i += 2 * kSize) {
    const Native a = rows[i], b = rows[i + kSize];
    rows[i] = pick(__builtin_shufflevector(a, b, AUREA_EACH_LANE(AUREA_UPPER)),
                   __builtin_shufflevector(a, b, AUREA_EACH_LANE(AUREA_LOWER)));
  }
#undef AUREA_UPPER
#undef AUREA_LOWER
}

/// Lane b: what is picked of the 32 values of block b.
template <class Pick>
AUREA_LANES Native pick_of_blocks(const float* x, Pick pick) {
  Native rows[kNative];
  AUREA_LANES_UNROLL
  for (int b = 0; b < kNative; ++b) {
    rows[b] = load_native(x + b * 32);
    AUREA_LANES_UNROLL
    for (int i = kNative; i < 32; i += kNative) rows[b] = pick(rows[b], load_native(x + b * 32 + i));
  }
  fold_rows<1>(rows, pick);
  fold_rows<2>(rows, pick);
#if defined(__AVX2__) || defined(__AVX512F__)
  fold_rows<4>(rows, pick);
#endif
#if defined(__AVX512F__)
  fold_rows<8>(rows, pick);
#endif
  return rows[0];
}

AUREA_LANES bool any(NativeMask mask) {
  int32_t bits = 0;
  for (int lane = 0; lane < kNative; ++lane) bits |= mask[lane];
  return bits != 0;
}

/// f32_to_f16 (core/half.h) of finite values.
AUREA_LANES NativeMask half_bits(Native v) {
  const NativeMask bits = (NativeMask)v, sign = bits >> 16 & 0x8000, size = bits & 0x7FFFFFFF;
  const NativeMask normal = (size + 0xFFF + (size >> 13 & 1) - 0x38000000) >> 13;
  const NativeMask subnormal = (NativeMask)((Native)size + 0.5f) - 0x3F000000;
  const NativeMask half = size >= 0x477FF000 ? 0x7C00 - NativeMask{} : size < 0x38800000 ? subnormal : normal;
  return sign | half;
}

AUREA_LANES void store_halves(uint16_t* dst, NativeMask halves) {
  typedef uint16_t Halves __attribute__((vector_size(kNative * sizeof(uint16_t))));
  const Halves narrow = __builtin_convertvector(halves, Halves);
  __builtin_memcpy(dst, &narrow, sizeof narrow);
}

/// The first element of largest magnitude of each block. Where the extremes are equally far from 0, which of them
/// comes first decides.
AUREA_LANES Native signed_peaks(const float* x) {
  const Native low = pick_of_blocks(x, Lower{}), high = pick_of_blocks(x, Higher{});
  const NativeMask tie = high == -low;
  Native peak = high > -low ? high : low;
  if (!any(tie)) return peak;
  for (int b = 0; b < kNative; ++b) {
    if (tie[b] == 0) continue;
    const float* block = x + b * 32;
    const float size = high[b];
    int i = 0;
    while (i < 31 && block[i] != size && block[i] != -size) ++i;
    peak[b] = size != 0 ? block[i] : 0.0f;
  }
  return peak;
}

struct Range {
  Native low, high;
};

/// The first smallest and the last largest element of each block: only where the smallest is a zero does it matter
/// which one, as zeros have signs.
AUREA_LANES Range ranges(const float* x) {
  Range range = {pick_of_blocks(x, Lower{}), pick_of_blocks(x, Higher{})};
  const NativeMask zero = range.low == 0.0f;
  if (!any(zero)) return range;
  for (int b = 0; b < kNative; ++b) {
    if (zero[b] == 0) continue;
    const float* block = x + b * 32;
    int first = 0, last = 31;
    while (block[first] != range.low[b]) ++first;
    while (block[last] != range.high[b]) --last;
    range.low[b] = block[first];
    range.high[b] = block[last];
  }
  return range;
}

/// Scales and minima of kNative blocks; codes = round(inverse * (x - min)).
struct SimpleScales {
  Native scale, min, inverse;
};

template <ExtremesRule kRule>
AUREA_LANES SimpleScales simple_scales(const float* x, float lowest, float highest) {
  SimpleScales fit{};
  if constexpr (kRule == ExtremesRule::kSignedPeak) {
    fit.scale = signed_peaks(x) / lowest;
  } else if constexpr (kRule == ExtremesRule::kRange) {
    const Range range = ranges(x);
    fit.min = range.low;
    fit.scale = (range.high - range.low) / highest;
  } else {
    fit.scale = pick_of_blocks(x, HigherMagnitude{}) / highest;
  }
  const Native inverse = 1.0f / fit.scale;
  fit.inverse = magnitude(inverse) < __builtin_inff() ? inverse : Native{};  // else the f16 scale is 0
  return fit;
}

/// The codes of one vector of a block, as the reference rounds them: halves up, in Q8_0 away from zero (the largest
/// float below 1/2 carries k + 1/2 over the next integer and nothing less).
template <ExtremesRule kRule>
AUREA_LANES NativeMask simple_codes(Native x, Native min, Native inverse, int lowest, int highest) {
  if constexpr (kRule == ExtremesRule::kMagnitude) {
    const Native v = x * inverse;
    const NativeMask half = ((NativeMask)v & INT32_MIN) | (NativeMask)splat_native(0x1.fffffep-2f);
    return __builtin_convertvector(v + (Native)half, NativeMask);
  } else {
    // x * inverse is at least lowest * (1 + 2^-22), so the sum is positive.
    const Native shifted = kRule == ExtremesRule::kRange ? x - min : x;
    const float offset = 0.5f - static_cast<float>(lowest);
    const NativeMask code = __builtin_convertvector(shifted * inverse + offset, NativeMask);
    const int top = highest - lowest;
    return code < top ? code : top - NativeMask{};
  }
}

/// kNative blocks.
template <ExtremesRule kRule>
AUREA_LANES void simple_blocks(int lowest, int highest, const float* x, float* scales, float* mins, uint16_t* d,
                               uint16_t* m, uint8_t* codes) {
  const SimpleScales fit = simple_scales<kRule>(x, static_cast<float>(lowest), static_cast<float>(highest));
  __builtin_memcpy(scales, &fit.scale, sizeof fit.scale);
  __builtin_memcpy(mins, &fit.min, sizeof fit.min);
  store_halves(d, half_bits(fit.scale));
  store_halves(m, half_bits(fit.min));
  float inverses[kNative];
  __builtin_memcpy(inverses, &fit.inverse, sizeof inverses);
  for (int b = 0; b < kNative; ++b, x += 32, codes += 32) {
    const Native inverse = splat_native(inverses[b]), min = splat_native(mins[b]);
    AUREA_LANES_UNROLL
    for (int i = 0; i < 32; i += kNative) {
      store_bytes(codes + i, simple_codes<kRule>(load_native(x + i), min, inverse, lowest, highest));
    }
  }
}

template <ExtremesRule kRule>
void extremes_by_rule(int lowest, int highest, const float* x, int n_blocks, ExtremesFits* fits) {
  for (int b = 0; b < n_blocks; b += kNative) {
    const int at = b + kNative <= n_blocks ? b : n_blocks - kNative;  // the last vector may repeat some blocks
    if (at >= 0) {
      simple_blocks<kRule>(lowest, highest, x + at * 32, fits->scale + at, fits->min + at, fits->d + at, fits->m + at,
                           fits->codes + at * 32);
      continue;
    }
    float few[kNative * 32] = {};
    __builtin_memcpy(few, x, static_cast<size_t>(n_blocks) * 32 * sizeof(float));
    simple_blocks<kRule>(lowest, highest, few, fits->scale, fits->min, fits->d, fits->m, fits->codes);
  }
}

void extremes(ExtremesRule rule, int lowest, int highest, const float* x, int n_blocks, ExtremesFits* fits) {
  switch (rule) {
    case ExtremesRule::kSignedPeak:
      return extremes_by_rule<ExtremesRule::kSignedPeak>(lowest, highest, x, n_blocks, fits);
    case ExtremesRule::kRange:
      return extremes_by_rule<ExtremesRule::kRange>(lowest, highest, x, n_blocks, fits);
    case ExtremesRule::kMagnitude:
      return extremes_by_rule<ExtremesRule::kMagnitude>(lowest, highest, x, n_blocks, fits);
  }
}
