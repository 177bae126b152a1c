#include "engine/kv_cache.h"

#include "core/error.h"
#include "core/progress.h"

namespace aurea::engine {

KvCache::KvCache(const models::Hyperparams& params, KvTypes types)
    : types_(types), n_kv_heads_(params.n_kv_heads), k_bytes_(kernels::kv_block_bytes(types.keys, params.head_dim)),
      head_bytes_(k_bytes_ + kernels::kv_block_bytes(types.values, params.head_dim)),
      page_bytes_(params.n_layers * n_kv_heads_ * head_bytes_) {}

uint8_t* KvCache::allocate_page() {
  if (free_.empty()) {
    try {
      // Huge pages, where the system has them: reading the cache through small ones spends a sixth of its time looking up
      // addresses.
      free_.push_back(pages_.emplace_back(page_bytes_).data());
    } catch (const Error&) {
      fail(ErrorCode::kOutOfMemory, "no memory for more keys and values: {} in use; a smaller --ctx-size needs less",
           format_bytes(pages_.size() * page_bytes_));
    }
  }
  uint8_t* page = free_.back();
  free_.pop_back();
  return page;
}

void KvCache::release_page(uint8_t* page) { free_.push_back(page); }

}  // namespace aurea::engine
