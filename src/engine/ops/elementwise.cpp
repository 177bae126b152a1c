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

void prepare_embedding(PlanNode& node, Planning& planning) {
  node.matrices = {planning.table(std::get<models::Embedding>(node.source->op).table)};
}

void run_embedding(const PlanNode& node, Pass& pass) {
  const TensorView& table = node.matrices.front().parts.front();
  const auto decode = codecs::codec(table.type).decode;
  for_each_row(pass, [&](size_t r) { decode(table.row(static_cast<uint64_t>(pass.tokens[r].id)), node.out.row(r), node.out.width); });
}

void prepare_rms_norm(PlanNode& node, Planning& planning) {
  node.scale = planning.vector(std::get<models::RmsNorm>(node.source->op).weight);
}

void run_rms_norm(const PlanNode& node, Pass& pass) {
  const float eps = std::get<models::RmsNorm>(node.source->op).eps;
  for_each_row(pass, [&](size_t r) {
    pass.kernels.rms_norm(node.in[0].row(r), node.scale.data(), eps, node.out.row(r), node.out.width);
  });
}

void prepare_layer_norm(PlanNode& node, Planning& planning) {
  const auto& op = std::get<models::LayerNorm>(node.source->op);
  node.scale = planning.vector(op.weight);
  node.shift = planning.vector(op.bias);
}

void run_layer_norm(const PlanNode& node, Pass& pass) {
  const float eps = std::get<models::LayerNorm>(node.source->op).eps;
  const size_t run = node.scale.size();
  for_each_row(pass, [&](size_t r) {
    for (size_t c = 0; c < node.out.width; c += run) {
      pass.kernels.layer_norm(node.in[0].row(r) + c, node.scale.data(), node.shift.data(), eps, node.out.row(r) + c, run);
    }
  });
}

void run_silu_mul(const PlanNode& node, Pass& pass) {
  for_each_row(pass, [&](size_t r) {
    pass.kernels.silu_mul(node.in[0].row(r), node.in[1].row(r), node.out.row(r), node.out.width);
  });
}

void run_gelu(const PlanNode& node, Pass& pass) {
  for_each_row(pass, [&](size_t r) { pass.kernels.gelu(node.in[0].row(r), node.out.row(r), node.out.width); });
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

}  // namespace

const OpRunner kEmbeddingRunner{.run = run_embedding, .prepare = prepare_embedding};
const OpRunner kRmsNormRunner{.run = run_rms_norm, .prepare = prepare_rms_norm};
const OpRunner kLayerNormRunner{.run = run_layer_norm, .prepare = prepare_layer_norm};
const OpRunner kSiluMulRunner{.run = run_silu_mul, .in_place = true};
const OpRunner kGeluRunner{.run = run_gelu, .in_place = true};
const OpRunner kAddRunner{.run = run_add, .in_place = true};
const OpRunner kSliceRunner{.run = run_slice};
const OpRunner kSelectRowsRunner{.run = run_select_rows};

}  // namespace aurea::engine
