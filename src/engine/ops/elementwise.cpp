// Ops that work row by row on float32: norms, sums, the gated activation, and the ones that move rows.
#include <algorithm>

#include "codecs/codec.h"
#include "engine/plan.h"

namespace aurea::engine {
namespace {

/// Splits rows among threads; a single row is not worth waking them.
template <typename RowFn>
void for_each_row(Pass& pass, const RowFn& row) {
  pass.pool.parallel_for(pass.n_rows, 1 + pass.n_rows / (4 * pass.pool.size()), [&](size_t begin, size_t end, unsigned) {
    for (size_t r = begin; r < end; ++r) row(r);
  });
}

}  // namespace

void run_embedding(const PlanNode& node, Pass& pass) {
  const auto decode = codecs::codec(node.weight.type).decode;
  for_each_row(pass, [&](size_t r) {
    decode(node.weight.row(static_cast<uint64_t>(pass.tokens[r].id)), node.out.row(r), node.out.width);
  });
}

void run_rms_norm(const PlanNode& node, Pass& pass) {
  const float eps = std::get<models::RmsNorm>(node.source->op).eps;
  for_each_row(pass, [&](size_t r) {
    pass.kernels.rms_norm(node.in[0].row(r), node.vector.data(), eps, node.out.row(r), node.out.width);
  });
}

void run_silu_mul(const PlanNode& node, Pass& pass) {
  for_each_row(pass, [&](size_t r) {
    pass.kernels.silu_mul(node.in[0].row(r), node.in[1].row(r), node.out.row(r), node.out.width);
  });
}

void run_add(const PlanNode& node, Pass& pass) {
  for_each_row(pass, [&](size_t r) {
    pass.kernels.add(node.in[0].row(r), node.in[1].row(r), node.out.row(r), node.out.width);
  });
}

void run_slice(const PlanNode&, Pass&) {}  // a view: the planner placed it inside its input

void run_select_rows(const PlanNode& node, Pass& pass) {
  for (size_t r = 0; r < pass.n_rows; ++r) {
    std::copy_n(node.in[0].row(pass.selected[r]), node.out.width, node.out.row(r));
  }
}

}  // namespace aurea::engine
