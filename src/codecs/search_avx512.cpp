// The searches with 512-bit vectors. Compiled with -mavx512f and friends (see CMakeLists.txt); entered only after a
// look at the CPU.
#if defined(__x86_64__)
#include <immintrin.h>

#include "codecs/fp4_values.h"
#include "codecs/iq1_grid.h"
#include "codecs/iq4_values.h"
#include "codecs/search.h"
#include "core/half.h"

namespace aurea::codecs {
namespace {
#include "codecs/search_build.inc.h"
}  // namespace

extern const SearchSet kSearchAvx512 = {"avx512", AUREA_SEARCHES};

}  // namespace aurea::codecs
#endif
