// Rotary embedding and attention over the paged cache.
#include <algorithm>
#include <cstring>

#include "engine/plan.h"

namespace aurea::engine {
namespace {

void prepare_rope(PlanNode& node, Planning& planning) { node.rope_half = planning.source.params().rope.dims / 2; }

void run_rope(const PlanNode& node, Pass& pass) {
  const auto& op = std::get<models::Rope>(node.source->op);
  const size_t half = node.rope_half;
  pass.pool.parallel_for(pass.n_rows, 8, [&](size_t begin, size_t end, unsigned) {
    for (size_t r = begin; r < end; ++r) {
      float* row = node.out.row(r);
      if (row != node.in[0].row(r)) std::copy_n(node.in[0].row(r), node.out.width, row);
      for (size_t head = 0; head < op.n_heads; ++head) {
        pass.kernels.rope(row + head * op.head_dim, pass.rope_cos + r * half, pass.rope_sin + r * half, half);
      }
    }
  });
}

/// Writes one token's keys or values [n_kv_heads, head_dim] into its page.
void store_row(const Pass& pass, const BatchToken& token, const float* values, const models::Attention& op, bool keys) {
  uint8_t* page = token.sequence->pages[token.position / KvCache::kPageTokens];
  const size_t place = token.position % KvCache::kPageTokens * pass.cache.row_bytes();
  for (size_t head = 0; head < op.n_kv_heads; ++head) {
    uint8_t* dst = page + place + (keys ? pass.cache.k_offset(op.layer, head) : pass.cache.v_offset(op.layer, head));
    const float* src = values + head * op.head_dim;
    if (pass.cache.type() == kernels::KvType::kF16) {
      pass.kernels.f32_to_f16(src, reinterpret_cast<uint16_t*>(dst), op.head_dim);
    } else {
      std::memcpy(dst, src, op.head_dim * sizeof(float));
    }
  }
}

void run_attention(const PlanNode& node, Pass& pass) {
  const auto& op = std::get<models::Attention>(node.source->op);
  pass.pool.parallel_for(pass.n_rows, 8, [&](size_t begin, size_t end, unsigned) {
    for (size_t r = begin; r < end; ++r) {
      store_row(pass, pass.tokens[r], node.in[1].row(r), op, true);
      store_row(pass, pass.tokens[r], node.in[2].row(r), op, false);
    }
  });
  // One task per token and key/value head: the query heads that share a head read its keys once.
  const size_t group = op.n_heads / op.n_kv_heads;
  pass.pool.parallel_for(pass.n_rows * op.n_kv_heads, 1, [&](size_t begin, size_t end, unsigned) {
    for (size_t task = begin; task < end; ++task) {
      const size_t r = task / op.n_kv_heads, kv_head = task % op.n_kv_heads;
      const BatchToken& token = pass.tokens[r];
      const size_t key_end = size_t{token.position} + 1;
      const size_t visible = op.window == 0 ? key_end : std::min<size_t>(op.window, key_end);
      const kernels::AttentionArgs args{
          .q = node.in[0].row(r) + kv_head * group * op.head_dim,
          .n_heads = group,
          .head_dim = op.head_dim,
          .pages = token.sequence->pages.data(),
          .k_offset = pass.cache.k_offset(op.layer, kv_head),
          .v_offset = pass.cache.v_offset(op.layer, kv_head),
          .page_tokens = KvCache::kPageTokens,
          .key_begin = key_end - visible,
          .key_end = key_end,
          .scale = op.scale,
          .kv_type = pass.cache.type(),
          .out = node.out.row(r) + kv_head * group * op.head_dim,
      };
      pass.kernels.attention(args);
    }
  });
}

}  // namespace

const OpRunner kRopeRunner{.run = run_rope, .prepare = prepare_rope, .in_place = true};
const OpRunner kAttentionRunner{.run = run_attention};

}  // namespace aurea::engine
