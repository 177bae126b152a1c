// The search of IQ1_S and IQ1_M: groups split into -1, 0 and 1, then runs of 8 moved to the codebook. Included after
// codebook_lanes.inc.h and iq1_grid.h, with their rules.
//
// A split is two cuts in the order of the values: what is below the first is -1, what is above the second is 1. Every
// pair of cuts is judged exactly, with prefix sums; lanes are groups.

/// The levels -1, 0, 1 with the shift added (k = 0) or taken away (k = 1).
constexpr float kShifted[2][3] = {{-1 + kIq1Shift, kIq1Shift, 1 + kIq1Shift},
                                  {-1 - kIq1Shift, -kIq1Shift, 1 - kIq1Shift}};

/// The elements of groups in ascending order, equal ones by their place.
template <int kN>
struct SortedLanes {
  LaneBuffer<kN> x, w, place;  // place: of the element in its group, as a float

  /// Batcher's merge sort.
  AUREA_LANES void sort() {
    for (int i = 0; i < kN; ++i) place.set(i, splat(static_cast<float>(i)));
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

  AUREA_LANES void exchange(int i, int j) {
    const Mask swap = (x[i] > x[j]) | ((x[i] == x[j]) & (place[i] > place[j]));
    exchange(swap, x, i, j);
    exchange(swap, w, i, j);
    exchange(swap, place, i, j);
  }
  AUREA_LANES static void exchange(Mask swap, LaneBuffer<kN>& buffer, int i, int j) {
    const Vec a = buffer[i], b = buffer[j];
    buffer.set(i, select(swap, b, a));
    buffer.set(j, select(swap, a, b));
  }
};

/// sums[r] = sum of w x (or w) over the first r elements in ascending order.
template <int kN>
struct PrefixSums {
  LaneBuffer<kN + 1> x, w;

  /// Over the elements with first <= place < end.
  AUREA_LANES void add_up(const SortedLanes<kN>& sorted, float first, float end) {
    Vec sum_x{}, sum_w{};
    x.set(0, sum_x);
    w.set(0, sum_w);
    for (int rank = 0; rank < kN; ++rank) {
      const Mask within = (sorted.place[rank] < end) & (sorted.place[rank] > first - 0.5f);
      const Vec weight = select(within, sorted.w[rank], Vec{});
      sum_x = sum_x + weight * sorted.x[rank];
      sum_w = sum_w + weight;
      x.set(rank + 1, sum_x);
      w.set(rank + 1, sum_w);
    }
  }
};

/// The best split so far: its least-squares scale, its score and its number.
struct BestSplit {
  Vec scale, score, number{};

  AUREA_LANES Mask loses_to(const CodeSums& sums) const {
    return (sums.s2 > 0.0f) & (sums.s1 * sums.s1 > score * sums.s2);
  }

  /// Candidates first, first + 1, ..: the better ones in their order. Mostly there is none.
  template <int kCount>
  AUREA_LANES void improve(const CodeSums (&sums)[kCount], float first) {
    Mask better = loses_to(sums[0]);
    for (int k = 1; k < kCount; ++k) better = better | loses_to(sums[k]);
    if (bits_of(better.a | better.b) == 0) return;
    for (int k = 0; k < kCount; ++k) {
      better = loses_to(sums[k]);
      scale = select(better, sums[k].s1 / sums[k].s2, scale);
      score = select(better, scale * sums[k].s1, score);
      number = select(better, splat(first + static_cast<float>(k)), number);
    }
  }
};

constexpr int kNumberBase = 33;  // number of a split = (first cut * kNumberBase + second cut) * 4 + signs

/// Groups with one shift: the sums of the three segments, each times its level.
template <int kN>
AUREA_LANES void try_splits(const PrefixSums<kN>& sums, BestSplit& best) {
  LaneBuffer<kN + 1> upper_x[2], upper_w[2];
  for (int cut = 0; cut <= kN; ++cut) {
    for (int k = 0; k < 2; ++k) {
      upper_x[k].set(cut, (sums.x[kN] - sums.x[cut]) * kShifted[k][2]);
      upper_w[k].set(cut, (sums.w[kN] - sums.w[cut]) * kShifted[k][2] * kShifted[k][2]);
    }
  }
  for (int cut1 = 0; cut1 <= kN; ++cut1) {
    const Vec x1 = sums.x[cut1], w1 = sums.w[cut1];
    const Vec lower_x[2] = {x1 * kShifted[0][0], x1 * kShifted[1][0]};
    const Vec lower_w[2] = {w1 * kShifted[0][0] * kShifted[0][0], w1 * kShifted[1][0] * kShifted[1][0]};
    for (int cut2 = cut1; cut2 <= kN; ++cut2) {
      const Vec middle_x = sums.x[cut2] - x1, middle_w = sums.w[cut2] - w1;
      const CodeSums shifted[2] = {
          {lower_x[0] + middle_x * kShifted[0][1] + upper_x[0][cut2],
           lower_w[0] + middle_w * kShifted[0][1] * kShifted[0][1] + upper_w[0][cut2]},
          {lower_x[1] + middle_x * kShifted[1][1] + upper_x[1][cut2],
           lower_w[1] + middle_w * kShifted[1][1] * kShifted[1][1] + upper_w[1][cut2]},
      };
      best.improve(shifted, static_cast<float>((cut1 * kNumberBase + cut2) * 4));
    }
  }
}

/// One half of a group that has a shift for each half. A sum over the half is that of the highest level everywhere less
/// what the cuts take away.
template <int kN>
struct Half {
  PrefixSums<kN> sums;
  Vec top_x[2], top_w[2];  // by sign

