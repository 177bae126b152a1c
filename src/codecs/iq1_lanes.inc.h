// The search of IQ1_S and IQ1_M: groups split into -1, 0 and 1, then runs of 8 moved to the codebook. Included after
// codebook_lanes.inc.h and iq1_grid.h, with their rules.
//
// A split is two cuts in the order of the values: what is below the first is -1, what is above the second is 1. Every
// pair of cuts is judged exactly, with prefix sums; lanes are groups.

/// The levels -1, 0, 1 with the shift added (k = 0) or taken away (k = 1).
constexpr float kShifted[2][3] = {{-1 + kIq1Shift, kIq1Shift, 1 + kIq1Shift},
                                  {-1 - kIq1Shift, -kIq1Shift, 1 - kIq1Shift}};

/// Sorts x ascending in every lane, equal values by their place; order = places, as floats. Batcher's merge sort.
template <int kN>
AUREA_LANES void sort_lanes(LaneBuffer<kN>& x, LaneBuffer<kN>& order) {
  for (int i = 0; i < kN; ++i) order.set(i, splat(static_cast<float>(i)));
  const auto exchange = [&](int i, int j) {
    const Vec a = x[i], b = x[j], place_a = order[i], place_b = order[j];
    const Mask swap = (a > b) | ((a == b) & (place_a > place_b));
    x.set(i, select(swap, b, a));
    x.set(j, select(swap, a, b));
    order.set(i, select(swap, place_b, place_a));
    order.set(j, select(swap, place_a, place_b));
  };
  for (int size = 1; size < kN; size *= 2) {
    for (int step = size; step >= 1; step /= 2) {
      for (int from = step % size; from + step < kN; from += 2 * step) {
        for (int i = from; i < from + step && i + step < kN; ++i) {
          if (i / (2 * size) == (i + step) / (2 * size)) exchange(i, i + step);
        }
      }
    }
  }
}

/// The best split so far: its least-squares scale, its score and its number.
struct BestSplit {
  Vec scale, score, number{};

  AUREA_LANES void improve(Vec s1, Vec s2, float candidate) {
    const Mask better = (s2 > 0.0f) & (s1 * s1 > score * s2);
    if ((bits_of(better.a) | bits_of(better.b)) == 0) return;
    scale = select(better, s1 / s2, scale);
    score = select(better, scale * s1, score);
    number = select(better, splat(candidate), number);
  }
};

constexpr int kNumberBase = 33;  // number of a split = (first cut * kNumberBase + second cut) * 4 + signs

/// Groups of 32 with one shift: the sums of the three segments, each times its level.
template <int kN>
AUREA_LANES void try_splits(const LaneBuffer<kN + 1>& sum_x, const LaneBuffer<kN + 1>& sum_w, BestSplit& best) {
  LaneBuffer<kN + 1> upper_x[2], upper_w[2];
  for (int cut = 0; cut <= kN; ++cut) {
    for (int k = 0; k < 2; ++k) {
      upper_x[k].set(cut, (sum_x[kN] - sum_x[cut]) * kShifted[k][2]);
      upper_w[k].set(cut, (sum_w[kN] - sum_w[cut]) * kShifted[k][2] * kShifted[k][2]);
    }
  }
  for (int cut1 = 0; cut1 <= kN; ++cut1) {
    const Vec x1 = sum_x[cut1], w1 = sum_w[cut1];
    Vec lower_x[2], lower_w[2];
    for (int k = 0; k < 2; ++k) {
      lower_x[k] = x1 * kShifted[k][0];
      lower_w[k] = w1 * kShifted[k][0] * kShifted[k][0];
    }
    for (int cut2 = cut1; cut2 <= kN; ++cut2) {
      const Vec middle_x = sum_x[cut2] - x1, middle_w = sum_w[cut2] - w1;
      const auto number = static_cast<float>((cut1 * kNumberBase + cut2) * 4);
      for (int k = 0; k < 2; ++k) {
        const Vec s1 = lower_x[k] + middle_x * kShifted[k][1] + upper_x[k][cut2];
        const Vec s2 = lower_w[k] + middle_w * kShifted[k][1] * kShifted[k][1] + upper_w[k][cut2];
        best.improve(s1, s2, number + static_cast<float>(k));
      }
    }
  }
}

/// Groups of two halves with a shift each. The prefix sums are those of the halves; a sum over a half is that of its
/// highest level everywhere less what the cuts take away.
template <int kN>
AUREA_LANES void try_splits_of_halves(const LaneBuffer<kN + 1> (&sum_x)[2], const LaneBuffer<kN + 1> (&sum_w)[2],
                                      BestSplit& best) {
  Vec top_x[2][2], top_w[2][2];  // [half][k]
  for (int half = 0; half < 2; ++half) {
    for (int k = 0; k < 2; ++k) {
      top_x[half][k] = sum_x[half][kN] * kShifted[k][2];
      top_w[half][k] = sum_w[half][kN] * kShifted[k][2] * kShifted[k][2];
    }
  }
  for (int cut1 = 0; cut1 <= kN; ++cut1) {
    for (int cut2 = cut1; cut2 <= kN; ++cut2) {
      Vec s1[2][2], s2[2][2];
      for (int half = 0; half < 2; ++half) {
        const Vec taken = sum_x[half][cut1] + sum_x[half][cut2];
        for (int k = 0; k < 2; ++k) {
          const float(&level)[3] = kShifted[k];
          s1[half][k] = top_x[half][k] - taken;
          s2[half][k] = top_w[half][k] + sum_w[half][cut1] * (level[0] * level[0] - level[1] * level[1]) +
                        sum_w[half][cut2] * (level[1] * level[1] - level[2] * level[2]);
        }
      }
      const auto number = static_cast<float>((cut1 * kNumberBase + cut2) * 4);
      for (int signs = 0; signs < 4; ++signs) {
        const int first = signs >> 1, second = signs & 1;
        best.improve(s1[0][first] + s1[1][second], s2[0][first] + s2[1][second], number + static_cast<float>(signs));
      }
    }
  }
}

