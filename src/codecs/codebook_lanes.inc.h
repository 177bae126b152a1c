// The codebook search of search.h. Include it after search_lanes.inc.h; the vectors and rules of lanes.inc.h hold here too.
//
// The lanes are first the candidate scales of a group: neighbouring candidates mostly give a run of elements the same
// levels. Where these levels are no grid entry, the error of an entry near them at scale s is
//   sum w (x - s q)^2 = s (s A - B) + sum w x^2,   A = sum w q^2,  B = sum 2 w q x,
// so A and B are computed once per list (lanes are entries) and s A - B is compared for all candidates at once. That is
// another order of rounding than the reference's: where the two best entries are closer than rounding can explain,
// the sum is computed again as the reference does it.

constexpr int kMostCandidates = 32;
constexpr int kMostRuns = 8;
constexpr int kTable = 32;  // values of a run by element and level: 8 x 4 or 4 x 8

typedef uint16_t NativeCodes __attribute__((vector_size(kNative * sizeof(uint16_t))));
typedef uint32_t NativeBits __attribute__((vector_size(kNative * sizeof(uint32_t))));

AUREA_LANES NativeMask load_packed(const uint16_t* p) {
  NativeCodes codes;
  __builtin_memcpy(&codes, p, sizeof codes);
  return __builtin_convertvector(codes, NativeMask);
}
AUREA_LANES NativeMask load_integers(const int32_t* p) {
  NativeMask v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
/// The lanes of `v` one further up; the first is the last one of `before`.
AUREA_LANES NativeMask shifted_lanes(NativeMask before, NativeMask v) {
#if defined(__AVX512F__)
  return __builtin_shufflevector(before, v, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
#elif defined(__AVX2__)
  return __builtin_shufflevector(before, v, 7, 8, 9, 10, 11, 12, 13, 14);
#else
  return __builtin_shufflevector(before, v, 3, 4, 5, 6);
#endif
}
AUREA_LANES void store_integers(int32_t* p, NativeMask v) { __builtin_memcpy(p, &v, sizeof v); }
AUREA_LANES void store_native(float* p, Native v) { __builtin_memcpy(p, &v, sizeof v); }

#if defined(__AVX512F__)

AUREA_LANES float least(Native v) { return _mm512_reduce_min_ps((__m512)v); }
AUREA_LANES unsigned bits_of(NativeMask mask) { return _mm512_movepi32_mask((__m512i)mask); }

template <int kWidth>
AUREA_LANES Native look_up(const float* table, NativeMask index) {
  if constexpr (kWidth == 4) {
    return (Native)_mm512_permutevar_ps(_mm512_broadcast_f32x4(_mm_load_ps(table)), (__m512i)index);
  } else {  // the table twice: bit 3 of the index does not matter
    return (Native)_mm512_permutexvar_ps((__m512i)index, _mm512_broadcast_f32x8(_mm256_load_ps(table)));
  }
}

template <int kRun>
AUREA_LANES Native pick(const float* elements, NativeMask index) {
  const __m512 all =
      kRun == 8 ? _mm512_castps256_ps512(_mm256_loadu_ps(elements)) : _mm512_castps128_ps512(_mm_loadu_ps(elements));
  return (Native)_mm512_permutexvar_ps((__m512i)index, all);
}

#elif defined(__AVX2__)

AUREA_LANES float least(Native v) {
  const __m256 whole = (__m256)v;
  __m128 half = _mm_min_ps(_mm256_castps256_ps128(whole), _mm256_extractf128_ps(whole, 1));
  half = _mm_min_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_min_ss(half, _mm_movehdup_ps(half)));
}
AUREA_LANES unsigned bits_of(NativeMask mask) { return static_cast<unsigned>(_mm256_movemask_ps((__m256)mask)); }

template <int kWidth>
AUREA_LANES Native look_up(const float* table, NativeMask index) {
  if constexpr (kWidth == 4) {
    return (Native)_mm256_permutevar_ps(_mm256_broadcast_ps((const __m128*)table), (__m256i)index);
  } else {
    return (Native)_mm256_permutevar8x32_ps(_mm256_load_ps(table), (__m256i)index);
  }
}

template <int kRun>
AUREA_LANES Native pick(const float* elements, NativeMask index) {
  const __m256 all = kRun == 8 ? _mm256_loadu_ps(elements) : _mm256_castps128_ps256(_mm_loadu_ps(elements));
  return (Native)_mm256_permutevar8x32_ps(all, (__m256i)index);
}

#else

/// The second one if either is NaN, as in the instructions above.
AUREA_LANES float least(Native v) {
  float lowest = v[0];
  for (int lane = 1; lane < kNative; ++lane) lowest = v[lane] < lowest ? v[lane] : lowest;
  return lowest;
}
/// A bit per lane that is set in the mask.
AUREA_LANES unsigned bits_of(NativeMask mask) {
  unsigned bits = 0;
  for (int lane = 0; lane < kNative; ++lane) bits |= static_cast<unsigned>(mask[lane] & 1) << lane;
  return bits;
}

/// table[index mod kWidth] per lane, kWidth 4 or 8. The table is aligned to its size.
template <int kWidth>
AUREA_LANES Native look_up(const float* table, NativeMask index) {
  Native values;
  for (int lane = 0; lane < kNative; ++lane) values[lane] = table[index[lane] & (kWidth - 1)];
  return values;
}

/// elements[index] per lane, index < kRun.
template <int kRun>
AUREA_LANES Native pick(const float* elements, NativeMask index) {
  Native values;
  for (int lane = 0; lane < kNative; ++lane) values[lane] = elements[index[lane]];
  return values;
}

#endif

/// How runs of kRun elements are packed (codecs/grids.h).
template <int kRun>
struct Runs {
  static constexpr int kBits = kRun == 8 ? 2 : 3;
  static constexpr int kWidth = 1 << kBits;
  static constexpr int kTop = kRun == 8 ? 2 : 7;  // highest level; level l stands for the odd integer q = 2 l + 1

  AUREA_LANES static int level(int packed, int i) { return packed >> kBits * i & (kWidth - 1); }
};

/// What a run contributes to the sums, by element and level: [kRun, kWidth].
struct alignas(64) RunTable {
  float x[kTable], root_w[kTable];  // repeated for each level
  float a[kTable], b[kTable];       // root_w q^2, 2 root_w q x
  float s1[kTable], s2[kTable];     // w x q, w q^2
  float signal, highest_a;          // sum root_w x^2, the most that A can be
};

alignas(64) constexpr float kOddBy4[kTable] = {1, 3, 5, 7, 1, 3, 5, 7, 1, 3, 5, 7, 1, 3, 5, 7,
                                               1, 3, 5, 7, 1, 3, 5, 7, 1, 3, 5, 7, 1, 3, 5, 7};
alignas(64) constexpr float kOddBy8[kTable] = {1, 3, 5, 7, 9, 11, 13, 15, 1, 3, 5, 7, 9, 11, 13, 15,
                                               1, 3, 5, 7, 9, 11, 13, 15, 1, 3, 5, 7, 9, 11, 13, 15};
template <int kRun>
AUREA_LANES Native odd_integers(int at) {
  return load_native((kRun == 8 ? kOddBy4 : kOddBy8) + at);
}

alignas(64) constexpr int32_t kElementBy4[kTable] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3,
                                                     4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7};
