// The vectors of all searches and the ways into and out of them: groups of a row become lanes, one group per lane.
// Include it inside an unnamed namespace: each including file is compiled for another vector width, and nothing of it may
// be shared between them.
//
// Byte equality with the reference rests on three things: every product and sum is rounded to float32 by itself, left
// to right as written (the project is built without contraction); sums run in element order within a lane; a later
// candidate wins only if it is strictly better. Do not reorder expressions, here or in the searches.

#define AUREA_LANES [[gnu::always_inline]] inline
#if defined(__clang__)
#define AUREA_LANES_UNROLL _Pragma("clang loop unroll(full)")
#else
#define AUREA_LANES_UNROLL _Pragma("GCC unroll 16")
#endif

#if defined(__AVX512F__)
constexpr int kNative = 16;
#elif defined(__AVX2__)
constexpr int kNative = 8;
#else
constexpr int kNative = 4;
#endif
constexpr int kLanes = 2 * kNative;

typedef float Native __attribute__((vector_size(kNative * sizeof(float))));
typedef int32_t NativeMask __attribute__((vector_size(kNative * sizeof(int32_t))));  // per lane all bits set or none

/// Two machine vectors, always worked on together: the searches are chains of dependent steps, and the second vector
/// fills the waiting times of the first.
struct Vec {
  Native a, b;
};
struct Mask {
  NativeMask a, b;
};

