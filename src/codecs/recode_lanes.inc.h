// The text of RecodeWindow (recoder.h). Include it as lanes.inc.h. A row is a lane, sixteen of them in every
// build, so the bits are the same in all.
//
// First a greedy pass: column after column (or run after run), each taking on what those before it lost. Then coordinate
// descent: single codes, integer scales and minima, and the block's d and dmin move to where the loss is least with all
// others fixed, as long as that lowers it.

typedef float Rows16 __attribute__((vector_size(64)));
typedef int32_t RowsMask __attribute__((vector_size(64)));

AUREA_LANES Rows16 load_rows(const float* p) {
  Rows16 v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
AUREA_LANES void store_rows(float* p, Rows16 v) { __builtin_memcpy(p, &v, sizeof v); }
AUREA_LANES Rows16 splat_rows(float v) { return v - Rows16{}; }
AUREA_LANES Rows16 select_rows(RowsMask mask, Rows16 yes, Rows16 no) { return mask ? yes : no; }
AUREA_LANES Rows16 magnitude_rows(Rows16 v) { return (Rows16)((RowsMask)v & 0x7FFFFFFF); }
AUREA_LANES Rows16 round_rows(Rows16 v) { return (v + kRounder) - kRounder; }
AUREA_LANES Rows16 clamp_rows(Rows16 v, float lowest, float highest) {  // a NaN becomes `lowest`
  v = select_rows(v > lowest, v, splat_rows(lowest));
  return select_rows(v < highest, v, splat_rows(highest));
}
/// a / b, 0 where b is 0.
AUREA_LANES Rows16 divide_rows(Rows16 a, Rows16 b) { return select_rows(b != 0.0f, a / b, Rows16{}); }

/// Lane by lane to binary16 and back.
inline Rows16 to_half(Rows16 v) {
  for (int lane = 0; lane < 16; ++lane) v[lane] = f16_to_f32(f32_to_f16(v[lane]));
  return v;
}

/// What a window's search knows at any moment.
struct RecodeState {
  const RecodeWindow& window;
  const Recoder& type;
  int n;
  float step[kRecodeColumns / 16 * 16], offset[kRecodeColumns / 16 * 16];  // [n / group, 16]
  float level[kRecodeColumns * 16];                                        // [n, 16]
  float error[kRecodeColumns * 16];  // [n, 16] the loss is the sum of the squares
};

inline void compute_steps(RecodeState& state) {
  const Recoder& type = state.type;
  for (int g = 0; g < state.n / type.group; ++g) {
    const int block = g * type.group / type.block;
    const Rows16 d = load_rows(state.window.d + 16 * block), dmin = load_rows(state.window.dmin + 16 * block);
    store_rows(state.step + 16 * g, d * (type.base + type.slope * load_rows(state.window.scale + 16 * g)));
    store_rows(state.offset + 16 * g, dmin * load_rows(state.window.min + 16 * g));
  }
}

/// base + sum over k < n of coefficients[k] * deviation[k], in four chains.
AUREA_LANES Rows16 with_feedback(const RecodeWindow& window, int j, int n) {
  const float* coefficients = window.coefficients + j * window.n;
  Rows16 sum[4] = {};
  int k = 0;
  for (; k + 4 <= n; k += 4) {
    for (int i = 0; i < 4; ++i) sum[i] += coefficients[k + i] * load_rows(window.deviation + 16 * (k + i));
  }
  for (; k < n; ++k) sum[0] += coefficients[k] * load_rows(window.deviation + 16 * k);
  return load_rows(window.base + 16 * j) + ((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

AUREA_LANES void store_codes(Rows16 code, uint16_t* dst) {
  for (int lane = 0; lane < 16; ++lane) dst[lane] = static_cast<uint16_t>(code[lane]);
}

/// The code of column j whose value is nearest to t, and its level.
AUREA_LANES Rows16 nearest_code(const RecodeState& state, int j, Rows16 t, Rows16* level) {
  const Recoder& type = state.type;
  const int g = j / type.group;
  const Rows16 wanted = divide_rows(t + load_rows(state.offset + 16 * g), load_rows(state.step + 16 * g));
  if (type.levels == nullptr) {
    const Rows16 code = clamp_rows(round_rows(clamp_rows(wanted + static_cast<float>(type.zero), -1, static_cast<float>(type.n_codes))), 0, static_cast<float>(type.n_codes - 1));
    *level = code - static_cast<float>(type.zero);
    return code;
  }
  Rows16 code = {};
  *level = splat_rows(static_cast<float>(type.levels[0]));
  for (int i = 1; i < type.n_codes; ++i) {
    const RowsMask above = wanted > 0.5f * static_cast<float>(type.levels[i - 1] + type.levels[i]);
    code = select_rows(above, splat_rows(static_cast<float>(i)), code);
    *level = select_rows(above, splat_rows(static_cast<float>(type.levels[i])), *level);
  }
  return code;
}

AUREA_LANES Rows16 value_of(const RecodeState& state, int j, Rows16 level) {
  const int g = j / state.type.group;
  return load_rows(state.step + 16 * g) * level - load_rows(state.offset + 16 * g);
}

/// Eight columns of a type with a grid: what they want to be, and what they become.
struct Eight {
  Rows16 level[8], negative[8], entry[2];
};

/// Costs of all levels of each of `n` columns, summed over the columns: table[c], c = sum of level_j * n_levels^j.
AUREA_LANES void tabulate(const Rows16 (*costs)[8], int n, int n_levels, Rows16* table) {
  int count = 1;
  table[0] = Rows16{};
  for (int j = 0; j < n; ++j) {
    for (int level = n_levels - 1; level >= 0; --level) {
      for (int c = 0; c < count; ++c) table[level * count + c] = table[c] + costs[j][level];
    }
    count *= n_levels;
  }
}

/// The entry of a run with the least cost. magnitudes may be negative where a sign was turned.
inline Rows16 choose_entry(const Grid& grid, const float* level_values, const Rows16* magnitudes, const float* weight, Rows16 step) {
  Rows16 costs[8][8], low[81], high[81];
  for (int j = 0; j < grid.length; ++j) {
    for (int level = 0; level < grid.n_levels; ++level) {
      const Rows16 error = magnitudes[j] - step * level_values[level];
      costs[j][level] = weight[j] * error * error;
    }
  }
  const int half = grid.length / 2;
  tabulate(costs, half, grid.n_levels, low);
  tabulate(costs + half, half, grid.n_levels, high);
  Rows16 best = splat_rows(__builtin_inff()), index = {};
  for (int e = 0; e < grid.count; ++e) {
    int a = 0, b = 0;
    for (int j = half - 1; j >= 0; --j) {
      a = a * grid.n_levels + grid.levels[e * grid.length + j];
      b = b * grid.n_levels + grid.levels[e * grid.length + half + j];
    }
    const Rows16 cost = low[a] + high[b];
    const RowsMask better = cost < best;
    best = select_rows(better, cost, best);
    index = select_rows(better, splat_rows(static_cast<float>(e)), index);
  }
  return index;
}

/// The signs and entries of columns j .. j + 7 for the wanted values t; weight: of each column's squared error.
inline Eight choose_eight(const RecodeState& state, int j, const Rows16* t, const float* weight) {
  const Recoder& type = state.type;
  const Grid& grid = *type.grid;
  const Rows16 step = load_rows(state.step + 16 * (j / type.group));
  Eight eight;
  Rows16 m[8], flips = {}, least = splat_rows(__builtin_inff()), which = {};
  for (int i = 0; i < 8; ++i) {
    m[i] = magnitude_rows(t[i]);
    eight.negative[i] = select_rows(t[i] * step < 0.0f, splat_rows(1), Rows16{});
    flips += eight.negative[i];
    const Rows16 price = weight[i] * m[i] * m[i];
    which = select_rows(price < least, splat_rows(static_cast<float>(i)), which);
    least = select_rows(price < least, price, least);
  }
  const RowsMask odd = flips - 2.0f * round_rows(flips * 0.5f) != 0.0f;
  for (int i = 0; type.even_signs && i < 8; ++i) {
    const RowsMask turned = odd & (which == static_cast<float>(i));
    m[i] = select_rows(turned, -m[i], m[i]);
    eight.negative[i] = select_rows(turned, 1.0f - eight.negative[i], eight.negative[i]);
  }
  float level_values[8] = {};
  for (int e = 0; e < grid.count; ++e) {
    for (int i = 0; i < grid.length; ++i) level_values[grid.levels[e * grid.length + i]] = static_cast<float>(grid.values[e * grid.length + i]);
  }
  for (int run = 0; run < 8 / grid.length; ++run) {
    const int first = run * grid.length;
    eight.entry[run] = choose_entry(grid, level_values, m + first, weight + first, magnitude_rows(step));
    for (int i = 0; i < grid.length; ++i) {
      Rows16 level;
      for (int lane = 0; lane < 16; ++lane) {
        level[lane] = static_cast<float>(grid.values[static_cast<int>(eight.entry[run][lane]) * grid.length + i]);
      }
      eight.level[first + i] = select_rows(eight.negative[first + i] != 0.0f, -level, level);
    }
  }
  return eight;
}

/// Stores the choice in the lanes of `taken`.
inline void store_eight(RecodeState& state, int j, const Eight& eight, RowsMask taken) {
  const RecodeWindow& window = state.window;
  const int length = state.type.grid->length;
  for (int i = 0; i < 8; ++i) {
    store_rows(state.level + 16 * (j + i), select_rows(taken, eight.level[i], load_rows(state.level + 16 * (j + i))));
  }
  for (int lane = 0; lane < 16; ++lane) {
    if (taken[lane] == 0) continue;
    int bits = 0;
    for (int i = 0; i < 8; ++i) bits |= (eight.negative[i][lane] != 0 ? 1 : 0) << i;
    window.signs[j / 8 * 16 + lane] = static_cast<uint8_t>(bits);
    for (int run = 0; run < 8 / length; ++run) window.codes[(j / length + run) * 16 + lane] = static_cast<uint16_t>(eight.entry[run][lane]);
  }
}

inline void greedy_columns(RecodeState& state) {
  const RecodeWindow& window = state.window;
  for (int j = 0; j < state.n; ++j) {
    const Rows16 t = with_feedback(window, j, j);
    Rows16 level;
    store_codes(nearest_code(state, j, t, &level), window.codes + 16 * j);
    const Rows16 value = value_of(state, j, level);
    store_rows(state.level + 16 * j, level);
    store_rows(window.deviation + 16 * j, load_rows(window.target + 16 * j) - value);
    store_rows(state.error + 16 * j, window.root[j] * (t - value));
  }
}

inline void greedy_runs(RecodeState& state) {
  const RecodeWindow& window = state.window;
  for (int j = 0; j < state.n; j += 8) {
    Rows16 t[8];
    float weight[8];
    for (int i = 0; i < 8; ++i) {
      t[i] = with_feedback(window, j + i, j);
      weight[i] = window.root[j + i] * window.root[j + i];
    }
    store_eight(state, j, choose_eight(state, j, t, weight), t[0] == t[0] || t[0] != t[0]);
    for (int i = 0; i < 8; ++i) {
      const Rows16 value = value_of(state, j + i, load_rows(state.level + 16 * (j + i)));
      store_rows(window.deviation + 16 * (j + i), load_rows(window.target + 16 * (j + i)) - value);
    }
    for (int i = 0; i < 8; ++i) {  // the errors know the feedback inside the eight
      const Rows16 value = value_of(state, j + i, load_rows(state.level + 16 * (j + i)));
      store_rows(state.error + 16 * (j + i), window.root[j + i] * (with_feedback(window, j + i, j + i) - value));
    }
  }
}

/// Half the slope of the loss in column k: sum over j >= k of R_kj error_j.
AUREA_LANES Rows16 slope_of(const RecodeState& state, int k) {
  const float* row = state.window.factor + k * state.n;
  Rows16 sum[4] = {};
  int j = k;
  for (; j + 4 <= state.n; j += 4) {
    for (int i = 0; i < 4; ++i) sum[i] += row[j + i] * load_rows(state.error + 16 * (j + i));
  }
  for (; j < state.n; ++j) sum[0] += row[j] * load_rows(state.error + 16 * j);
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/// Adds `change` to column k's deviation.
AUREA_LANES void change_column(RecodeState& state, int k, Rows16 change) {
  const float* row = state.window.factor + k * state.n;
  float* deviation = state.window.deviation + 16 * k;
  store_rows(deviation, load_rows(deviation) + change);
  for (int j = k; j < state.n; ++j) store_rows(state.error + 16 * j, load_rows(state.error + 16 * j) + row[j] * change);
}

inline void descend_columns(RecodeState& state) {
  const RecodeWindow& window = state.window;
  for (int k = 0; k < state.n; ++k) {
    const Rows16 deviation = load_rows(window.deviation + 16 * k), target = load_rows(window.target + 16 * k);
    Rows16 level;
    const Rows16 code = nearest_code(state, k, target - deviation + slope_of(state, k) * (1.0f / window.curvature[k]), &level);
    store_codes(code, window.codes + 16 * k);
    store_rows(state.level + 16 * k, level);
    change_column(state, k, target - value_of(state, k, level) - deviation);
  }
}

/// product[j] = sum over the columns k of [begin, end) of weight_k R_kj; returns the first j that is not 0 (begin).
template <class Weight>
AUREA_LANES void combine(const RecodeState& state, int begin, int end, float* product, Weight weight) {
  for (int j = begin; j < state.n; ++j) store_rows(product + 16 * j, Rows16{});
  for (int k = begin; k < end; ++k) {
    const float* row = state.window.factor + k * state.n;
    const Rows16 w = weight(k);
    for (int j = k; j < state.n; ++j) store_rows(product + 16 * j, load_rows(product + 16 * j) + row[j] * w);
  }
}

AUREA_LANES Rows16 dot_from(const RecodeState& state, int begin, const float* a, const float* b) {
  Rows16 sum[2] = {};
  for (int j = begin; j < state.n; ++j) sum[j & 1] += load_rows(a + 16 * j) * load_rows(b + 16 * j);
  return sum[0] + sum[1];
}

inline void descend_runs(RecodeState& state) {
  const RecodeWindow& window = state.window;
  float product[kRecodeColumns * 16];
  for (int j = 0; j < state.n; j += 8) {
    Rows16 t[8], change[8];
    for (int i = 0; i < 8; ++i) {
      const float* place = window.deviation + 16 * (j + i);
      t[i] = load_rows(window.target + 16 * (j + i)) - load_rows(place) + slope_of(state, j + i) * (1.0f / window.curvature[j + i]);
    }
    const Eight eight = choose_eight(state, j, t, window.curvature + j);
    for (int i = 0; i < 8; ++i) {
      change[i] = load_rows(window.target + 16 * (j + i)) - value_of(state, j + i, eight.level[i]) - load_rows(window.deviation + 16 * (j + i));
    }
    combine(state, j, j + 8, product, [&](int k) { return change[k - j]; });
    const Rows16 gain = -2.0f * dot_from(state, j, product, state.error) - dot_from(state, j, product, product);
    const RowsMask taken = gain > 0.0f;
    store_eight(state, j, eight, taken);
    for (int i = 0; i < 8; ++i) {
      float* place = window.deviation + 16 * (j + i);
      store_rows(place, load_rows(place) + select_rows(taken, change[i], Rows16{}));
    }
    for (int c = j; c < state.n; ++c) {
      store_rows(state.error + 16 * c, load_rows(state.error + 16 * c) + select_rows(taken, load_rows(product + 16 * c), Rows16{}));
    }
  }
}

/// Moves the error and the deviations of columns [begin, end) by -amount times `product` and `unit` in the lanes where the
/// loss falls. Returns those lanes.
template <class Unit>
AUREA_LANES RowsMask try_amount(RecodeState& state, int begin, int end, const float* product, Rows16 amount, Unit unit) {
  const Rows16 gain = amount * (2.0f * dot_from(state, begin, product, state.error) - amount * dot_from(state, begin, product, product));
  const RowsMask taken = gain > 0.0f;
  const Rows16 moved = select_rows(taken, amount, Rows16{});
  for (int j = begin; j < state.n; ++j) {
    store_rows(state.error + 16 * j, load_rows(state.error + 16 * j) - moved * load_rows(product + 16 * j));
  }
  for (int k = begin; k < end; ++k) {
    float* place = state.window.deviation + 16 * k;
    store_rows(place, load_rows(place) - moved * unit(k));
  }
  return taken;
}

/// The integer scale and minimum of every group to the nearest integer of their best value.
inline void descend_group_scales(RecodeState& state) {
  const RecodeWindow& window = state.window;
  const Recoder& type = state.type;
  float product[kRecodeColumns * 16];
  for (int g = 0; g < state.n / type.group; ++g) {
    const int begin = g * type.group, end = begin + type.group, block = begin / type.block;
    const Rows16 d = load_rows(window.d + 16 * block), dmin = load_rows(window.dmin + 16 * block);
    const auto level = [&](int k) { return load_rows(state.level + 16 * k); };
    if (type.lowest_scale < type.highest_scale) {
      combine(state, begin, end, product, level);
      const Rows16 best = divide_rows(dot_from(state, begin, product, state.error), dot_from(state, begin, product, product));
      const Rows16 scale = load_rows(window.scale + 16 * g), unit = d * type.slope;
      const Rows16 wanted = clamp_rows(scale + divide_rows(best, unit), static_cast<float>(type.lowest_scale) - 1, static_cast<float>(type.highest_scale) + 1);
      const Rows16 moved = clamp_rows(round_rows(wanted), static_cast<float>(type.lowest_scale), static_cast<float>(type.highest_scale));
      const RowsMask taken = try_amount(state, begin, end, product, (moved - scale) * unit, level);
      store_rows(window.scale + 16 * g, select_rows(taken, moved, scale));
    }
    if (type.lowest_min < type.highest_min) {  // a larger minimum lowers the values: the sign is the other one
      const auto one = [](int) { return splat_rows(-1); };
      combine(state, begin, end, product, one);
      const Rows16 best = divide_rows(dot_from(state, begin, product, state.error), dot_from(state, begin, product, product));
      const Rows16 min = load_rows(window.min + 16 * g);
      const Rows16 wanted = clamp_rows(min + divide_rows(best, dmin), static_cast<float>(type.lowest_min) - 1, static_cast<float>(type.highest_min) + 1);
      const Rows16 moved = clamp_rows(round_rows(wanted), static_cast<float>(type.lowest_min), static_cast<float>(type.highest_min));
      const RowsMask taken = try_amount(state, begin, end, product, (moved - min) * dmin, one);
      store_rows(window.min + 16 * g, select_rows(taken, moved, min));
    }
  }
}

/// d and dmin of every block.
inline void descend_block_scales(RecodeState& state) {
  const RecodeWindow& window = state.window;
  const Recoder& type = state.type;
  float product[kRecodeColumns * 16];
  const auto move = [&](int block, float* place, auto unit) {
    const int begin = block * type.block, end = begin + type.block;
    combine(state, begin, end, product, unit);
    const Rows16 old = load_rows(place + 16 * block);
    const Rows16 best = divide_rows(dot_from(state, begin, product, state.error), dot_from(state, begin, product, product));
    const Rows16 moved = to_half(clamp_rows(old + best, -65504.0f, 65504.0f));
    const RowsMask taken = try_amount(state, begin, end, product, moved - old, unit);
    store_rows(place + 16 * block, select_rows(taken, moved, old));
  };
  for (int block = 0; block < state.n / type.block; ++block) {
    move(block, window.d, [&](int k) {
      return (type.base + type.slope * load_rows(window.scale + 16 * (k / type.group))) * load_rows(state.level + 16 * k);
    });
    if (type.highest_min > 0) move(block, window.dmin, [&](int k) { return -load_rows(window.min + 16 * (k / type.group)); });
  }
}

inline void recode(const RecodeWindow& window) {
  RecodeState state{window, *window.recoder, window.n, {}, {}, {}, {}};
  const bool runs = state.type.grid != nullptr;
  compute_steps(state);
  if (runs) {
    greedy_runs(state);
  } else {
    greedy_columns(state);
  }
  for (int sweep = 0; sweep < window.sweeps; ++sweep) {
    if (runs) {
      descend_runs(state);
    } else {
      descend_columns(state);
    }
    if (sweep + 1 == window.sweeps) break;  // codes last: they know the scales
    descend_group_scales(state);
    descend_block_scales(state);
    compute_steps(state);
  }
  Rows16 cost = {};
  for (int j = 0; j < state.n; ++j) cost += load_rows(state.error + 16 * j) * load_rows(state.error + 16 * j);
  store_rows(window.cost, cost);
}
