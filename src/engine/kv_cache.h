// Keys and values of the tokens seen so far, in pages of a fixed number of tokens, so that sequences of any length share
// one pool without copies. One page holds all layers: [layer][K, V][kv head][page token][head_dim].
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kernels/kernel_set.h"
#include "models/hyperparams.h"

namespace aurea::engine {

class KvCache {
 public:
  static constexpr size_t kPageTokens = 32;

  KvCache(const models::Hyperparams& params, kernels::KvType type);
  ~KvCache();
  KvCache(const KvCache&) = delete;
  KvCache& operator=(const KvCache&) = delete;

  /// Throws kOutOfMemory, saying how much is in use.
  uint8_t* allocate_page();
  void release_page(uint8_t* page);

  /// Bytes from a page's start to the [kPageTokens, head_dim] keys (values) of a layer's head.
  [[nodiscard]] size_t k_offset(size_t layer, size_t head) const { return (layer * 2 * n_kv_heads_ + head) * head_bytes_; }
  [[nodiscard]] size_t v_offset(size_t layer, size_t head) const {
    return ((layer * 2 + 1) * n_kv_heads_ + head) * head_bytes_;
  }
  [[nodiscard]] size_t row_bytes() const { return row_bytes_; }  // one token's key of one head
  [[nodiscard]] kernels::KvType type() const { return type_; }

 private:
  kernels::KvType type_;
  size_t n_kv_heads_, row_bytes_, head_bytes_, page_bytes_;
  std::vector<uint8_t*> free_;  // pages to use again
  size_t n_pages_ = 0;
};

/// One sequence: its tokens, and how many of them have keys and values in its pages.
struct Sequence {
  std::vector<int32_t> tokens;
  size_t cached = 0;
  bool long_factors = false;  // which LongRoPE list the cached keys were rotated with
  std::vector<uint8_t*> pages;
};

}  // namespace aurea::engine
