// The searches for the vectors that every CPU of the architecture has (128 bits on x86-64).
#if defined(__SSE2__)
#include <immintrin.h>
#endif

#include "codecs/fp4_values.h"
#include "codecs/iq1_grid.h"
#include "codecs/iq4_values.h"
#include "codecs/search.h"
#include "core/half.h"

namespace aurea::codecs {
namespace {
#include "codecs/search_build.inc.h"
}  // namespace

extern const SearchSet kSearchBaseline = {"baseline", AUREA_SEARCHES};

}  // namespace aurea::codecs
