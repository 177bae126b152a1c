// How much of a matrix product is in registers at once. Included after a vec text.

/// A tile: vectors of rows, tokens. 16 lanes: 12 sums and 12 partial sums in 32 registers; 8 lanes: 4, 4 and their
/// operands in 16.
constexpr size_t kTileVecs = kLanes == 16 ? 2 : 1, kTileTokens = kLanes == 16 ? 6 : 4;
constexpr size_t kChunk = 128;  // tokens per unpacking
/// The same for the way without a tile (matmul_packed.inc.h), and the tokens up to which it is the faster one.
constexpr size_t kFewVecs = 2, kFewTokens = kLanes == 16 ? 4 : 2;
#if defined(AUREA_NO_UNROLL)
constexpr size_t kMostFew = 0;  // instrumented, its functions take minutes to compile
#else
constexpr size_t kMostFew = kLanes == 16 ? 12 : 4;
#endif
