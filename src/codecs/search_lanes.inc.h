// The searches of search.h over plain levels: symmetric, affine, by coordinate passes, positive. Included after lanes.inc.h,
// with its rules.

// ---- symmetric ----

/// Sums over a group for one code set l: s1 = sum w x l, s2 = sum w l^2. The least-squares scale is s1 / s2, and the
/// error falls by s1^2 / s2.
struct CodeSums {
  Vec s1{}, s2{};

  AUREA_LANES Vec scale() const { return select(s2 > 0.0f, s1 / s2, Vec{}); }
};

template <int kN>
AUREA_LANES CodeSums symmetric_sums(const LaneBuffer<kN>& x, const LaneBuffer<kN>& w, const LaneBuffer<kN>& wx,
                                    Vec inverse, const Levels& levels) {
  CodeSums sums;
  for (int i = 0; i < kN; ++i) {
    const Vec code = levels.code(inverse * x[i]);
    sums.s1 = sums.s1 + wx[i] * code;
    sums.s2 = sums.s2 + w[i] * code * code;
  }
  return sums;
}

template <int kN>
void symmetric_lanes(const float* x_rows, const float* w_rows, int n_lanes, int n_levels, GroupFits* fits, int first) {
  LaneBuffer<kN> x, w, wx;
  gather_weighted(x_rows, w_rows, Weighting::kSquare, n_lanes, x, w);
  for (int i = 0; i < kN; ++i) wx.set(i, w[i] * x[i]);
  const Levels levels(-n_levels, n_levels - 1);
  const auto depth = static_cast<float>(n_levels);

  const Vec peak = largest(x);
  Vec inverse = -depth / peak;
  CodeSums sums = symmetric_sums(x, w, wx, inverse, levels);
  Vec scale = sums.scale();
  Vec best = scale * sums.s1;
  for (int k = -9; k <= 9; ++k) {
    if (k == 0) continue;
    const Vec candidate = -(depth + 0.1f * static_cast<float>(k)) / peak;
    sums = symmetric_sums(x, w, wx, candidate, levels);
    const Mask better = (sums.s2 > 0.0f) & (sums.s1 * sums.s1 > best * sums.s2);
    scale = select(better, sums.s1 / sums.s2, scale);
    best = select(better, scale * sums.s1, best);
    inverse = select(better, candidate, inverse);
  }
  const Mask lost = magnitude(peak) < kTinyMagnitude;
  store_lanes(fits->scale + first, select(lost, Vec{}, scale), n_lanes);
  store_lanes(fits->inverse + first, select(lost, Vec{}, inverse), n_lanes);
  store_lanes(fits->low + first, Vec{}, n_lanes);
}

// ---- affine ----

template <int kN, bool kAbsolute>
AUREA_LANES Vec affine_error(const LaneBuffer<kN>& x, const LaneBuffer<kN>& w, const LaneBuffer<kN>& codes, Vec scale,
                             Vec low) {
  Vec error{};
  for (int i = 0; i < kN; ++i) {
    const Vec difference = scale * codes[i] + low - x[i];
    error = error + w[i] * (kAbsolute ? magnitude(difference) : difference * difference);
  }
  return error;
}

/// Scale and low of one candidate: codes by `inverse` from the present low, then least squares in both. A minimum above
/// zero is not storable: it becomes 0 and the scale alone is fitted.
struct AffineCandidate {
  Vec scale, low, determinant;  // unusable where the determinant is not positive
};

template <int kN>
AUREA_LANES AffineCandidate affine_candidate(const LaneBuffer<kN>& x, const LaneBuffer<kN>& w, Vec sum_w, Vec sum_x,
                                             Vec inverse, Vec low, const Levels& levels, LaneBuffer<kN>& codes) {
  Vec sum_l{}, sum_l2{}, sum_xl{};
  for (int i = 0; i < kN; ++i) {
    const Vec code = levels.code(inverse * (x[i] - low));
    codes.set(i, code);
    const Vec weighted = w[i] * code;
    sum_l = sum_l + weighted;
    sum_l2 = sum_l2 + weighted * code;
    sum_xl = sum_xl + weighted * x[i];
  }
  AffineCandidate fit;
  fit.determinant = sum_w * sum_l2 - sum_l * sum_l;
  const Vec free_low = (sum_l2 * sum_x - sum_l * sum_xl) / fit.determinant;
  const Vec free_scale = (sum_w * sum_xl - sum_x * sum_l) / fit.determinant;
  const Mask above_zero = free_low > 0.0f;
  fit.scale = select(above_zero, sum_xl / sum_l2, free_scale);
  fit.low = select(above_zero, Vec{}, free_low);
  return fit;
}