alignas(64) constexpr int32_t kElementBy8[kTable] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1,
                                                     2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3};

/// The elements of a run, each repeated for all levels, from place `at` of a table on.
template <int kRun>
AUREA_LANES Native spread(const float* elements, int at) {
  return pick<kRun>(elements, load_integers((kRun == 8 ? kElementBy4 : kElementBy8) + at));
}

template <int kRun>
AUREA_LANES void fill_table(const float* x, const float* w, const float* root_w, RunTable& table) {
  for (int at = 0; at < kTable; at += kNative) {
    const Native q = odd_integers<kRun>(at);
    const Native xs = spread<kRun>(x, at), ws = spread<kRun>(w, at), roots = spread<kRun>(root_w, at);
    const Native a = roots * q * q, weighted = ws * q;
    store_native(table.x + at, xs);
    store_native(table.root_w + at, roots);
    store_native(table.a + at, a);
    store_native(table.b + at, 2.0f * roots * q * xs);
    store_native(table.s1 + at, ws * xs * q);
    store_native(table.s2 + at, weighted * q);
  }
  float signal = 0, sum_w = 0;
  for (int i = 0; i < kRun; ++i) {
    signal += root_w[i] * x[i] * x[i];
    sum_w += root_w[i];
  }
  constexpr float kTopOdd = 2 * Runs<kRun>::kTop + 1;
  table.signal = signal;
  table.highest_a = sum_w * (kTopOdd * kTopOdd);
}

