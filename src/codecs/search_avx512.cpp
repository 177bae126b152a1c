// The searches with 512-bit vectors. Compiled with -mavx512f and friends (see CMakeLists.txt); entered only after a
// look at the CPU.
#if defined(__x86_64__)
#include <immintrin.h>

#include "codecs/search.h"

namespace aurea::codecs {
namespace {
#include "codecs/search_lanes.inc.h"
// With its vectors.
#include "codecs/codebook_lanes.inc.h"
}  // namespace

extern const SearchSet kSearchAvx512 = {
    "avx512", symmetric, affine, coordinate, positive, wrapped_scale, codebook, codes_by_division, codes_by_inverse};

}  // namespace aurea::codecs
#endif
