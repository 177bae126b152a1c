// The search of MXFP4 and NVFP4: which of a few given steps stores a group with the least error in the levels of
// kFp4Values. Included after search_lanes.inc.h, with the rules of lanes.inc.h.

/// The largest |level|.
constexpr float kFp4Top = 12;

/// The level nearest to a >= 0: whole numbers up to 4, even ones up to 8, multiples of 4 beyond.
AUREA_LANES Native fp4_magnitude(Native a) {
  const Native rounder = a >= 8.0f   ? splat_native(4 * kRounder)
                         : a >= 4.0f ? splat_native(2 * kRounder)
                                     : splat_native(kRounder);
  const Native level = (a + rounder) - rounder;
  return lower(level, splat_native(kFp4Top));
}
AUREA_LANES Vec fp4_magnitude(Vec a) { return {fp4_magnitude(a.a), fp4_magnitude(a.b)}; }

/// 1 / step, but a number for the smallest steps, too.
AUREA_LANES Vec fp4_inverse(Vec step) {
  const Vec inverse = 1.0f / step, largest_number = splat(0x1.fffffep127f);
  return select(inverse < largest_number, inverse, largest_number);
}

template <int kN>
AUREA_LANES Vec fp4_error(const LaneBuffer<kN>& magnitudes, const LaneBuffer<kN>& w, Vec step) {
  const Vec inverse = fp4_inverse(step);
  Vec error{};
  for (int i = 0; i < kN; ++i) {
    const Vec difference = magnitudes[i] - fp4_magnitude(inverse * magnitudes[i]) * step;
    error = error + w[i] * (difference * difference);
  }
  return error;
}

template <int kN>
void fp4_lanes(const float* x_rows, const float* w_rows, int n_lanes, const float* steps, int stride, int n_steps,
               uint8_t* chosen) {
  LaneBuffer<kN> x, w;
  gather_weighted(x_rows, w_rows, Weighting::kEqual, n_lanes, x, w);
  for (int i = 0; i < kN; ++i) x.set(i, magnitude(x[i]));
  Vec best = splat(__builtin_inff()), best_index{};
  for (int s = 0; s < n_steps; ++s) {
    LaneBuffer<1> step;
    step.gather(steps + s * stride, n_lanes);
    const Vec error = fp4_error(x, w, step[0]);
    const Mask better = error < best;
    best = select(better, error, best);
    best_index = select(better, splat(static_cast<float>(s)), best_index);
  }
  float indices[kLanes];
  store(indices, best_index);
  for (int lane = 0; lane < n_lanes; ++lane) chosen[lane] = static_cast<uint8_t>(indices[lane]);
}

void fp4(const float* x, const float* w, int n_groups, int n, const float* steps, int n_steps, uint8_t* chosen) {
  for (int g = 0; g < n_groups; g += kLanes) {
    const int lanes = lanes_at(g, n_groups);
    if (n == 16) {
      fp4_lanes<16>(x + g * 16, row_at(w, g * 16), lanes, steps + g, n_groups, n_steps, chosen + g);
    } else {
      fp4_lanes<32>(x + g * 32, row_at(w, g * 32), lanes, steps + g, n_groups, n_steps, chosen + g);
    }
  }
}

void fp4_codes(const float* x, int n, float step, uint8_t* codes) {
  const float inverse = 1.0f / step, largest_number = 0x1.fffffep127f;
  const float scale = inverse < largest_number ? inverse : largest_number;
  for (int i = 0; i < n; i += kNative) {
    const Native v = load_native(x + i), level = fp4_magnitude(scale * magnitude(v));
    // The levels 6, 8, 12 have the codes 5, 6, 7; a zero has no sign.
    Native code = level < 5.0f ? level : level < 12.0f ? level * 0.5f + 2.0f : splat_native(7);
    code = ((v < 0) & (level > 0)) ? code + 8.0f : code;
    store_codes(codes + i, code);
  }
}
