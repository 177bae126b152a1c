#include "engine/kv_cache.h"

#include <cstdlib>

#include "core/error.h"
#include "core/progress.h"

namespace aurea::engine {

KvCache::KvCache(const models::Hyperparams& params, kernels::KvType type)
    : type_(type), n_kv_heads_(params.n_kv_heads), row_bytes_(params.head_dim * kernels::kv_element_bytes(type)),
      head_bytes_(row_bytes_ * kPageTokens), page_bytes_(params.n_layers * 2 * n_kv_heads_ * head_bytes_) {}

KvCache::~KvCache() {
  for (uint8_t* page : free_) std::free(page);
}

uint8_t* KvCache::allocate_page() {
  if (!free_.empty()) {
    uint8_t* page = free_.back();
    free_.pop_back();
    return page;
  }
  constexpr size_t kAlignment = 64;
  auto* page = static_cast<uint8_t*>(std::aligned_alloc(kAlignment, (page_bytes_ + kAlignment - 1) / kAlignment * kAlignment));
  if (page == nullptr) {
    fail(ErrorCode::kOutOfMemory, "no memory for more keys and values: {} in use; a smaller --ctx-size needs less",
         format_bytes(n_pages_ * page_bytes_));
  }
  ++n_pages_;
  return page;
}

void KvCache::release_page(uint8_t* page) { free_.push_back(page); }

}  // namespace aurea::engine
