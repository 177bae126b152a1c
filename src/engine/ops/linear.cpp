// Matrix products: activations are packed into the kernel's format once, then the weight's rows are split among
// threads.
#include <algorithm>

#include "engine/plan.h"

namespace aurea::engine {
namespace {

// Pieces of a matrix per thread.
constexpr size_t kStreamingPieces = 2;
constexpr size_t kTiledPieces = 8;

bool is_linear(const PlanNode* node) {
  return node != nullptr && std::holds_alternative<models::Linear>(node->source->op);
}

/// The packing of the node before still stands at the scratch's start.
bool same_packing(const PlanNode& before, const PlanNode& node) {
  const Matrix &a = before.matrices.front(), &b = node.matrices.front();
  return before.in[0].data == node.in[0].data && before.in[0].stride == node.in[0].stride && a.cols() == b.cols() &&
         a.kernel->activation == b.kernel->activation && before.out.data != node.in[0].data;
}

void prepare_linear(PlanNode& node, Planning& planning) {
  const auto& op = std::get<models::Linear>(node.source->op);
  node.matrices = {planning.matrix(op.weight)};
  if (op.bias) node.shift = planning.vector(*op.bias);
  planning.scratch_bytes =
      std::max(planning.scratch_bytes, node.matrices.front().activation_row_bytes() * planning.max_tokens);
  node.packed_already = is_linear(planning.before) && same_packing(*planning.before, node);
}

void run_linear(const PlanNode& node, Pass& pass) {
  const Matrix& matrix = node.matrices.front();
  if (pass.observe_input) {
    pass.observe_input({.weight = matrix.id,
                        .part = 0,
                        .n_rows = pass.n_rows,
                        .n_cols = matrix.cols(),
                        .rows = node.in[0].data,
                        .stride = node.in[0].stride,
                        .tokens = pass.tokens,
                        .token_index = pass.selected});
  }
  Matrix::Operands operands{.x = pass.scratch.data(),
                            .x_row_bytes = matrix.activation_row_bytes(),
                            .n_tokens = pass.n_rows,
                            .out = node.out.data,
                            .out_stride = node.out.stride};
  if (matrix.kernel->activation == kernels::ActivationFormat::kF32) {
    operands.x = reinterpret_cast<const uint8_t*>(node.in[0].data);
    operands.x_row_bytes = node.in[0].stride * sizeof(float);
  } else if (!node.packed_already) {
    pass.pool.parallel_for(pass.n_rows, 4, [&](size_t begin, size_t end, unsigned) {
      for (size_t r = begin; r < end; ++r)
        matrix.pack_row(pass.kernels, node.in[0].row(r), pass.scratch.data() + r * operands.x_row_bytes);
    });
  }
  const size_t rows = matrix.rows();
  pass.pool.parallel_for(rows, rows_at_once(rows, pass.n_rows, pass.pool), [&](size_t begin, size_t end, unsigned) {
    matrix.multiply(0, operands, begin, end);
    if (node.shift.empty()) return;
    for (size_t t = 0; t < pass.n_rows; ++t)
      pass.kernels.add(node.out.row(t) + begin, node.shift.data() + begin, node.out.row(t) + begin, end - begin);
  });
}

}  // namespace

size_t rows_at_once(size_t rows, size_t n_tokens, const ThreadPool& pool) {
  const size_t pieces = (n_tokens == 1 ? kStreamingPieces : kTiledPieces) * pool.size();
  return std::max<size_t>(32, (rows / pieces + 31) / 32 * 32);  // kernels take up to 32 rows at once
}

const OpRunner kLinearRunner{.run = run_linear, .prepare = prepare_linear};

}  // namespace aurea::engine