template <int kN, bool kAbsolute>
void affine_lanes(const AffineSearch& search, const float* x_rows, const float* w_rows, int n_lanes, GroupFits* fits,
                  int first) {
  LaneBuffer<kN> x, w, codes;
  gather_weighted(x_rows, w_rows, search.weighting, n_lanes, x, w);
  const Levels levels(0, search.levels);
  const auto top = static_cast<float>(search.levels);

  Vec low{}, high = x[0], sum_w{}, sum_x{};
  for (int i = 0; i < kN; ++i) {
    low = select(x[i] < low, x[i], low);
    high = select(x[i] > high, x[i], high);
    sum_w = sum_w + w[i];
    sum_x = sum_x + w[i] * x[i];
  }
  const Mask flat = high == low;
  Vec inverse = top / (high - low), coded_low = low;
  Vec scale = 1.0f / inverse;
  for (int i = 0; i < kN; ++i) codes.set(i, levels.code(inverse * (x[i] - low)));
  Vec best = affine_error<kN, kAbsolute>(x, w, codes, scale, low);

  for (int s = 0; s <= search.steps; ++s) {
    const Vec candidate = (search.first + search.step * static_cast<float>(s) + top) / (high - low);
    const AffineCandidate fit = affine_candidate(x, w, sum_w, sum_x, candidate, low, levels, codes);
    const Vec error = affine_error<kN, kAbsolute>(x, w, codes, fit.scale, fit.low);
    const Mask better = (fit.determinant > 0.0f) & (error < best);
    best = select(better, error, best);
    inverse = select(better, candidate, inverse);
    coded_low = select(better, low, coded_low);
    scale = select(better, fit.scale, scale);
    low = select(better, fit.low, low);
  }
  store_lanes(fits->scale + first, select(flat, Vec{}, scale), n_lanes);
  store_lanes(fits->inverse + first, select(flat, Vec{}, inverse), n_lanes);
  store_lanes(fits->low + first, coded_low, n_lanes);
  store_lanes(fits->min + first, -low, n_lanes);
}

// ---- coordinate passes ----

/// How the reference keeps codes of positive scales: in bytes. Only where elements may be negative can a code be so.
template <bool kWrapped>
AUREA_LANES Vec stored(Vec code) {
  return kWrapped ? select(code < 0.0f, code + 256.0f, code) : code;
}

/// Groups with codes, and the sums for them.
template <int kN>
struct CodedGroups {
  LaneBuffer<kN> x, w, codes;
  CodeSums sums;

  AUREA_LANES void sum_up() {
    sums = {};
    for (int i = 0; i < kN; ++i) {
      sums.s1 = sums.s1 + w[i] * x[i] * codes[i];
      sums.s2 = sums.s2 + w[i] * codes[i] * codes[i];
    }
  }
};

/// The best code of one element that the others allow.
struct CodeMove {
  Vec code;
  CodeSums others;  // without the element
  Mask allowed;     // the code is another one, and usable
};

/// kPositive: the s2 of the others must be positive too, as the reference has it for scales.
template <bool kPositive>
AUREA_LANES CodeMove best_move(Vec x, Vec w, Vec old_code, const CodeSums& sums, const Levels& levels) {
  CodeMove move;
  move.others = {sums.s1 - w * x * old_code, sums.s2 - w * old_code * old_code};
  move.code = levels.code(x * move.others.s2 / move.others.s1);
  move.allowed = (move.others.s1 > 0.0f) & (move.code != old_code);
  if (kPositive) move.allowed = move.allowed & (move.others.s2 > 0.0f);
  return move;
}

