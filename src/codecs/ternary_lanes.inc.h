// The searches of the types with very few levels: -1, 0, 1 (TQ1_0, TQ2_0) and -1, 0, 1, 2 (Q2_0).
// Included after search_lanes.inc.h, with its rules.

// Candidates: the largest |x| as a scale (that of the reference, exact for rows that have these levels already), then
// ever smaller ones, in steps that change few codes; then the codes that go with the best scale itself.
constexpr int kTernaryCandidates = 14, kTwoBitCandidates = 12, kRefinements = 3;
constexpr float kTernaryRatio = 0.8f, kTwoBitRatio = 0.85f;

/// The sums of the code set in which every |x| from `threshold` on is coded as 1: for given codes 0 and 1 the order of
/// the magnitudes decides, so the best set is one of these.
template <int kN>
AUREA_LANES CodeSums ternary_sums(const LaneBuffer<kN>& magnitudes, const LaneBuffer<kN>& w, Vec threshold) {
  CodeSums sums;
  for (int i = 0; i < kN; ++i) {
    const Vec weight = select(magnitudes[i] < threshold, Vec{}, w[i]);
    sums.s1 = sums.s1 + weight * magnitudes[i];
    sums.s2 = sums.s2 + weight;
  }
  return sums;
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

template <int kN>
void ternary_lanes(const float* x_rows, const float* w_rows, int n_lanes, float* scales) {
  LaneBuffer<kN> x, w;
  gather_weighted(x_rows, w_rows, Weighting::kEqual, n_lanes, x, w);
  Vec peak{};
  for (int i = 0; i < kN; ++i) {
    x.set(i, magnitude(x[i]));
    peak = select(x[i] > peak, x[i], peak);
  }
  BestScale best;
  Vec threshold = peak * 0.5f;
  for (int k = 0; k < kTernaryCandidates; ++k) {
    best.improve(ternary_sums(x, w, threshold));
    threshold = threshold * kTernaryRatio;
  }
  for (int pass = 0; pass < kRefinements; ++pass) {
    if (!any(best.improve(ternary_sums(x, w, best.scale * 0.5f)))) break;
  }
  store_lanes(scales, best.scale, n_lanes);
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