  AUREA_LANES void prepare(const SortedLanes<kN>& sorted, float first, float end) {
    sums.add_up(sorted, first, end);
    for (int k = 0; k < 2; ++k) {
      top_x[k] = sums.x[kN] * kShifted[k][2];
      top_w[k] = sums.w[kN] * kShifted[k][2] * kShifted[k][2];
    }
  }

  template <int kSign>
  AUREA_LANES CodeSums at(int cut1, int cut2) const {
    constexpr float kLow = kShifted[kSign][0], kMiddle = kShifted[kSign][1], kHigh = kShifted[kSign][2];
    return {top_x[kSign] - (sums.x[cut1] + sums.x[cut2]), top_w[kSign] +
                                                              sums.w[cut1] * (kLow * kLow - kMiddle * kMiddle) +
                                                              sums.w[cut2] * (kMiddle * kMiddle - kHigh * kHigh)};
  }
};

AUREA_LANES CodeSums operator+(const CodeSums& a, const CodeSums& b) { return {a.s1 + b.s1, a.s2 + b.s2}; }

template <int kN>
AUREA_LANES void try_splits_of_halves(const Half<kN>& first, const Half<kN>& second, BestSplit& best) {
  for (int cut1 = 0; cut1 <= kN; ++cut1) {
    for (int cut2 = cut1; cut2 <= kN; ++cut2) {
      const CodeSums up1 = first.template at<0>(cut1, cut2), down1 = first.template at<1>(cut1, cut2),
                     up2 = second.template at<0>(cut1, cut2), down2 = second.template at<1>(cut1, cut2);
      const CodeSums sums[4] = {up1 + up2, up1 + down2, down1 + up2, down1 + down2};
      best.improve(sums, static_cast<float>((cut1 * kNumberBase + cut2) * 4));
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

typedef float FourLevels __attribute__((vector_size(4 * sizeof(float))));

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
    const FourLevels steps = group.scale * FourLevels{levels[0], levels[1], levels[2], levels[2]};
    for (int i = 0; i < 8; ++i) {
      const FourLevels difference = steps - x[8 * run + i], costs = w[8 * run + i] * difference * difference;
      __builtin_memcpy(cost + 4 * i, &costs, sizeof costs);
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
  SortedLanes<kN> sorted;
  gather_weighted(x_rows, w_rows, Weighting::kEqual, n_lanes, sorted.x, sorted.w);
  const Vec peak = magnitude(largest(sorted.x));
  sorted.sort();
  BestSplit best{peak, splat(-__FLT_MAX__)};
  if constexpr (kN == 32) {
    PrefixSums<kN> sums;
    sums.add_up(sorted, 0, kN);
    try_splits(sums, best);
  } else {
    Half<kN> first_half, second_half;
    first_half.prepare(sorted, 0, kN / 2);
    second_half.prepare(sorted, kN / 2, kN);
    try_splits_of_halves(first_half, second_half, best);
  }
  float peaks[kLanes], scales[kLanes], numbers[kLanes];
  store(peaks, peak);
  store(scales, best.scale);
  store(numbers, best.number);
  for (int lane = 0; lane < n_lanes; ++lane) {
    const int at = first + lane;
    SplitGroup<kN> group{};
    for (int& packed : group.packed) packed = 0x5555;  // a lost group: the entry of zeros
    if (peaks[lane] >= tiny) {
      group = unpack_split<kN>(scales[lane], static_cast<int>(numbers[lane]), sorted.place.values + lane, kLanes);
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
