// Which build of the searches this process uses.
#include "codecs/search.h"

#include "core/cpu_features.h"
#include "core/env.h"

namespace aurea::codecs {
namespace {

/// AUREA_CPU=scalar or avx2 keeps the searches at that level too.
const SearchSet& widest() {
#if defined(__x86_64__)
  const std::string limit = env::cpu().value_or("");
  if (limit == "scalar") return kSearchBaseline;
  if (cpu_features().avx512 && limit != "avx2") return kSearchAvx512;
  if (cpu_features().avx2) return kSearchAvx2;
#endif
  return kSearchBaseline;
}

}  // namespace

const SearchSet& search_set() {
  static const SearchSet& set = widest();
  return set;
}

}  // namespace aurea::codecs
