// Keys and values of the tokens seen so far, in pages of a fixed number of tokens, so that sequences of any length share
// one pool without copies. One page holds the blocks (kernels/kernel_set.h) of all layers: [layer][kv head][K, V].
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/page_buffer.h"
#include "kernels/kernel_set.h"
#include "models/hyperparams.h"

namespace aurea::engine {

/// What keys and values are kept as.
struct KvTypes {
  kernels::KvType keys = kernels::KvType::kF16, values = kernels::KvType::kF16;

  KvTypes() = default;
  KvTypes(kernels::KvType both) : keys(both), values(both) {}
  KvTypes(kernels::KvType k, kernels::KvType v) : keys(k), values(v) {}
};

class KvCache {
 public:
  static constexpr size_t kPageTokens = kernels::kKvBlockTokens;

  KvCache(const models::Hyperparams& params, KvTypes types);

  /// Throws kOutOfMemory, saying how much is in use.
  uint8_t* allocate_page();
  void release_page(uint8_t* page);

  /// Bytes from a page's start to the block of keys (values) of a layer's head.
  [[nodiscard]] size_t k_offset(size_t layer, size_t head) const { return (layer * n_kv_heads_ + head) * head_bytes_; }
  [[nodiscard]] size_t v_offset(size_t layer, size_t head) const { return k_offset(layer, head) + k_bytes_; }
  [[nodiscard]] KvTypes types() const { return types_; }

 private:
  KvTypes types_;
  size_t n_kv_heads_, k_bytes_, head_bytes_, page_bytes_;  // k_bytes_: of a block of keys; head_bytes_: and of values
  std::vector<PageBuffer> pages_;  // all of them
  std::vector<uint8_t*> free_;     // those to use again
};

/// One sequence: its tokens, and how many of them have keys and values in its pages.
struct Sequence {
  std::vector<int32_t> tokens;
  size_t cached = 0;
  bool long_factors = false;  // which LongRoPE list the cached keys were rotated with
  std::vector<uint8_t*> pages;
};

}  // namespace aurea::engine