// ---- one run: the entry for given levels ----

/// The first of the n packed entries at `list` with the least sum of costs; cost: [kRun, kWidth].
template <int kRun>
AUREA_LANES int cheapest_entry(const uint16_t* list, int n, const float* cost) {
  using R = Runs<kRun>;
  Native best = splat_native(__FLT_MAX__);
  NativeMask best_at{};
  for (int at = 0; at < n; at += kNative) {
    const NativeMask packed = load_packed(list + at);
    Native error = look_up<R::kWidth>(cost, packed);
    for (int i = 1; i < kRun; ++i) error = error + look_up<R::kWidth>(cost + i * R::kWidth, packed >> R::kBits * i);
    best_at = error < best ? at - NativeMask{} : best_at;
    best = lower(error, best);
  }
  // Lanes hold their own first best; of equally good lanes the one with the lowest place counts.
  unsigned lanes = bits_of(best == least(best));
  if (n <= kNative) return list[__builtin_ctz(lanes)];
  int32_t places[kNative];
  store_integers(places, best_at);
  int first = n;
  for (; lanes != 0; lanes &= lanes - 1) {
    const int lane = __builtin_ctz(lanes), place = places[lane] + lane;
    first = place < first ? place : first;
  }
  return list[first];
}

/// The first of the n packed entries at `list` with the least sum w (x - scale q)^2, in the reference's order.
template <int kRun>
AUREA_LANES int nearest_entry(const uint16_t* list, int n, const RunTable& table, float scale) {
  alignas(64) float cost[kTable];
  for (int at = 0; at < kTable; at += kNative) {
    const Native difference = scale * odd_integers<kRun>(at) - load_native(table.x + at);
    store_native(cost + at, load_native(table.root_w + at) * difference * difference);
  }
  return cheapest_entry<kRun>(list, n, cost);
}

/// A and B of each entry of a list.
struct alignas(64) ListSums {
  float a[kLongestList], b[kLongestList];  // behind the last one kNative that are worse than any
  int32_t packed[kLongestList];
};

template <int kRun>
AUREA_LANES void sum_list(const uint16_t* list, int n, const RunTable& table, ListSums& sums) {
  using R = Runs<kRun>;
  for (int at = 0; at < n; at += kNative) {
    const NativeMask packed = load_packed(list + at);
    Native a = look_up<R::kWidth>(table.a, packed), b = look_up<R::kWidth>(table.b, packed);
    for (int i = 1; i < kRun; ++i) {
      const NativeMask level = packed >> R::kBits * i;
      a = a + look_up<R::kWidth>(table.a + i * R::kWidth, level);
      b = b + look_up<R::kWidth>(table.b + i * R::kWidth, level);
    }
    store_native(sums.a + at, a);
    store_native(sums.b + at, b);
    store_integers(sums.packed + at, packed);
  }
  store_native(sums.a + n, Native{});
  store_native(sums.b + n, splat_native(-0x1p120f));
}

/// For each candidate scale the entry of a list with the least s A - B, and whether rounding cannot have decided.
struct Choice {
  NativeMask packed, sure;
};

constexpr int kStride = 4;  // entries are looked at in fours: fewer lengths, fewer mispredicted ends of loops

/// slack: by how much s A - B of two entries must differ.
AUREA_LANES Choice choose(const ListSums& sums, int n, Native scale, Native slack) {
  Native best = splat_native(__FLT_MAX__), second = best;
  NativeMask packed{};
  for (int begin = 0; begin < n; begin += kStride) {
    for (int e = begin; e < begin + kStride; ++e) {
      const Native value = scale * sums.a[e] - sums.b[e];
      packed = value < best ? sums.packed[e] - NativeMask{} : packed;
      second = lower(higher(value, best), second);
      best = lower(value, best);
    }
  }
  return {packed, second - best > slack};
}

