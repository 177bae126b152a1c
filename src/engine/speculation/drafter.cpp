#include "engine/speculation/drafter.h"

#include <algorithm>

namespace aurea::engine {

size_t room_for_draft(const Engine& engine, size_t n_tokens) {
  const models::RopeParams& rope = engine.source().params().rope;
  size_t limit = engine.context_size();
  if (rope.has_factors() && n_tokens <= rope.original_context) limit = std::min<size_t>(limit, rope.original_context);
  return limit > n_tokens ? limit - n_tokens : 0;
}

}  // namespace aurea::engine
