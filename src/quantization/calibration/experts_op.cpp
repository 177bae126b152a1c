// The mixture of experts, both directions, expert by expert, and the gated activation that all MLPs share.
//
// The choice of experts and its weights are taken as they are: the gradient through the router's scores is left out. It is
// zero almost everywhere for the choice, and small for the weights beside the experts' own.
#include <algorithm>
#include <cmath>

#include "core/half.h"
#include "engine/ops/sparse_mixer.h"
#include "quantization/calibration/segment_ops.h"

namespace aurea::quantization {
namespace {

#include "kernels/cpu/scalar/exp.inc.h"

using models::Experts;
using models::Node;

constexpr size_t kChoices = engine::kExpertChoices;

Rows as_rows(std::vector<float>& values, size_t width) { return {values.data(), width, width}; }

/// Which rows go to `expert`, and its MLP on them.
ExpertRows run_expert(const Node& node, PassState& state, size_t expert) {
  ExpertRows e = gather_expert_rows(node, state, expert, state.values[node.inputs[1]]);
  if (e.rows.empty()) return e;
  run_expert_inner(node, state, expert, e);
  const TensorView& down = state.matrix({std::get<Experts>(node.op).down, expert});
  e.out.assign(e.rows.size() * down.rows(), 0.0f);
  add_product(state, down, as_rows(e.inner, down.cols()), as_rows(e.out, down.rows()), e.rows.size());
  return e;
}

}  // namespace

ExpertRows gather_expert_rows(const Node& node, const PassState& state, size_t expert, Rows routing) {
  const Rows x = state.values[node.inputs[0]];
  ExpertRows e;
  for (size_t r = 0; r < state.shape.n_rows(); ++r) {
    for (size_t choice = 0; choice < kChoices; ++choice) {
      if (static_cast<size_t>(routing.row(r)[choice]) != expert) continue;
      e.rows.push_back(r);
      e.weights.push_back(routing.row(r)[kChoices + choice]);
      e.x.insert(e.x.end(), x.row(r), x.row(r) + x.width);
    }
  }
  return e;
}

void run_expert_inner(const Node& node, PassState& state, size_t expert, ExpertRows& e) {
  const auto& op = std::get<Experts>(node.op);
  const size_t n = e.rows.size();
  const TensorView &gate = state.matrix({op.gate, expert}), &up = state.matrix({op.up, expert});
  e.gate.assign(n * gate.rows(), 0.0f);
  e.up.assign(n * up.rows(), 0.0f);
  e.inner.assign(n * up.rows(), 0.0f);
  add_product(state, gate, as_rows(e.x, gate.cols()), as_rows(e.gate, gate.rows()), n);
  add_product(state, up, as_rows(e.x, up.cols()), as_rows(e.up, up.rows()), n);
  silu_mul(e.gate.data(), e.up.data(), e.inner.data(), e.inner.size());
}

float exponential(float x) { return exp_f(x); }
float sigmoid(float x) { return 1.0f / (1.0f + exp_f(-x)); }

void silu_mul(const float* gate, const float* up, float* y, size_t n) {
  for (size_t c = 0; c < n; ++c) y[c] = up[c] * (gate[c] * sigmoid(gate[c]));
}

void add_silu_mul_gradients(const float* gate, const float* up, const float* dy, float* d_gate, float* d_up, size_t n) {
  for (size_t c = 0; c < n; ++c) {
    const float s = sigmoid(gate[c]);
    d_up[c] += dy[c] * gate[c] * s;
    d_gate[c] += dy[c] * up[c] * (s + gate[c] * s * (1 - s));
  }
}

void forward_sparse_mixer(const Node& node, PassState& state) {
  const float jitter = std::get<models::SparseMixer>(node.op).jitter;
  const Rows scores = state.values[node.inputs[0]], out = state.values[node.output];
  for (size_t r = 0; r < state.shape.n_rows(); ++r) {
    engine::mix_sparsely(scores.row(r), scores.width, jitter, out.row(r));
  }
}

void forward_experts(const Node& node, PassState& state) {
  const auto& op = std::get<Experts>(node.op);
  const Rows y = state.values[node.output];
  for (size_t r = 0; r < state.shape.n_rows(); ++r) std::fill_n(y.row(r), y.width, 0.0f);
  for (size_t expert = 0; expert < state.source.parts(op.gate).size(); ++expert) {
    const ExpertRows e = run_expert(node, state, expert);
    for (size_t i = 0; i < e.rows.size(); ++i) {
      for (size_t c = 0; c < y.width; ++c) y.row(e.rows[i])[c] += e.weights[i] * e.out[i * y.width + c];
    }
  }
}

void backward_experts(const Node& node, PassState& state) {
  const auto& op = std::get<Experts>(node.op);
  const Rows dy = state.gradients[node.output], dx = state.gradients[node.inputs[0]];
  for (size_t expert = 0; expert < state.source.parts(op.gate).size(); ++expert) {
    ExpertRows e = run_expert(node, state, expert);
    const size_t n = e.rows.size();
    if (n == 0) continue;
    const TensorView &gate = state.matrix({op.gate, expert}), &up = state.matrix({op.up, expert}), &down = state.matrix({op.down, expert});
    std::vector<float> d_out(n * dy.width), d_inner(e.inner.size(), 0.0f), d_gate(e.gate.size(), 0.0f), d_up(e.up.size(), 0.0f), d_x(e.x.size(), 0.0f);
    for (size_t i = 0; i < n; ++i) {
      for (size_t c = 0; c < dy.width; ++c) d_out[i * dy.width + c] = e.weights[i] * dy.row(e.rows[i])[c];
    }
    (*state.sink)({{op.down, expert}, as_rows(e.inner, down.cols()), as_rows(d_out, down.rows()), n});
    add_product_of_transposed(state, down, as_rows(d_out, down.rows()), as_rows(d_inner, down.cols()), n);
    add_silu_mul_gradients(e.gate.data(), e.up.data(), d_inner.data(), d_gate.data(), d_up.data(), d_inner.size());
    (*state.sink)({{op.gate, expert}, as_rows(e.x, gate.cols()), as_rows(d_gate, gate.rows()), n});
    (*state.sink)({{op.up, expert}, as_rows(e.x, up.cols()), as_rows(d_up, up.rows()), n});
    add_product_of_transposed(state, gate, as_rows(d_gate, gate.rows()), as_rows(d_x, gate.cols()), n);
    add_product_of_transposed(state, up, as_rows(d_up, up.rows()), as_rows(d_x, up.cols()), n);
    for (size_t i = 0; i < n; ++i) {
      for (size_t c = 0; c < dx.width; ++c) dx.row(e.rows[i])[c] += d_x[i * dx.width + c];
    }
  }
}

}  // namespace aurea::quantization
