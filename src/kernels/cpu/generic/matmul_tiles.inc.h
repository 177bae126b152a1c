// How much of a matrix product is in registers at once. Included after a vec text and a dot text.

/// A tile: vectors of rows, tokens. 16 lanes: 12 sums and 12 partial sums in 32 registers; 8 lanes: 4, 4 and their
/// operands in 16; 4 lanes: 12 and 12 in 32 registers again.
constexpr size_t kTileVecs = kLanes == 16 || kTokenPairs ? 2 : kLanes == 8 ? 1 : 4;
constexpr size_t kTileTokens = kLanes == 16 || kTokenPairs ? 6 : kLanes == 8 ? 4 : 3;
constexpr size_t kChunk = 512;  // tokens per unpacking

/// A pass without tiles (matmul_packed.inc.h): vectors of rows, tokens from kLeastTokens to kFewTokens. Fewer tokens,
/// and more up to kStreamTokens, take one group of rows at a time: less is reused, but memory is read in its order.
/// Instrumented, such functions take minutes to compile: there super-blocks go through tiles only.
#if defined(AUREA_NO_UNROLL)
constexpr size_t kFewVecs = kLanes == 4 ? 4 : 2, kLeastTokens = 2, kFewTokens = 3, kStreamTokens = 1;
constexpr bool kTilesOnly = true;
#else
constexpr size_t kFewVecs = kLanes == 4 ? 4 : 2, kLeastTokens = kLanes == 16 ? 4 : 2, kFewTokens = kLanes == 16 ? 6 : 3,
                 kStreamTokens = kLanes == 16 ? 8 : 1;
constexpr bool kTilesOnly = false;
#endif
