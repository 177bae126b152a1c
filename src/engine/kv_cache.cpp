#include "engine/kv_cache.h"

#include <sys/mman.h>

#include <cstdlib>

#include "core/error.h"
#include "core/progress.h"

namespace aurea::engine {

KvCache::KvCache(const models::Hyperparams& params, KvTypes types)
    : types_(types), n_kv_heads_(params.n_kv_heads), k_bytes_(kernels::kv_block_bytes(types.keys, params.head_dim)),
      head_bytes_(k_bytes_ + kernels::kv_block_bytes(types.values, params.head_dim)),
      page_bytes_(params.n_layers * n_kv_heads_ * head_bytes_) {}

KvCache::~KvCache() {
  for (uint8_t* page : free_) std::free(page);
}

uint8_t* KvCache::allocate_page() {
  if (!free_.empty()) {
    uint8_t* page = free_.back();
    free_.pop_back();
    return page;
  }
  // The system's large pages, where it has them: reading the cache through small ones spends a sixth of its time looking up
  // addresses.
  constexpr size_t kLargePage = size_t{2} << 20;
  const size_t alignment = page_bytes_ >= kLargePage ? kLargePage : 64;
  auto* page = static_cast<uint8_t*>(std::aligned_alloc(alignment, (page_bytes_ + alignment - 1) / alignment * alignment));
  if (page == nullptr) {
    fail(ErrorCode::kOutOfMemory, "no memory for more keys and values: {} in use; a smaller --ctx-size needs less",
         format_bytes(n_pages_ * page_bytes_));
  }
  ++n_pages_;
  // Of whole large pages only, so that what is asked for is all that gets used; a refusal costs nothing but time.
  (void)::madvise(page, page_bytes_ / kLargePage * kLargePage, MADV_HUGEPAGE);
  return page;
}

void KvCache::release_page(uint8_t* page) { free_.push_back(page); }

}  // namespace aurea::engine