// ---- one group ----

/// Candidates begin .. end - 1, which give a run the same levels, no grid entry.
struct Segment {
  int run, begin, end, pattern;
  PatternEntry entry;
};

/// The candidate scales of a group and what they lead to.
struct alignas(64) Candidates {
  int n, padded;  // padded to whole vectors with copies of the last one
  float inverse[kMostCandidates], scale[kMostCandidates];
  int32_t levels[kMostRuns][kMostCandidates];  // packed levels per run
  int32_t packed[kMostRuns][kMostCandidates];  // the chosen entry per run
  uint32_t starts[kMostRuns];   // bit per candidate: it has other levels than the one before, or is the first
  uint32_t on_grid[kMostRuns];  // bit per candidate: the levels were an entry at once
  Segment segments[kMostRuns * kMostCandidates];
  float s1[kMostCandidates], s2[kMostCandidates];
};

AUREA_LANES void list_candidates(const CodebookSearch& search, float top, float peak, Candidates& c) {
  c.n = 2 * search.steps + 1;
  c.padded = (c.n + kNative - 1) / kNative * kNative;
  for (int i = 0; i < c.padded; ++i) {
    const int k = i < c.n ? i - search.steps : search.steps;
    c.inverse[i] = (top + static_cast<float>(k) * search.step) / peak;
    c.scale[i] = 1.0f / c.inverse[i];
  }
}

/// Level l of x is the one with 2 l + 1 nearest to x * inverse. Above kTwoRounder a float's last bit is worth 2, so
/// 2 nearest((v - 1) / 2) is left there in the low bits, and shifted copies add up to the packed levels and a constant.
template <int kRun>
struct LevelRounder {
  static constexpr float kTwoRounder = 2 * kRounder;
  static constexpr uint32_t kBase = __builtin_bit_cast(uint32_t, kTwoRounder);

  AUREA_LANES static NativeBits bits(Native x, Native inverse) {
    const Native rounded = (inverse * x - 1.0f) + kTwoRounder;
    return (NativeBits)lower(higher(rounded, splat_native(kTwoRounder)),
                             splat_native(kTwoRounder + 2.0f * Runs<kRun>::kTop));
  }
  static constexpr uint32_t constant() {
    uint32_t sum = 0;
    for (int i = 0; i < kRun; ++i) sum += kBase << Runs<kRun>::kBits * i;
    return 0u - sum;
  }
};

template <int kRun, int kRuns>
AUREA_LANES void level_runs(const float* x, Candidates& c) {
  using R = Runs<kRun>;
  for (int run = 0; run < kRuns; ++run) {
    uint64_t starts = 0;
    NativeMask before{};
    for (int at = 0; at < c.padded; at += kNative) {
      const Native inverse = load_native(c.inverse + at);
      NativeBits sum = LevelRounder<kRun>::constant() - NativeBits{};
      for (int i = 0; i < kRun; ++i) {
        sum += LevelRounder<kRun>::bits(splat_native(x[run * kRun + i]), inverse) << R::kBits * i;
      }
      const auto packed = (NativeMask)sum;
      store_integers(c.levels[run] + at, packed);
      store_integers(c.packed[run] + at, packed);
      starts |= uint64_t{bits_of(packed != shifted_lanes(before, packed))} << at;
      before = packed;
    }
    c.starts[run] = static_cast<uint32_t>(starts & ((uint64_t{1} << c.n) - 1)) | 1u;
  }
}

/// The packed levels of each run for one inverse scale.
template <int kRun, int kRuns>
AUREA_LANES void level_runs_once(const float* x, float inverse, int* packed) {
  using R = Runs<kRun>;
  int32_t bits[kRun * kRuns];
  for (int at = 0; at < kRun * kRuns; at += kNative) {
    const NativeBits level = LevelRounder<kRun>::bits(load_native(x + at), splat_native(inverse));
    store_integers(bits + at, (NativeMask)(level - LevelRounder<kRun>::kBase));
  }
  for (int run = 0; run < kRuns; ++run) {
    packed[run] = 0;
    for (int i = 0; i < kRun; ++i) packed[run] |= bits[run * kRun + i] << R::kBits * i;
  }
}

