// The searches of the types with very few levels: -1, 0, 1 (TQ1_0, TQ2_0) and -1, 0, 1, 2 (Q2_0).
// Included after search_lanes.inc.h, with the rules of lanes.inc.h.

// Candidates: the largest |x| as a scale (that of the reference, exact for rows that have these levels already), then
// ever smaller ones, in steps that change few codes; then the codes that go with the best scale itself.
constexpr int kTernaryCandidates = 16, kTwoBitCandidates = 12, kRefinements = 3;
constexpr float kTernaryRatio = 0.8f, kTwoBitRatio = 0.85f;

/// Weights of a search: those of a buffer, or 1 without one.
template <int kN>
struct Weights {
  const LaneBuffer<kN>* values;

  AUREA_LANES Vec operator[](int i) const { return values != nullptr ? (*values)[i] : splat(1); }
  AUREA_LANES Vec times(int i, Vec v) const { return values != nullptr ? (*values)[i] * v : v; }
};

/// Adds an element to the sums of a code set in which every |x| from `threshold` on is coded as 1: for given codes 0
/// and 1 the order of the magnitudes decides, so the best set is one of these. wx = weight * magnitude.
AUREA_LANES void add_from(Vec threshold, Vec magnitude, Vec w, Vec wx, CodeSums& sums) {
  const Mask below = magnitude < threshold;
  sums.s1 = select(below, sums.s1, sums.s1 + wx);
  sums.s2 = select(below, sums.s2, sums.s2 + w);
}

/// The code set with the largest s1^2 / s2 so far.
struct BestScale {
  Vec scale{}, score{};

  AUREA_LANES Mask improve(const CodeSums& sums) {
    const Mask better = (sums.s2 > 0.0f) & (sums.s1 * sums.s1 > score * sums.s2);
    scale = select(better, sums.s1 / sums.s2, scale);
    score = select(better, scale * sums.s1, score);
    return better;
  }
};

/// Four candidates at a time: their sums do not wait for each other.
template <int kN>
AUREA_LANES void try_thresholds(const LaneBuffer<kN>& magnitudes, const Weights<kN>& weights, Vec threshold,
                                BestScale& best) {
  const Vec second = threshold * kTernaryRatio, third = second * kTernaryRatio, fourth = third * kTernaryRatio;
  CodeSums sums, sums2, sums3, sums4;
  for (int i = 0; i < kN; ++i) {
    const Vec x = magnitudes[i], w = weights[i], wx = weights.times(i, x);
    add_from(threshold, x, w, wx, sums);
    add_from(second, x, w, wx, sums2);
    add_from(third, x, w, wx, sums3);
    add_from(fourth, x, w, wx, sums4);
  }
  best.improve(sums);
  best.improve(sums2);
  best.improve(sums3);
  best.improve(sums4);
}

template <int kN>
AUREA_LANES Vec ternary_scale(const LaneBuffer<kN>& magnitudes, const Weights<kN>& weights) {
  Vec peak{};
  for (int i = 0; i < kN; ++i) peak = select(magnitudes[i] > peak, magnitudes[i], peak);
  BestScale best;
  Vec threshold = peak * 0.5f;
  for (int k = 0; k < kTernaryCandidates; k += 4) {
    try_thresholds(magnitudes, weights, threshold, best);
    for (int step = 0; step < 4; ++step) threshold = threshold * kTernaryRatio;
  }
  for (int pass = 0; pass < kRefinements; ++pass) {
    const Vec own = best.scale * 0.5f;
    CodeSums sums;
    for (int i = 0; i < kN; ++i) add_from(own, magnitudes[i], weights[i], weights.times(i, magnitudes[i]), sums);
    if (!any(best.improve(sums))) break;
  }
  return best.scale;
}

template <int kN>
void ternary_lanes(const float* x_rows, const float* w_rows, int n_lanes, float* scales) {
  LaneBuffer<kN> magnitudes;
  magnitudes.gather(x_rows, n_lanes);
  for (int i = 0; i < kN; ++i) magnitudes.set(i, magnitude(magnitudes[i]));
  if (w_rows == nullptr) return store_lanes(scales, ternary_scale(magnitudes, Weights<kN>{nullptr}), n_lanes);
  LaneBuffer<kN> w;
  w.gather(w_rows, n_lanes);
  store_lanes(scales, ternary_scale(magnitudes, Weights<kN>{&w}), n_lanes);
}

void ternary(const float* x, const float* w, int n_groups, float* scales) {
  for (int g = 0; g < n_groups; g += kLanes) {
    ternary_lanes<256>(x + g * 256, row_at(w, g * 256), lanes_at(g, n_groups), scales + g);
  }
}

template <int kN>
void two_bit_lanes(const float* x_rows, const float* w_rows, int n_lanes, float* scales) {
  LaneBuffer<kN> x, w, wx;
  gather_weighted(x_rows, w_rows, Weighting::kEqual, n_lanes, x, w);
  for (int i = 0; i < kN; ++i) wx.set(i, w[i] * x[i]);
  const Levels levels(-1, 2);
  BestScale best;
  Vec inverse = 1.0f / magnitude(largest(x));
  for (int k = 0; k < kTwoBitCandidates; ++k) {
    best.improve(symmetric_sums(x, w, wx, inverse, levels));
    best.improve(symmetric_sums(x, w, wx, -inverse, levels));
    inverse = inverse / kTwoBitRatio;
  }
  for (int pass = 0; pass < kRefinements; ++pass) {
    if (!any(best.improve(symmetric_sums(x, w, wx, 1.0f / best.scale, levels)))) break;
  }
  store_lanes(scales, best.scale, n_lanes);
}

void two_bit(const float* x, const float* w, int n_groups, float* scales) {
  for (int g = 0; g < n_groups; g += kLanes) {
    two_bit_lanes<64>(x + g * 64, row_at(w, g * 64), lanes_at(g, n_groups), scales + g);
  }
}