/// Moves code i where s1^2 / s2 grows with it, and says where. `sums` are those of the groups, kept in registers.
template <int kN, bool kPositive, bool kWrapped>
AUREA_LANES Mask improve_code(CodedGroups<kN>& groups, int i, const Levels& levels, CodeSums& sums) {
  const Vec x = groups.x[i], w = groups.w[i], old_code = groups.codes[i];
  const CodeMove move = best_move<kPositive>(x, w, old_code, sums, levels);
  const Vec s1 = move.others.s1 + w * x * move.code, s2 = move.others.s2 + w * move.code * move.code;
  const Mask better = move.allowed & (s2 > 0.0f) & (s1 * s1 * sums.s2 > sums.s1 * sums.s1 * s2);
  groups.codes.set(i, select(better, stored<kWrapped>(move.code), old_code));
  sums.s1 = select(better, s1, sums.s1);
  sums.s2 = select(better, s2, sums.s2);
  return better;
}

/// Moves one code after the other; at most five passes, fewer if a pass changes nothing in any lane (a lane that is
/// done repeats itself without effect). Returns the final scale.
template <int kN, bool kPositive, bool kWrapped = false>
AUREA_LANES Vec improve_codes(CodedGroups<kN>& groups, const Levels& levels) {
  CodeSums sums = groups.sums;
  for (int pass = 0; pass < 5; ++pass) {
    Mask changed{};
    for (int i = 0; i < kN; ++i) changed = changed | improve_code<kN, kPositive, kWrapped>(groups, i, levels, sums);
    if (!any(changed)) break;
  }
  return sums.scale();
}

/// Groups of 16, codes by their extremes; two sets of lanes at a time, as one alone waits for its own results.
struct ExtremeCodes {
  CodedGroups<16> groups;
  Mask lost;

  void set(const float* rows, int n_lanes, const Levels& levels, float depth) {
    gather_weighted(rows, nullptr, Weighting::kSquare, n_lanes, groups.x, groups.w);
    const Vec peak = largest(groups.x), inverse = -depth / peak;
    lost = magnitude(peak) < kTinyMagnitude;
    for (int i = 0; i < 16; ++i) groups.codes.set(i, levels.code(inverse * groups.x[i]));
    groups.sum_up();
  }

  void keep(Vec scale, float depth, int n_lanes, uint8_t* codes, float* scales) {
    for (int i = 0; i < 16; ++i) groups.codes.set(i, select(lost, Vec{}, groups.codes[i] + depth));
    groups.codes.scatter(codes, n_lanes);
    store_lanes(scales, select(lost, Vec{}, scale), n_lanes);
  }
};

/// Keeps the codes of the extremes, and finds the lanes in which a code could be moved: few, and to find them no
/// element waits for the one before it. Returns how many indices of groups were appended.
int keep_extreme_codes(const float* x, int first, int n_lanes, const Levels& levels, float depth, uint8_t* codes,
                       float* scales, int* movable) {
  ExtremeCodes batch;
  batch.set(x, n_lanes, levels, depth);
  const CodedGroups<16>& groups = batch.groups;
  Mask mask{};
  for (int i = 0; i < 16; ++i) {
    mask = mask | best_move<false>(groups.x[i], groups.w[i], groups.codes[i], groups.sums, levels).allowed;
  }
  batch.keep(groups.sums.scale(), depth, n_lanes, codes, scales);
  int32_t flags[kLanes], count = 0;
  __builtin_memcpy(flags, &mask, sizeof flags);
  for (int lane = 0; lane < n_lanes; ++lane) {
    movable[count] = first + lane;
    count += flags[lane] != 0 ? 1 : 0;
  }
  return count;
}

/// At most 2 * kLanes groups at `rows`: all passes.
void improve_extreme_codes(const float* rows, int n_groups, const Levels& levels, float depth, uint8_t* codes,
                           float* scales) {
  const int n_first = n_groups < kLanes ? n_groups : kLanes, n_second = n_groups - n_first;
  ExtremeCodes first, second;
  first.set(rows, n_first, levels, depth);
  second.set(rows + n_first * 16, n_second, levels, depth);
  CodeSums sums = first.groups.sums, more_sums = second.groups.sums;
  for (int pass = 0; pass < 5; ++pass) {
    Mask changed{};
    for (int i = 0; i < 16; ++i) {
      changed = changed | improve_code<16, false, false>(first.groups, i, levels, sums);
      changed = changed | improve_code<16, false, false>(second.groups, i, levels, more_sums);
    }
    if (!any(changed)) break;
  }
  first.keep(sums.scale(), depth, n_first, codes, scales);
  second.keep(more_sums.scale(), depth, n_second, codes + n_first * 16, scales + n_first);
}

