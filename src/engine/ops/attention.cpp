// Rotary embedding and attention over the paged cache.
#include <algorithm>

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

/// The rows [begin, end) of a pass as runs: consecutive tokens of one sequence. Calls fn(first row, number of rows).
template <typename Function>
void for_each_run(std::span<const BatchToken> tokens, size_t begin, size_t end, const Function& fn) {
  while (begin < end) {
    size_t n = 1;
    const auto follows = [&](const BatchToken& before, const BatchToken& next) {
      return next.sequence == before.sequence && next.position == before.position + 1;
    };
    while (begin + n < end && follows(tokens[begin + n - 1], tokens[begin + n])) ++n;
    fn(begin, n);
    begin += n;
  }
}

/// Writes the keys and values of a run's head into its pages.
void store_run(const PlanNode& node, const Pass& pass, size_t row, size_t n, size_t kv_head) {
  const auto& op = std::get<models::Attention>(node.source->op);
  for (size_t done = 0; done < n;) {
    const BatchToken& token = pass.tokens[row + done];
    const size_t slot = token.position % KvCache::kPageTokens, part = std::min(n - done, KvCache::kPageTokens - slot);
    uint8_t* page = token.sequence->pages[token.position / KvCache::kPageTokens];
    kernels::KvStoreArgs args{.x = node.in[1].row(row + done) + kv_head * op.head_dim,
                              .stride = node.in[1].stride,
                              .n_tokens = part,
                              .head_dim = op.head_dim,
                              .type = pass.cache.types().keys,
                              .block = page + pass.cache.k_offset(op.layer, kv_head),
                              .slot = slot};
    pass.kernels.store_keys(args);
    args.x = node.in[2].row(row + done) + kv_head * op.head_dim;
    args.stride = node.in[2].stride;
    args.type = pass.cache.types().values;
    args.block = page + pass.cache.v_offset(op.layer, kv_head);
    pass.kernels.store_values(args);
    done += part;
  }
}

void attend_run(const PlanNode& node, const Pass& pass, size_t row, size_t n, size_t kv_head, uint8_t* scratch) {
  const auto& op = std::get<models::Attention>(node.source->op);
  const size_t group = op.n_heads / op.n_kv_heads, column = kv_head * group * op.head_dim;
  pass.kernels.attention({.q = node.in[0].row(row) + column,
                          .q_stride = node.in[0].stride,
                          .out = node.out.row(row) + column,
                          .out_stride = node.out.stride,
                          .n_tokens = n,
                          .n_heads = group,
                          .head_dim = op.head_dim,
                          .pages = pass.tokens[row].sequence->pages.data(),
                          .k_offset = pass.cache.k_offset(op.layer, kv_head),
                          .v_offset = pass.cache.v_offset(op.layer, kv_head),
                          .k_type = pass.cache.types().keys,
                          .v_type = pass.cache.types().values,
                          .position = pass.tokens[row].position,
                          .window = op.window,
                          .scale = op.scale,
                          .scratch = scratch});
}

constexpr size_t kScratchAlignment = 64;

void prepare_attention(PlanNode& node, Planning& planning) {
  const size_t bytes = kernels::attention_scratch_bytes(std::get<models::Attention>(node.source->op).head_dim);
  planning.scratch_bytes = std::max(planning.scratch_bytes, planning.n_threads * bytes + kScratchAlignment);
}

/// A task is a key/value head and a piece of the pass: the rows that a kernel takes at once, fewer where the threads would
/// not all have work. With one piece a head's keys and values are its own task's; else all are written before they are read.
void run_attention(const PlanNode& node, Pass& pass) {
  const auto& op = std::get<models::Attention>(node.source->op);
  constexpr size_t kTasksOfThread = 4;
  const size_t most = std::max<size_t>(1, kernels::kAttentionRows / (op.n_heads / op.n_kv_heads));
  const size_t wanted = (kTasksOfThread * pass.pool.size() + op.n_kv_heads - 1) / op.n_kv_heads;
  const size_t piece = std::min(most, (pass.n_rows + wanted - 1) / wanted);
  const size_t n_pieces = (pass.n_rows + piece - 1) / piece, n_tasks = n_pieces * op.n_kv_heads;
  uint8_t* scratch = pass.scratch.data() + -reinterpret_cast<uintptr_t>(pass.scratch.data()) % kScratchAlignment;
  const size_t scratch_bytes = kernels::attention_scratch_bytes(op.head_dim);  // of a thread
  const auto store = [&](size_t begin, size_t end, size_t kv_head) {
    for_each_run(pass.tokens, begin, end, [&](size_t row, size_t n) { store_run(node, pass, row, n, kv_head); });
  };
  if (n_pieces > 1) {
    pass.pool.parallel_for(n_tasks, 1, [&](size_t task, size_t, unsigned) {
      const size_t begin = task / op.n_kv_heads * piece;
      store(begin, std::min(begin + piece, pass.n_rows), task % op.n_kv_heads);
    });
  }
  pass.pool.parallel_for(n_tasks, 1, [&](size_t task, size_t, unsigned thread) {
    // The last piece first: it sees the most keys.
    const size_t begin = (n_pieces - 1 - task / op.n_kv_heads) * piece, end = std::min(begin + piece, pass.n_rows);
    const size_t kv_head = task % op.n_kv_heads;
    if (n_pieces == 1) store(begin, end, kv_head);
    for_each_run(pass.tokens, begin, end, [&](size_t row, size_t n) {
      attend_run(node, pass, row, n, kv_head, scratch + thread * scratch_bytes);
    });
  });
}

}  // namespace

const OpRunner kRopeRunner{.run = run_rope, .prepare = prepare_rope, .in_place = true};
const OpRunner kAttentionRunner{.run = run_attention, .prepare = prepare_attention};

}  // namespace aurea::engine
