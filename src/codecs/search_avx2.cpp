// The searches with 256-bit vectors. Compiled with -mavx2 (see CMakeLists.txt); entered only after a look at the CPU.
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

extern const SearchSet kSearchAvx2 = {"avx2", AUREA_SEARCHES};

}  // namespace aurea::codecs
#endif
