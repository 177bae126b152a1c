// The searches with 512-bit vectors. Compiled with -mavx512f and friends (see CMakeLists.txt); entered only after a
// look at the CPU.
#if defined(__x86_64__)
#include "codecs/search.h"

namespace aurea::codecs {
namespace {
#include "codecs/search_lanes.inc.h"
}  // namespace

extern const SearchSet kSearchAvx512 = {"avx512", symmetric,         affine,          coordinate,
                                        positive, codes_by_division, codes_by_inverse};

}  // namespace aurea::codecs
#endif