/// Lists the segments off the grid. Their number and order are random, so there is no branch on being off the grid, and
/// the candidates of two runs go through one loop, as the halves of one number.
template <int kRuns>
AUREA_LANES int list_segments(const Codebook& book, Candidates& c) {
  static_assert(kMostCandidates == 32 && kRuns % 2 == 0);
  int n = 0;
  for (int pair = 0; pair < kRuns; pair += 2) {
    uint64_t starts = c.starts[pair] | uint64_t{c.starts[pair + 1]} << kMostCandidates;
    uint64_t on_grid = 0;
    while (starts != 0) {
      const int first = __builtin_ctzll(starts), begin = first % kMostCandidates;
      const int run = pair + first / kMostCandidates;
      starts &= starts - 1;
      const int length = (starts != 0 ? __builtin_ctzll(starts) : 2 * kMostCandidates) - first;
      const int end = begin + length < c.n ? begin + length : c.n;
      const int pattern = c.levels[run][begin];
      const PatternEntry entry = book.patterns[pattern];
      c.segments[n] = {run, begin, end, pattern, entry};
      n += entry.n != 0 ? 1 : 0;
      on_grid |= entry.n != 0 ? 0 : ((uint64_t{1} << (end - begin)) - 1) << first;
    }
    c.on_grid[pair] = static_cast<uint32_t>(on_grid);
    c.on_grid[pair + 1] = static_cast<uint32_t>(on_grid >> kMostCandidates);
  }
  return n;
}

/// Entries in place of levels for one segment. The two ways of computing an entry's error differ by at most
/// 48 u (s^2 A + sum w x^2), u = 2^-24, as long as nothing underflows. Two entries whose errors differ by more than
/// four times that, and by more than underflow can explain, are in the same order both ways.
template <int kRun>
AUREA_LANES void move_to_entries(const Codebook& book, const RunTable& table, const Segment& segment, Candidates& c) {
  const uint16_t* list = book.lists + segment.entry.at * kListBlock;
  const int n = segment.entry.n, run = segment.run;
  ListSums sums;
  sum_list<kRun>(list, n, table, sums);
  for (int at = segment.begin / kNative * kNative; at < segment.end; at += kNative) {
    const Native scale = load_native(c.scale + at), inverse = load_native(c.inverse + at);
    const Native slack = 192 * 0x1p-24f * (scale * table.highest_a + inverse * table.signal) + inverse * 1e-30f;
    const Choice choice = choose(sums, n, scale, slack);
    const NativeMask alike = load_integers(c.levels[run] + at) == segment.pattern;
    store_integers(c.packed[run] + at, alike ? choice.packed : load_integers(c.packed[run] + at));
    for (unsigned unsure = bits_of(alike & ~choice.sure); unsure != 0; unsure &= unsure - 1) {
      const int i = at + __builtin_ctz(unsure);
      c.packed[run][i] = nearest_entry<kRun>(list, n, table, c.scale[i]);
    }
  }
}

template <int kRun, int kRuns>
AUREA_LANES void sum_candidates(const RunTable* tables, Candidates& c) {
  using R = Runs<kRun>;
  for (int at = 0; at < c.padded; at += kNative) {
    Native s1{}, s2{};
    for (int run = 0; run < kRuns; ++run) {
      const NativeMask packed = load_integers(c.packed[run] + at);
      for (int i = 0; i < kRun; ++i) {
        const NativeMask level = packed >> R::kBits * i;
        s1 = s1 + look_up<R::kWidth>(tables[run].s1 + i * R::kWidth, level);
        s2 = s2 + look_up<R::kWidth>(tables[run].s2 + i * R::kWidth, level);
      }
    }
    store_native(c.s1 + at, s1);
    store_native(c.s2 + at, s2);
  }
}

/// The least-squares scale of a choice of entries; `otherwise` if the sums vanish.
template <int kRun, int kRuns>
AUREA_LANES float fitted_scale(const RunTable* tables, const int* packed, float otherwise) {
  using R = Runs<kRun>;
  float s1 = 0, s2 = 0;
  for (int run = 0; run < kRuns; ++run) {
    for (int i = 0; i < kRun; ++i) {
      const int at = i * R::kWidth + R::level(packed[run], i);
      s1 += tables[run].s1[at];
      s2 += tables[run].s2[at];
    }
  }
  return s2 > 0 ? s1 / s2 : otherwise;
}

