// What the algorithm texts of all sets share: compiler macros and numbers. Included first inside the unnamed namespace.

#if defined(AUREA_NO_UNROLL)
#define AUREA_UNROLL
#elif defined(__clang__)
#define AUREA_UNROLL _Pragma("clang loop unroll(full)")
#else
#define AUREA_UNROLL _Pragma("GCC unroll 16")
#endif
#define AUREA_INLINE_LAMBDA __attribute__((always_inline))

/// A number as a type, for generic lambdas.
template <size_t kValue>
struct Count {
  static constexpr size_t value = kValue;
};

/// f(Count<0>()), ..., f(Count<kCount - 1>()).
template <size_t kCount, size_t kIndex = 0, class Function>
AUREA_INLINE void unroll(Function f) {
  if constexpr (kIndex < kCount) {
    f(Count<kIndex>());
    unroll<kCount, kIndex + 1>(f);
  }
}

/// Activations below this count as zero: the factor 127 / max|x| would overflow.
constexpr float kMinActivation = 0x1p-120f;
constexpr float kMaxFloat = 0x1.fffffep+127f;
/// d of a block with an infinity or NaN in it, so that its products are NaN instead of wrong numbers.
constexpr uint32_t kNanBits = 0x7FC00000;