template <int kN, bool kWrapped>
AUREA_LANES Vec positive_error(const LaneBuffer<kN>& x, const LaneBuffer<kN>& w, Vec inverse, const Levels& levels) {
  const Vec scale = 1.0f / inverse;
  Vec error{};
  for (int i = 0; i < kN; ++i) {
    const Vec difference = x[i] - scale * stored<kWrapped>(levels.code(inverse * x[i]));
    error = error + w[i] * difference * difference;
  }
  return error;
}

/// The scale; groups.codes become those that go with it.
template <int kN, bool kWrapped>
AUREA_LANES Vec positive_fit(const float* x_rows, const float* w_rows, int n_lanes, int n_levels,
                             CodedGroups<kN>& groups) {
  const LaneBuffer<kN>&x = groups.x, &w = groups.w;
  LaneBuffer<kN>& codes = groups.codes;
  groups.x.gather(x_rows, n_lanes);
  groups.w.gather(w_rows, n_lanes);
  const Levels levels(kWrapped ? -255 : 0, n_levels);
  const auto top = static_cast<float>(n_levels);
  Vec peak{};
  for (int i = 0; i < kN; ++i) peak = select(x[i] > peak, x[i], peak);

  Vec inverse = top / peak;
  Vec best = positive_error<kN, kWrapped>(x, w, inverse, levels);
  for (int k = -4; k <= 4; ++k) {
    if (k == 0) continue;
    const Vec candidate = (0.1f * static_cast<float>(k) + top) / peak;
    const Vec error = positive_error<kN, false>(x, w, candidate, levels);
    const Mask better = error < best;
    best = select(better, error, best);
    inverse = select(better, candidate, inverse);
  }
  for (int i = 0; i < kN; ++i) codes.set(i, levels.code(inverse * x[i]));
  groups.sum_up();
  for (int i = 0; kWrapped && i < kN; ++i) codes.set(i, stored<kWrapped>(codes[i]));
  const Vec scale = improve_codes<kN, true, kWrapped>(groups, levels);
  const Mask lost = peak < kTinyMagnitude;
  for (int i = 0; i < kN; ++i) codes.set(i, select(lost, Vec{}, codes[i]));
  return select(lost, Vec{}, scale);
}

template <int kN>
void positive_lanes(const float* x_rows, const float* w_rows, int n_lanes, int n_levels, uint8_t* stored_codes,
                    float* scales) {
  CodedGroups<kN> groups;
  store_lanes(scales, positive_fit<kN, false>(x_rows, w_rows, n_lanes, n_levels, groups), n_lanes);
  groups.codes.scatter(stored_codes, n_lanes);
}

void wrapped_scale_lanes(const float* x_rows, const float* w_rows, int n_lanes, int n_levels, float* scales) {
  CodedGroups<32> groups;
  store_lanes(scales, positive_fit<32, true>(x_rows, w_rows, n_lanes, n_levels, groups), n_lanes);
}

// ---- codes for given scales: element by element, so the lanes are neighbours here ----

void codes_by_division(const float* x, int n_groups, int n, const float* steps, const float* shifts, int lowest,
                       int highest, uint8_t* codes) {
  const Levels levels(lowest, highest);
  const auto offset = static_cast<float>(lowest);
  for (int g = 0; g < n_groups; ++g) {
    const float step = steps[g], shift = shifts == nullptr ? 0 : shifts[g];
    for (int i = g * n; step != 0 && i < (g + 1) * n; i += kNative) {
      store_codes(codes + i, levels.code((load_native(x + i) + shift) / step) - offset);
    }
  }
}

void codes_by_inverse(const float* x, int n, float inverse, float low, int lowest, int highest, uint8_t* codes) {
  const Levels levels(lowest, highest);
  const auto offset = static_cast<float>(lowest);
  for (int i = 0; i < n; i += kNative) {
    const Native code = levels.code(inverse * (load_native(x + i) - low)) - offset;
    store_codes(codes + i, inverse == 0 ? Native{} : code);
  }
}

// ---- weights ----

