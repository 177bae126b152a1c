// The table behind codec(): one row of core/quant_types.def is one entry.
#include <cmath>

#include "codecs/block_io.h"
#include "codecs/codec.h"

namespace aurea::codecs {

#define AUREA_QUANT_TYPE(id, name, elements, bytes, gguf, codec) extern const Codec codec;
#include "core/quant_types.def"
#undef AUREA_QUANT_TYPE

const Codec& codec(QuantType type) {
  static constexpr const Codec* kCodecs[] = {
#define AUREA_QUANT_TYPE(id, name, elements, bytes, gguf, codec) &codec,
#include "core/quant_types.def"
#undef AUREA_QUANT_TYPE
  };
  return *kCodecs[static_cast<size_t>(type)];
}

}  // namespace aurea::codecs
