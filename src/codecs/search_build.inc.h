// What one build of the searches consists of: the texts, and their functions in the order of SearchSet. Include it
// inside an unnamed namespace, as lanes.inc.h.
#include "codecs/lanes.inc.h"
#include "codecs/search_lanes.inc.h"

// All others rest on these two.
#include "codecs/codebook_lanes.inc.h"
#include "codecs/float_lanes.inc.h"
#include "codecs/fp4_lanes.inc.h"
#include "codecs/iq1_lanes.inc.h"
#include "codecs/iq4_lanes.inc.h"
#include "codecs/recode_lanes.inc.h"
#include "codecs/simple_lanes.inc.h"
#include "codecs/ternary_lanes.inc.h"

#define AUREA_SEARCHES                                                                                            \
  symmetric, affine, coordinate, positive, wrapped_scale, codebook, split, root_weights, codes_by_division,       \
      codes_by_inverse, iq4, iq4_codes, fp4, fp4_codes, ternary, two_bit, extremes, f16_row, bf16_row, any_above, \
      recode
