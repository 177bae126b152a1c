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

template <size_t... kIndices>
struct Indices {};
#if defined(__clang__)
template <class, size_t... kIndices>
struct MakeIndices {
  using Type = Indices<kIndices...>;
};
template <size_t kCount>
using IndicesBelow = typename __make_integer_seq<MakeIndices, size_t, kCount>::Type;
#else
template <size_t kCount>
using IndicesBelow = Indices<__integer_pack(kCount)...>;
#endif

template <class Function, size_t... kIndices>
AUREA_INLINE void call_each(Function f, Indices<kIndices...>) {
  (f(Count<kIndices>()), ...);
}
/// f(Count<0>()), ..., f(Count<kCount - 1>()).
template <size_t kCount, class Function>
AUREA_INLINE void unroll(Function f) {
  call_each(f, IndicesBelow<kCount>());
}

/// The length of equal pieces, multiples of `unit`, that cut `n` into no more pieces than `max` does.
AUREA_INLINE size_t even_piece(size_t n, size_t max, size_t unit) {
  const size_t pieces = (n + max - 1) / max, piece = (n + pieces - 1) / pieces;
  return (piece + unit - 1) / unit * unit;
}

/// Activations below this count as zero: the factor 127 / max|x| would overflow.
constexpr float kMinActivation = 0x1p-120f;
constexpr float kMaxFloat = 0x1.fffffep+127f;
/// d of a block with an infinity or NaN in it, so that its products are NaN instead of wrong numbers.
constexpr uint32_t kNanBits = 0x7FC00000;
