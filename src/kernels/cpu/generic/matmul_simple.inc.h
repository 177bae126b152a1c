// Matrix products of packed blocks of 32 with BlockQ8x32 activations, for any vector width.
//
// As matmul_super.inc.h: rows in lanes, exact integers up to a block's dot product, then the float operations that
// kernel_set.h states. There are no tiles: a code costs two or three operations, a tile's detour through memory more.
// Included after packed_rows.inc.h and simple_blocks.inc.h; matmul_packed.inc.h follows.

/// What multiplying depends on; formats that agree share the code.
template <bool kMinValue, size_t kHalvesValue, int kOffsetShiftValue, bool kInt8Value, int kFlushValue>
struct SimpleTraits {
  static constexpr bool kMin = kMinValue, kInt8 = kInt8Value;
  static constexpr size_t kHalves = kHalvesValue, kGroups = 8 / kHalves, kFlush = kFlushValue;
  static constexpr int kOffsetShift = kOffsetShiftValue;
  static_assert(kGroups % kFlush == 0);
};

template <class Type>
using SimpleTraitsOf = SimpleTraits<Type::kMin, Type::kHalves, Type::kInt8 ? kInt8OffsetShift : Type::kOffsetShift,
                                    Type::kInt8, groups_per_flush(Type::kMaxCode, 8 / Type::kHalves)>;

/// Sum over one half (or the whole) of a block of (code - offset) * activation, fed group by group in ascending order.
template <class Traits>
struct BlockDot {
  VecI sum, partial;

  AUREA_INLINE void start(const uint8_t* x, size_t half) {
    sum = zero_i();
    if constexpr (Traits::kOffsetShift >= 0) {
      VecI neg_sum = broadcast_dword(x + offsetof(BlockQ8x32, neg_sum));
      if constexpr (Traits::kHalves == 2) {
        const VecI neg_first = broadcast_dword(x + offsetof(BlockQ8x32, neg_first));
        neg_sum = half == 0 ? neg_first : sub_i32(neg_sum, neg_first);
      }
      sum = shift_left<Traits::kOffsetShift>(neg_sum);
    }
    if constexpr (kOffsetsInPartial) partial = sum;
  }
  /// Group g of the half.
  AUREA_INLINE void add(size_t g, VecI codes, VecI q) {
    if constexpr (kOffsetsInPartial) {
      partial = multiply_add<Traits::kInt8>(partial, codes, q);
    } else {
      partial = multiply_add<Traits::kInt8>(g % Traits::kFlush == 0 ? zero_i() : partial, codes, q);
      if (g % Traits::kFlush == Traits::kFlush - 1) sum = add_partial(sum, partial);
    }
  }
  [[nodiscard]] AUREA_INLINE VecI total() const { return kOffsetsInPartial ? partial : sum; }
};

/// out + the part of one half of a block.
AUREA_INLINE VecF add_half(VecF out, VecI sum, VecF d, const uint8_t* x) {
  return fma_f(broadcast_f(x), mul_f(d, to_f(sum)), out);
}

/// out + the block's minimum.
AUREA_INLINE VecF add_min(VecF out, VecF m, const uint8_t* x) {
  return fma_f(m, broadcast_f(x + offsetof(BlockQ8x32, sum_d)), out);
}

/// out[t][vector] += one block of kVecs vectors of rows.
template <class Type, size_t kTokens, size_t kVecs>
AUREA_INLINE void multiply_block(const PackedRows (&rows)[kVecs], const uint8_t* x, size_t x_stride,
                                 VecF (&out)[kTokens][kVecs]) {
  using Traits = SimpleTraitsOf<Type>;
  VecF factors[kVecs][2];
  AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) Type::read_factors(rows[v], factors[v]);
  unroll<Traits::kHalves>([&](auto half) AUREA_INLINE_LAMBDA {
    BlockDot<Traits> dot[kTokens][kVecs];
    AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
      AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) dot[t][v].start(x + t * x_stride, half.value);
    }
    unroll<Traits::kGroups>([&](auto g) AUREA_INLINE_LAMBDA {
      constexpr size_t kGroup = decltype(half)::value * Traits::kGroups + decltype(g)::value;
      VecI w[kVecs];
      AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) {
        if (v % kGroupVecs == 0) fetch_part<Type, 1, kGroup, 8>(rows[v], 0);
        w[v] = Type::template codes<kGroup>(rows[v]);
      }
      AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
        const VecI q = broadcast_dword(x + t * x_stride + offsetof(BlockQ8x32, q) + 4 * kGroup);
        AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) dot[t][v].add(g.value, w[v], q);
      }
    });
    AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
      AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) {
        out[t][v] = add_half(out[t][v], dot[t][v].total(), factors[v][half.value], x + t * x_stride);
      }
    }
  });
  if constexpr (Traits::kMin) {
    AUREA_UNROLL for (size_t t = 0; t < kTokens; ++t) {
      AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) out[t][v] = add_min(out[t][v], factors[v][1], x + t * x_stride);
    }
  }
}
