// Causal attention, both directions, head by head with the whole matrix of scores.
#include <algorithm>
#include <cmath>

#include "quantization/calibration/segment_ops.h"

namespace aurea::quantization {
namespace {

using models::Attention;
using models::Node;

/// One key/value head of one sequence: its rows in the batch's values and gradients.
struct Head {
  const float *q, *k, *v;
  size_t q_stride, k_stride, v_stride, length, head_dim;
};

Head head_of(const Node& node, const PassState& state, size_t sequence, size_t q_head, size_t kv_head) {
  const auto& op = std::get<Attention>(node.op);
  const size_t first = sequence * state.shape.length;
  const Rows q = state.values[node.inputs[0]], k = state.values[node.inputs[1]], v = state.values[node.inputs[2]];
  return {q.row(first) + q_head * op.head_dim, k.row(first) + kv_head * op.head_dim, v.row(first) + kv_head * op.head_dim,
          q.stride, k.stride, v.stride, state.shape.length, op.head_dim};
}

/// p [length, length]: softmax of the visible scores, 0 elsewhere.
void attention_weights(const kernels::KernelSet& kernels, const Attention& op, const Head& head, float* p) {
  const size_t n = head.length;
  std::fill_n(p, n * n, 0.0f);
  kernels.gemm({.a = head.q, .a_row = head.q_stride, .a_col = 1, .b = head.k, .b_row = 1, .b_col = head.k_stride, .c = p, .c_row = n,
                .m = n, .n = n, .k = head.head_dim, .alpha = 1});
  for (size_t t = 0; t < n; ++t) {
    float* row = p + t * n;
    const size_t begin = op.window > 0 && t + 1 > op.window ? t + 1 - op.window : 0;
    const float highest = *std::max_element(row + begin, row + t + 1);
    double sum = 0;
    for (size_t s = begin; s <= t; ++s) {
      row[s] = exponential(op.scale * (row[s] - highest));
      sum += row[s];
    }
    std::fill(row, row + begin, 0.0f);
    for (size_t s = begin; s <= t; ++s) row[s] = static_cast<float>(row[s] / sum);
    std::fill(row + t + 1, row + n, 0.0f);
  }
}

/// fn(sequence, kv head, thread) over all of them, on all threads.
template <typename Fn>
void for_each_head(const Node& node, PassState& state, const Fn& fn) {
  const size_t n_heads = std::get<Attention>(node.op).n_kv_heads;
  state.pool.parallel_for(state.shape.n_sequences * n_heads, 1, [&](size_t begin, size_t end, unsigned) {
    for (size_t i = begin; i < end; ++i) fn(i / n_heads, i % n_heads);
  });
}

}  // namespace

void forward_attention(const Node& node, PassState& state) {
  const auto& op = std::get<Attention>(node.op);
  const size_t group = op.n_heads / op.n_kv_heads, n = state.shape.length;
  const Rows out = state.values[node.output];
  for_each_head(node, state, [&](size_t sequence, size_t kv_head) {
    std::vector<float> p(n * n);
    for (size_t q_head = kv_head * group; q_head < (kv_head + 1) * group; ++q_head) {
      const Head head = head_of(node, state, sequence, q_head, kv_head);
      attention_weights(state.kernels, op, head, p.data());
      float* y = out.row(sequence * n) + q_head * op.head_dim;
      for (size_t t = 0; t < n; ++t) std::fill_n(y + t * out.stride, op.head_dim, 0.0f);
      state.kernels.gemm({.a = p.data(), .a_row = n, .a_col = 1, .b = head.v, .b_row = head.v_stride, .b_col = 1, .c = y, .c_row = out.stride,
                          .m = n, .n = op.head_dim, .k = n, .alpha = 1});
    }
  });
}

/// With scores S = scale Q K^T, P = softmax(S), Y = P V: dV += P^T dY, dP = dY V^T, dS = P (dP - rowsum(P dP)),
/// dQ += scale dS K, dK += scale dS^T Q.
void backward_attention(const Node& node, PassState& state) {
  const auto& op = std::get<Attention>(node.op);
  const size_t group = op.n_heads / op.n_kv_heads, n = state.shape.length;
  const Rows dy = state.gradients[node.output];
  const Rows dq = state.gradients[node.inputs[0]], dk = state.gradients[node.inputs[1]], dv = state.gradients[node.inputs[2]];
  for_each_head(node, state, [&](size_t sequence, size_t kv_head) {
    std::vector<float> p(n * n), ds(n * n);
    const size_t first = sequence * n;
    for (size_t q_head = kv_head * group; q_head < (kv_head + 1) * group; ++q_head) {
      const Head head = head_of(node, state, sequence, q_head, kv_head);
      attention_weights(state.kernels, op, head, p.data());
      const float* up = dy.row(first) + q_head * op.head_dim;
      state.kernels.gemm({.a = p.data(), .a_row = 1, .a_col = n, .b = up, .b_row = dy.stride, .b_col = 1,
                          .c = dv.row(first) + kv_head * op.head_dim, .c_row = dv.stride, .m = n, .n = op.head_dim, .k = n, .alpha = 1});
      std::ranges::fill(ds, 0.0f);
      state.kernels.gemm({.a = up, .a_row = dy.stride, .a_col = 1, .b = head.v, .b_row = 1, .b_col = head.v_stride, .c = ds.data(), .c_row = n,
                          .m = n, .n = n, .k = op.head_dim, .alpha = 1});
      for (size_t t = 0; t < n; ++t) {
        float *row = ds.data() + t * n, *weights = p.data() + t * n;
        double dot = 0;
        for (size_t s = 0; s <= t; ++s) dot += static_cast<double>(weights[s]) * row[s];
        for (size_t s = 0; s < n; ++s) row[s] = op.scale * weights[s] * static_cast<float>(row[s] - dot);
      }
      state.kernels.gemm({.a = ds.data(), .a_row = n, .a_col = 1, .b = head.k, .b_row = head.k_stride, .b_col = 1,
                          .c = dq.row(first) + q_head * op.head_dim, .c_row = dq.stride, .m = n, .n = op.head_dim, .k = n, .alpha = 1});
      state.kernels.gemm({.a = ds.data(), .a_row = 1, .a_col = n, .b = head.q, .b_row = head.q_stride, .b_col = 1,
                          .c = dk.row(first) + kv_head * op.head_dim, .c_row = dk.stride, .m = n, .n = op.head_dim, .k = n, .alpha = 1});
    }
  });
}

}  // namespace aurea::quantization
