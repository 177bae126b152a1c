// Attention over the paged cache with a streaming softmax, for any vector width. Included after elements.inc.h and
// exp.inc.h.
//
// Keys come in blocks of kKeys within a page: scores, their maximum, one rescaling of what was summed so far, weights,
// values. Numeric contract: float32; a result depends on the query, the keys and the borders of the blocks (key_begin,
// the page size), not on the other heads of the call.

constexpr size_t kKeys = 64;
constexpr size_t kMaxHeads = 16;  // at a time; the keys of a block are in the cache for the second head

struct SoftmaxState {
  float max, sum;
};

/// scores[i] = scale * (q . key i) for n keys, then -inf up to a multiple of kLanes.
template <class Elements>
AUREA_INLINE void score_keys(const float* q, const uint8_t* keys, size_t n, size_t head_dim, float scale,
                             float* scores) {
  const size_t stride = head_dim * Elements::kBytes;
  for (size_t first = 0; first < n; first += kLanes) {
    const uint8_t* key[kLanes];
    for (size_t i = 0; i < kLanes; ++i) key[i] = keys + (first + i < n ? first + i : n - 1) * stride;
    VecF sum[kLanes];
    AUREA_UNROLL for (size_t i = 0; i < kLanes; ++i) sum[i] = zero_f();
    size_t d = 0;
    for (; d + kLanes <= head_dim; d += kLanes) {
      const VecF query = load_f(q + d);
      AUREA_UNROLL for (size_t i = 0; i < kLanes; ++i) {
        sum[i] = fma_f(query, Elements::load(key[i] + d * Elements::kBytes), sum[i]);
      }
    }
    if (d < head_dim) {
      const VecF query = load_f_part(q + d, head_dim - d);
      AUREA_UNROLL for (size_t i = 0; i < kLanes; ++i) {
        sum[i] = fma_f(query, Elements::load_part(key[i] + d * Elements::kBytes, head_dim - d), sum[i]);
      }
    }
    store_f(scores + first, mul_f(sum_rows(sum), set1_f(scale)));
  }
  for (size_t i = n; i % kLanes != 0; ++i) scores[i] = -__builtin_inff();
}

/// Turns the scores into weights exp(score - max) and updates the state. Returns the factor for earlier sums.
AUREA_INLINE float weigh(float* scores, size_t n, SoftmaxState& state) {
  VecF max = load_f(scores);
  for (size_t i = kLanes; i < n; i += kLanes) max = max_f(max, load_f(scores + i));
  const float block_max = max_lanes(max);
  const float new_max = block_max > state.max ? block_max : state.max;
  VecF sum = zero_f();
  for (size_t i = 0; i < n; i += kLanes) {
    const VecF weight = exp_f(sub_f(load_f(scores + i), set1_f(new_max)));
    sum = add_f(sum, weight);
    store_f(scores + i, weight);
  }
  alignas(64) float factor[kLanes];
  store_f(factor, exp_f(set1_f(state.max - new_max)));
  state.sum = state.sum * factor[0] + sum_lanes(sum);
  state.max = new_max;
  return factor[0];
}

/// out = out * factor + sum over n keys of weights[i] * value i, for kVecs vectors of dimensions.
template <class Elements, size_t kVecs>
AUREA_INLINE void add_values(const float* weights, const uint8_t* values, size_t stride, size_t n, float factor,
                             float* out) {
  constexpr size_t kPhases = 8 / kVecs;  // keys side by side: eight independent sums hide the latency
  VecF sum[kPhases][kVecs];
  AUREA_UNROLL for (size_t p = 0; p < kPhases; ++p) {
    AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) sum[p][v] = zero_f();
  }
  size_t i = 0;
  const auto add_key = [&](size_t phase, size_t key) AUREA_INLINE_LAMBDA {
    const VecF weight = set1_f(weights[key]);
    AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) {
      sum[phase][v] =
          fma_f(weight, Elements::load(values + key * stride + v * kLanes * Elements::kBytes), sum[phase][v]);
    }
  };
  for (; i + kPhases <= n; i += kPhases) {
    AUREA_UNROLL for (size_t p = 0; p < kPhases; ++p) add_key(p, i + p);
  }
  for (; i < n; ++i) add_key(0, i);
  AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) {
    VecF total = sum[0][v];
    AUREA_UNROLL for (size_t p = 1; p < kPhases; ++p) total = add_f(total, sum[p][v]);
    store_f(out + v * kLanes, fma_f(load_f(out + v * kLanes), set1_f(factor), total));
  }
}

template <class Elements>
AUREA_INLINE void add_all_values(const float* weights, const uint8_t* values, size_t n, size_t head_dim, float factor,
                                 float* out) {
  const size_t stride = head_dim * Elements::kBytes;
  size_t d = 0;
  const auto add = [&](auto vecs) AUREA_INLINE_LAMBDA {
    for (; d + vecs.value * kLanes <= head_dim; d += vecs.value * kLanes) {
      add_values<Elements, vecs.value>(weights, values + d * Elements::kBytes, stride, n, factor, out + d);
    }
  };
  add(Count<8>());
  add(Count<4>());
  add(Count<2>());
  add(Count<1>());
  if (const size_t rest = head_dim - d; rest > 0) {
    VecF sum = zero_f();
    for (size_t i = 0; i < n; ++i) {
      const VecF value = Elements::load_part(values + i * stride + d * Elements::kBytes, rest);
      sum = fma_f(set1_f(weights[i]), value, sum);
    }
    store_f_part(out + d, fma_f(load_f_part(out + d, rest), set1_f(factor), sum), rest);
  }
}

template <class Elements>
void attend(const AttentionArgs& args) {
  alignas(64) float scores[kKeys];
  SoftmaxState state[kMaxHeads];
  for (size_t head0 = 0; head0 < args.n_heads; head0 += kMaxHeads) {
    const size_t n_heads = args.n_heads - head0 < kMaxHeads ? args.n_heads - head0 : kMaxHeads;
    const float* q = args.q + head0 * args.head_dim;
    float* out = args.out + head0 * args.head_dim;
    for (size_t h = 0; h < n_heads; ++h) state[h] = {-__builtin_inff(), 0};
    __builtin_memset(out, 0, n_heads * args.head_dim * sizeof(float));
    for (size_t key = args.key_begin; key < args.key_end;) {
      const size_t slot = key % args.page_tokens;
      size_t n = args.page_tokens - slot < kKeys ? args.page_tokens - slot : kKeys;
      if (n > args.key_end - key) n = args.key_end - key;
      const uint8_t* page = args.pages[key / args.page_tokens] + slot * args.head_dim * Elements::kBytes;
      for (size_t h = 0; h < n_heads; ++h) {
        score_keys<Elements>(q + h * args.head_dim, page + args.k_offset, n, args.head_dim, args.scale, scores);
        const float factor = weigh(scores, n, state[h]);
        add_all_values<Elements>(scores, page + args.v_offset, n, args.head_dim, factor, out + h * args.head_dim);
      }
      key += n;
    }
    for (size_t h = 0; h < n_heads; ++h) {
      const float factor = 1.0f / state[h].sum;
      for (size_t d = 0; d < args.head_dim; ++d) out[h * args.head_dim + d] *= factor;
    }
  }
}