/// The best choice of a group so far.
template <int kRuns>
struct GroupFit {
  float scale;
  int packed[kRuns];
  bool on_grid[kRuns];
};

template <int kRun, int kRuns>
AUREA_LANES void take_best(const CodebookSearch& search, const Candidates& c, GroupFit<kRuns>& fit) {
  int winner = -1;
  float best = 0;
  for (int i = 0; i < c.n; ++i) {
    if (c.s2[i] > 0 && c.s1[i] * c.s1[i] > best * c.s2[i]) {
      fit.scale = c.s1[i] / c.s2[i];
      best = fit.scale * c.s1[i];
      winner = i;
    }
  }
  for (int run = 0; run < kRuns; ++run) {
    fit.packed[run] = winner < 0 ? 0 : c.packed[run][winner];
    fit.on_grid[run] = winner < 0 ? search.refit != Refit::kAllIfAnyOff : (c.on_grid[run] >> winner & 1) != 0;
  }
}

/// Looks runs up once more with the scale found, and fits the scale to the result.
template <int kRun, int kRuns>
AUREA_LANES void refit(const CodebookSearch& search, const float* x, const RunTable* tables, GroupFit<kRuns>& fit) {
  bool any_off = search.refit == Refit::kAll;
  for (const bool on_grid : fit.on_grid) any_off = any_off || !on_grid;
  if (!any_off || !(fit.scale > 0)) return;
  int levels[kRuns];
  level_runs_once<kRun, kRuns>(x, 1.0f / fit.scale, levels);
  for (int run = 0; run < kRuns; ++run) {
    if (fit.on_grid[run] && search.refit == Refit::kOffGrid) continue;
    const PatternEntry entry = search.book->patterns[levels[run]];
    const uint16_t* list = search.book->lists + entry.at * kListBlock;
    fit.packed[run] = entry.n == 0 ? levels[run] : nearest_entry<kRun>(list, entry.n, tables[run], fit.scale);
  }
  fit.scale = fitted_scale<kRun, kRuns>(tables, fit.packed, fit.scale);
}

template <int kRun, int kRuns>
void search_groups(const CodebookSearch& search, const CodebookGroups& groups, int n_groups, CodebookFits* fits) {
  RunTable tables[kRuns];
  Candidates candidates;
  for (int g = 0; g < n_groups; ++g) {
    GroupFit<kRuns> fit{};
    if (groups.peak[g] > 0) {
      const int at = g * kRun * kRuns;
      fit.scale = groups.scale[g];
      list_candidates(search, 2 * Runs<kRun>::kTop + 1, groups.peak[g], candidates);
      level_runs<kRun, kRuns>(groups.x + at, candidates);
      for (int run = 0; run < kRuns; ++run) {
        const int begin = at + run * kRun;
        fill_table<kRun>(groups.x + begin, groups.w + begin, groups.root_w + begin, tables[run]);
      }
      const int n_segments = list_segments<kRuns>(*search.book, candidates);
      for (int i = 0; i < n_segments; ++i) {
        const Segment& segment = candidates.segments[i];
        move_to_entries<kRun>(*search.book, tables[segment.run], segment, candidates);
      }
      sum_candidates<kRun, kRuns>(tables, candidates);
      take_best<kRun, kRuns>(search, candidates, fit);
      refit<kRun, kRuns>(search, groups.x + at, tables, fit);
    }
    fits->scale[g] = fit.scale;
    for (int run = 0; run < kRuns; ++run) {
      fits->indices[g * kRuns + run] = search.book->patterns[fit.packed[run]].at;
    }
  }
}

void codebook(const CodebookSearch& search, const CodebookGroups& groups, int n_groups, CodebookFits* fits) {
  if (search.book->grid->length == 4) {
    search_groups<4, 8>(search, groups, n_groups, fits);
  } else if (search.group == 16) {
    search_groups<8, 2>(search, groups, n_groups, fits);
  } else {
    search_groups<8, 4>(search, groups, n_groups, fits);
  }
}