AUREA_LANES Native load_native(const float* p) {
  Native v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
AUREA_LANES Vec load(const float* p) { return {load_native(p), load_native(p + kNative)}; }
AUREA_LANES void store(float* p, Vec v) {
  __builtin_memcpy(p, &v.a, sizeof v.a);
  __builtin_memcpy(p + kNative, &v.b, sizeof v.b);
}
AUREA_LANES Native splat_native(float value) { return value - Native{}; }
AUREA_LANES Vec splat(float value) { return {splat_native(value), splat_native(value)}; }

#define AUREA_LANES_OPERATOR(op)                                                 \
  AUREA_LANES Vec operator op(Vec x, Vec y) { return {x.a op y.a, x.b op y.b}; } \
  AUREA_LANES Vec operator op(Vec x, float y) { return {x.a op y, x.b op y}; }   \
  AUREA_LANES Vec operator op(float x, Vec y) { return {x op y.a, x op y.b}; }
#define AUREA_LANES_COMPARISON(op)                                                \
  AUREA_LANES Mask operator op(Vec x, Vec y) { return {x.a op y.a, x.b op y.b}; } \
  AUREA_LANES Mask operator op(Vec x, float y) { return {x.a op y, x.b op y}; }
AUREA_LANES_OPERATOR(+)
AUREA_LANES_OPERATOR(-)
AUREA_LANES_OPERATOR(*)
AUREA_LANES_OPERATOR(/)
AUREA_LANES_COMPARISON(<)
AUREA_LANES_COMPARISON(>)
AUREA_LANES_COMPARISON(==)
AUREA_LANES_COMPARISON(!=)
#undef AUREA_LANES_OPERATOR
#undef AUREA_LANES_COMPARISON
AUREA_LANES Vec operator-(Vec x) { return {-x.a, -x.b}; }
AUREA_LANES Mask operator&(Mask x, Mask y) { return {x.a & y.a, x.b & y.b}; }
AUREA_LANES Mask operator|(Mask x, Mask y) { return {x.a | y.a, x.b | y.b}; }
AUREA_LANES Vec select(Mask mask, Vec yes, Vec no) { return {mask.a ? yes.a : no.a, mask.b ? yes.b : no.b}; }
AUREA_LANES Native magnitude(Native v) { return (Native)((NativeMask)v & 0x7FFFFFFF); }
AUREA_LANES Vec magnitude(Vec v) { return {magnitude(v.a), magnitude(v.b)}; }

/// a < b ? a : b and a > b ? a : b, one instruction each. (Compilers do not see that where b is a constant.)
#if defined(__AVX512F__)
AUREA_LANES Native lower(Native a, Native b) { return (Native)_mm512_min_ps((__m512)a, (__m512)b); }
AUREA_LANES Native higher(Native a, Native b) { return (Native)_mm512_max_ps((__m512)a, (__m512)b); }
#elif defined(__AVX2__)
AUREA_LANES Native lower(Native a, Native b) { return (Native)_mm256_min_ps((__m256)a, (__m256)b); }
AUREA_LANES Native higher(Native a, Native b) { return (Native)_mm256_max_ps((__m256)a, (__m256)b); }
#elif defined(__SSE2__)
AUREA_LANES Native lower(Native a, Native b) { return (Native)_mm_min_ps((__m128)a, (__m128)b); }
AUREA_LANES Native higher(Native a, Native b) { return (Native)_mm_max_ps((__m128)a, (__m128)b); }
#else
AUREA_LANES Native lower(Native a, Native b) { return a < b ? a : b; }
AUREA_LANES Native higher(Native a, Native b) { return a > b ? a : b; }
#endif

AUREA_LANES bool any(Mask mask) {
  const NativeMask either = mask.a | mask.b;
  int32_t bits = 0;
  for (int lane = 0; lane < kNative; ++lane) bits |= either[lane];
  return bits != 0;
}

constexpr float kTinyMagnitude = 1e-15f;  // groups below this are stored as zero

/// The codes lowest .. highest. Rounding and clamping happen above kRounder (search.h): there the sum is an integer
/// already. In this operand order a NaN becomes `lowest`, so a code can always be converted to an integer.
struct Levels {
  Native lowest, highest;  // + kRounder

  AUREA_LANES Levels(int lowest_code, int highest_code)
      : lowest(splat_native(kRounder + static_cast<float>(lowest_code))),
        highest(splat_native(kRounder + static_cast<float>(highest_code))) {}

  AUREA_LANES Native code(Native v) const { return lower(higher(v + kRounder, lowest), highest) - kRounder; }
  AUREA_LANES Vec code(Vec v) const { return {code(v.a), code(v.b)}; }
};

// f(0), f(1), .. for every element of a Native.
#if defined(__AVX512F__)
#define AUREA_EACH_LANE(f) \
  f(0), f(1), f(2), f(3), f(4), f(5), f(6), f(7), f(8), f(9), f(10), f(11), f(12), f(13), f(14), f(15)
#elif defined(__AVX2__)
#define AUREA_EACH_LANE(f) f(0), f(1), f(2), f(3), f(4), f(5), f(6), f(7)
#else
#define AUREA_EACH_LANE(f) f(0), f(1), f(2), f(3)
#endif

/// One step of transposing kNative rows: the blocks of kSize x kSize beside the diagonal change places.
template <int kSize>
AUREA_LANES void exchange_blocks(Native (&rows)[kNative]) {
#define AUREA_UPPER(i) ((i)&kSize ? (i)-kSize + kNative : (i))
#define AUREA_LOWER(i) ((i)&kSize ? (i) + kNative : (i) + kSize)
  AUREA_LANES_UNROLL
  for (int i = 0; i < kNative; ++i) {
    if ((i & kSize) != 0) continue;
    const Native a = rows[i], b = rows[i + kSize];
    rows[i] = __builtin_shufflevector(a, b, AUREA_EACH_LANE(AUREA_UPPER));
    rows[i + kSize] = __builtin_shufflevector(a, b, AUREA_EACH_LANE(AUREA_LOWER));
  }
#undef AUREA_UPPER
#undef AUREA_LOWER
}

AUREA_LANES void transpose(Native (&rows)[kNative]) {
  exchange_blocks<1>(rows);
  exchange_blocks<2>(rows);
#if defined(__AVX2__) || defined(__AVX512F__)
  exchange_blocks<4>(rows);
#endif
#if defined(__AVX512F__)
  exchange_blocks<8>(rows);
#endif
}

AUREA_LANES void store_bytes(uint8_t* dst, NativeMask integers) {
  typedef uint8_t Bytes __attribute__((vector_size(kNative)));
  const Bytes bytes = __builtin_convertvector(integers, Bytes);
  __builtin_memcpy(dst, &bytes, sizeof bytes);
}
AUREA_LANES void store_codes(uint8_t* dst, Native codes) {
  store_bytes(dst, __builtin_convertvector(codes, NativeMask));
}

/// kN elements of kLanes groups: element i of lane g at i * kLanes + g. Lanes without a group hold zeros.
template <int kN>
struct alignas(64) LaneBuffer {
  float values[kN * kLanes];

  AUREA_LANES Vec operator[](int i) const { return load(values + i * kLanes); }
  AUREA_LANES void set(int i, Vec v) { store(values + i * kLanes, v); }

  void gather(const float* src, int n_lanes) {
    if constexpr (kN % kNative == 0) {
      for (int lane = 0; lane < kLanes; lane += kNative) {
        for (int i = 0; i < kN; i += kNative) {
          Native rows[kNative];
          AUREA_LANES_UNROLL
          for (int r = 0; r < kNative; ++r) {
            rows[r] = lane + r < n_lanes ? load_native(src + (lane + r) * kN + i) : Native{};
          }
          transpose(rows);
          AUREA_LANES_UNROLL
          for (int r = 0; r < kNative; ++r) {
            __builtin_memcpy(values + (i + r) * kLanes + lane, &rows[r], sizeof rows[r]);
          }
        }
      }
      return;
    }
    for (int lane = 0; lane < n_lanes; ++lane) {
      for (int i = 0; i < kN; ++i) values[i * kLanes + lane] = src[lane * kN + i];
    }
    for (int lane = n_lanes; lane < kLanes; ++lane) {
      for (int i = 0; i < kN; ++i) values[i * kLanes + lane] = 0;
    }
  }

  void scatter(uint8_t* dst, int n_lanes) const {
    if constexpr (kN % kNative == 0) {
      for (int lane = 0; lane < n_lanes; lane += kNative) {
        for (int i = 0; i < kN; i += kNative) {
          Native rows[kNative];
          AUREA_LANES_UNROLL
          for (int r = 0; r < kNative; ++r) rows[r] = load_native(values + (i + r) * kLanes + lane);
          transpose(rows);
          AUREA_LANES_UNROLL
          for (int r = 0; r < kNative; ++r) {
            if (lane + r < n_lanes) store_codes(dst + (lane + r) * kN + i, rows[r]);
          }
        }
      }
      return;
    }
    for (int lane = 0; lane < n_lanes; ++lane) {
      for (int i = 0; i < kN; ++i) dst[lane * kN + i] = static_cast<uint8_t>(values[i * kLanes + lane]);
    }
  }
};

AUREA_LANES void store_lanes(float* dst, Vec v, int n_lanes) {
  float values[kLanes];
  store(values, v);
  for (int lane = 0; lane < n_lanes; ++lane) dst[lane] = values[lane];
}

template <int kN>
AUREA_LANES void make_weights(Weighting weighting, const LaneBuffer<kN>& x, LaneBuffer<kN>& w) {
  if (weighting == Weighting::kSquare) {
    for (int i = 0; i < kN; ++i) w.set(i, x[i] * x[i]);
    return;
  }
  if (weighting == Weighting::kEqual) {
    for (int i = 0; i < kN; ++i) w.set(i, splat(1));
    return;
  }
  Vec rms{};
  if (weighting == Weighting::kRms) {
    for (int i = 0; i < kN; ++i) rms = rms + x[i] * x[i];
    float roots[kLanes];
    store(roots, rms / static_cast<float>(kN));
    for (float& root : roots) root = __builtin_sqrtf(root);
    rms = load(roots);
  }
  for (int i = 0; i < kN; ++i) w.set(i, rms + magnitude(x[i]));
}

/// Gathers x, and w or what stands for it.
template <int kN>
AUREA_LANES void gather_weighted(const float* x_rows, const float* w_rows, Weighting weighting, int n_lanes,
                                 LaneBuffer<kN>& x, LaneBuffer<kN>& w) {
  x.gather(x_rows, n_lanes);
  if (w_rows != nullptr) {
    w.gather(w_rows, n_lanes);
  } else {
    make_weights(weighting, x, w);
  }
}

/// The first element of largest magnitude, with its sign.
template <int kN>
AUREA_LANES Vec largest(const LaneBuffer<kN>& x) {
  Vec peak{}, signed_peak{};
  for (int i = 0; i < kN; ++i) {
    const Mask higher = magnitude(x[i]) > peak;
    peak = select(higher, magnitude(x[i]), peak);
    signed_peak = select(higher, x[i], signed_peak);
  }
  return signed_peak;
}