AUREA_LANES Native root(Native v) {
#if defined(__AVX512F__)
  return (Native)_mm512_maskz_sqrt_ps(0xFFFF, (__m512)v);
#elif defined(__AVX2__)
  return (Native)_mm256_sqrt_ps((__m256)v);
#elif defined(__SSE2__)
  return (Native)_mm_sqrt_ps((__m128)v);
#else
  for (int lane = 0; lane < kNative; ++lane) v[lane] = __builtin_sqrtf(v[lane]);
  return v;
#endif
}

void root_weights(const float* x, const float* importance, float variance, int n, float* w) {
  for (int i = 0; i < n; i += kNative) {
    const Native v = load_native(x + i), weight = load_native(importance + i) * root(variance + v * v);
    __builtin_memcpy(w + i, &weight, sizeof weight);
  }
}

// ---- over all groups ----

AUREA_LANES int lanes_at(int group, int n_groups) { return n_groups - group < kLanes ? n_groups - group : kLanes; }
AUREA_LANES const float* row_at(const float* rows, int index) { return rows == nullptr ? nullptr : rows + index; }

void symmetric(const float* x, const float* w, int n_groups, int n, int levels, GroupFits* fits) {
  for (int g = 0; g < n_groups; g += kLanes) {
    const int lanes = lanes_at(g, n_groups);
    if (n == 16) {
      symmetric_lanes<16>(x + g * 16, row_at(w, g * 16), lanes, levels, fits, g);
    } else {
      symmetric_lanes<32>(x + g * 32, row_at(w, g * 32), lanes, levels, fits, g);
    }
  }
}

void affine(const AffineSearch& search, const float* x, const float* w, int n_groups, int n, GroupFits* fits) {
  for (int g = 0; g < n_groups; g += kLanes) {
    const int lanes = lanes_at(g, n_groups);
    if (n == 32) {
      affine_lanes<32, false>(search, x + g * 32, row_at(w, g * 32), lanes, fits, g);
    } else if (search.absolute_error) {
      affine_lanes<16, true>(search, x + g * 16, row_at(w, g * 16), lanes, fits, g);
    } else {
      affine_lanes<16, false>(search, x + g * 16, row_at(w, g * 16), lanes, fits, g);
    }
  }
}

void coordinate(const float* x, int n_groups, int n_levels, uint8_t* codes, float* scales) {
  const Levels levels(-n_levels, n_levels - 1);
  const auto depth = static_cast<float>(n_levels);
  int movable[kMaxGroups], n_movable = 0;
  for (int g = 0; g < n_groups; g += kLanes) {
    n_movable += keep_extreme_codes(x + g * 16, g, lanes_at(g, n_groups), levels, depth, codes + g * 16, scales + g,
                                    movable + n_movable);
  }
  constexpr int kBatch = 2 * kLanes;
  for (int first = 0; first < n_movable; first += kBatch) {
    const int n = n_movable - first < kBatch ? n_movable - first : kBatch;
    float rows[kBatch * 16], batch_scales[kBatch];
    uint8_t batch_codes[kBatch * 16];
    for (int k = 0; k < n; ++k) __builtin_memcpy(rows + k * 16, x + movable[first + k] * 16, 16 * sizeof(float));
    improve_extreme_codes(rows, n, levels, depth, batch_codes, batch_scales);
    for (int k = 0; k < n; ++k) {
      const int g = movable[first + k];
      __builtin_memcpy(codes + g * 16, batch_codes + k * 16, 16);
      scales[g] = batch_scales[k];
    }
  }
}

void positive(const float* x, const float* w, int n_groups, int n, int levels, uint8_t* codes, float* scales) {
  for (int g = 0; g < n_groups; g += kLanes) {
    const int lanes = lanes_at(g, n_groups);
    if (n == 8) {
      positive_lanes<8>(x + g * 8, w + g * 8, lanes, levels, codes + g * 8, scales + g);
    } else {
      positive_lanes<16>(x + g * 16, w + g * 16, lanes, levels, codes + g * 16, scales + g);
    }
  }
}

void wrapped_scale(const float* x, const float* w, int n_groups, int levels, float* scales) {
  for (int g = 0; g < n_groups; g += kLanes) {
    wrapped_scale_lanes(x + g * 32, w + g * 32, lanes_at(g, n_groups), levels, scales + g);
  }
}
