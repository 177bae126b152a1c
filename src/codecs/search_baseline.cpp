// The searches for the vectors that every CPU of the architecture has (128 bits on x86-64).
#include "codecs/search.h"

namespace aurea::codecs {
namespace {
#include "codecs/search_lanes.inc.h"
// With its vectors.
#include "codecs/codebook_lanes.inc.h"
}  // namespace

extern const SearchSet kSearchBaseline = {
    "baseline", symmetric, affine, coordinate, positive, wrapped_scale, codebook, codes_by_division, codes_by_inverse};

}  // namespace aurea::codecs