/// One group on its way to the codebook.
template <int kN>
struct SplitGroup {
  static constexpr int kRuns = kN / 8;
  float scale;
  int signs;  // kN = 32: bit 0; kN = 16: bit 1 of the first half, bit 0 of the second. Set: the shift is taken away.
  int packed[kRuns];

  AUREA_LANES const float (&levels(int run) const)[3] { return kShifted[kN == 32 ? signs : signs >> (1 - run) & 1]; }
};

template <int kN>
AUREA_LANES SplitGroup<kN> unpack_split(float scale, int number, const float* order, int stride) {
  SplitGroup<kN> group{scale, number & 3, {}};
  const int cut1 = number / 4 / kNumberBase, cut2 = number / 4 % kNumberBase;
  for (int rank = 0; rank < kN; ++rank) {
    const int place = static_cast<int>(order[rank * stride]);
    int level = rank < cut1 ? 0 : rank < cut2 ? 1 : 2;
    if (scale < 0) level = 2 - level;
    group.packed[place / 8] |= level << 2 * (place % 8);
  }
  if (scale < 0) {  // all turned round
    group.scale = -scale;
    group.signs ^= kN == 32 ? 1 : 3;
  }
  return group;
}

/// Moves the runs that are no entries to the best of the entries near them, and fits the scale again if there were any.
template <int kN>
AUREA_LANES void move_to_codebook(const Codebook& book, const float* x, const float* w, SplitGroup<kN>& group) {
  bool moved = false;
  for (int run = 0; run < kN / 8; ++run) {
    const PatternEntry pattern = book.patterns[group.packed[run]];
    if (pattern.n == 0) continue;
    moved = true;
    const float(&levels)[3] = group.levels(run);
    alignas(64) float cost[kTable];
    for (int i = 0; i < 8; ++i) {
      for (int l = 0; l < 4; ++l) {
        const float difference = group.scale * levels[l < 2 ? l : 2] - x[8 * run + i];
        cost[4 * i + l] = w[8 * run + i] * difference * difference;
      }
    }
    group.packed[run] = cheapest_entry<8>(book.lists + pattern.at * kListBlock, pattern.n, cost);
  }
  if (!moved) return;
  float s1 = 0, s2 = 0;
  for (int i = 0; i < kN; ++i) {
    const float q = group.levels(i / 8)[group.packed[i / 8] >> 2 * (i % 8) & 3];
    s1 += w[i] * q * x[i];
    s2 += w[i] * q * q;
  }
  if (s1 > 0 && s2 > 0) group.scale = s1 / s2;
}

template <int kN>
void split_lanes(const Codebook& book, const float* x_rows, const float* w_rows, int n_lanes, float tiny,
                 SplitFits* fits, int first) {
  LaneBuffer<kN> x, order;
  x.gather(x_rows, n_lanes);
  const Vec peak = magnitude(largest(x));
  sort_lanes(x, order);
  constexpr int kHalves = kN == 32 ? 1 : 2;
  LaneBuffer<kN + 1> sum_x[kHalves], sum_w[kHalves];
  for (int half = 0; half < kHalves; ++half) {
    for (int lane = 0; lane < kLanes; ++lane) {
      float sx = 0, sw = 0;
      sum_x[half].values[lane] = sum_w[half].values[lane] = 0;
      for (int rank = 0; rank < kN; ++rank) {
        const int place = static_cast<int>(order.values[rank * kLanes + lane]);
        if (lane < n_lanes && place / (kN / kHalves) == half) {
          const float w = w_rows[lane * kN + place];
          sw += w;
          sx += w * x_rows[lane * kN + place];
        }
        sum_x[half].values[(rank + 1) * kLanes + lane] = sx;
        sum_w[half].values[(rank + 1) * kLanes + lane] = sw;
      }
    }
  }
  BestSplit best{peak, splat(-__FLT_MAX__)};
  if constexpr (kN == 32) {
    try_splits<kN>(sum_x[0], sum_w[0], best);
  } else {
    try_splits_of_halves<kN>(sum_x, sum_w, best);
  }
  float peaks[kLanes], scales[kLanes], numbers[kLanes];
  store(peaks, peak);
  store(scales, best.scale);
  store(numbers, best.number);
  for (int lane = 0; lane < n_lanes; ++lane) {
    const int at = first + lane;
    SplitGroup<kN> group{};
    if (peaks[lane] >= tiny) {
      group = unpack_split<kN>(scales[lane], static_cast<int>(numbers[lane]), order.values + lane, kLanes);
      move_to_codebook(book, x_rows + lane * kN, w_rows + lane * kN, group);
    }
    fits->scale[at] = group.scale;
    fits->signs[at] = static_cast<uint8_t>(group.signs);
    for (int run = 0; run < kN / 8; ++run) {
      fits->indices[at * (kN / 8) + run] = book.patterns[group.packed[run]].at;
    }
  }
}

void split(const Codebook& book, const float* x, const float* w, int n_groups, int n, float tiny, SplitFits* fits) {
  for (int g = 0; g < n_groups; g += kLanes) {
    const int lanes = lanes_at(g, n_groups);
    if (n == 32) {
      split_lanes<32>(book, x + g * 32, w + g * 32, lanes, tiny, fits, g);
    } else {
      split_lanes<16>(book, x + g * 16, w + g * 16, lanes, tiny, fits, g);
    }
  }
}
