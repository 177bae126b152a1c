// Both directions of the ops that work row by row, and of the matrix product.
#include <algorithm>
#include <cmath>

#include "codecs/codec.h"
#include "core/half.h"
#include "quantization/calibration/segment_ops.h"

namespace aurea::quantization {
namespace {

using models::Node;

std::vector<float> load_vector(const PassState& state, models::TensorId id) {
  const TensorView& view = state.source.tensor(id);
  std::vector<float> values(view.elements());
  codecs::codec(view.type).decode(view.data.data(), values.data(), values.size());
  return values;
}

/// fn(row) for all rows of the batch, split among threads.
template <typename Fn>
void for_each_row(PassState& state, const Fn& fn) {
  state.pool.parallel_for(state.shape.n_rows(), 8, [&](size_t begin, size_t end, unsigned) {
    for (size_t r = begin; r < end; ++r) fn(r);
  });
}

void nothing(const Node&, PassState&) {}

void forward_rms_norm(const Node& node, PassState& state) {
  const auto& op = std::get<models::RmsNorm>(node.op);
  const std::vector<float> weight = load_vector(state, op.weight);
  const Rows x = state.values[node.inputs[0]], y = state.values[node.output];
  for_each_row(state, [&](size_t r) {
    double sum = 0;
    for (size_t c = 0; c < x.width; ++c) sum += static_cast<double>(x.row(r)[c]) * x.row(r)[c];
    const double factor = 1 / std::sqrt(sum / static_cast<double>(x.width) + op.eps);
    for (size_t c = 0; c < x.width; ++c) y.row(r)[c] = static_cast<float>(x.row(r)[c] * factor) * weight[c];
  });
}

/// y = f x w with f = (mean x^2 + eps)^(-1/2): dx = f (w dy) - f^3 x mean(x w dy).
void backward_rms_norm(const Node& node, PassState& state) {
  const auto& op = std::get<models::RmsNorm>(node.op);
  const std::vector<float> weight = load_vector(state, op.weight);
  const Rows x = state.values[node.inputs[0]], dx = state.gradients[node.inputs[0]], dy = state.gradients[node.output];
  const auto n = static_cast<double>(x.width);
  for_each_row(state, [&](size_t r) {
    double squares = 0, dot = 0;
    for (size_t c = 0; c < x.width; ++c) {
      squares += static_cast<double>(x.row(r)[c]) * x.row(r)[c];
      dot += static_cast<double>(x.row(r)[c]) * weight[c] * dy.row(r)[c];
    }
    const double f = 1 / std::sqrt(squares / n + op.eps), back = f * f * f * dot / n;
    for (size_t c = 0; c < x.width; ++c) {
      dx.row(r)[c] += static_cast<float>(f * weight[c] * dy.row(r)[c] - back * x.row(r)[c]);
    }
  });
}

struct Moments {
  double mean, factor;  // factor: 1 / standard deviation
};
Moments moments(const float* x, size_t n, float eps) {
  double mean = 0, variance = 0;
  for (size_t c = 0; c < n; ++c) mean += x[c];
  mean /= static_cast<double>(n);
  for (size_t c = 0; c < n; ++c) variance += (x[c] - mean) * (x[c] - mean);
  return {mean, 1 / std::sqrt(variance / static_cast<double>(n) + eps)};
}

void forward_layer_norm(const Node& node, PassState& state) {
  const auto& op = std::get<models::LayerNorm>(node.op);
  const std::vector<float> weight = load_vector(state, op.weight), bias = load_vector(state, op.bias);
  const Rows x = state.values[node.inputs[0]], y = state.values[node.output];
  const size_t run = weight.size();
  for_each_row(state, [&](size_t r) {
    for (size_t begin = 0; begin < x.width; begin += run) {
      const float* in = x.row(r) + begin;
      const Moments m = moments(in, run, op.eps);
      for (size_t c = 0; c < run; ++c) y.row(r)[begin + c] = static_cast<float>((in[c] - m.mean) * m.factor * weight[c] + bias[c]);
    }
  });
}

/// With z = (x - mean) f and g = w dy: dx = f (g - mean(g) - z mean(z g)).
void backward_layer_norm(const Node& node, PassState& state) {
  const auto& op = std::get<models::LayerNorm>(node.op);
  const std::vector<float> weight = load_vector(state, op.weight);
  const Rows x = state.values[node.inputs[0]], dx = state.gradients[node.inputs[0]], dy = state.gradients[node.output];
  const size_t run = weight.size();
  const auto n = static_cast<double>(run);
  for_each_row(state, [&](size_t r) {
    for (size_t begin = 0; begin < x.width; begin += run) {
      const float *in = x.row(r) + begin, *up = dy.row(r) + begin;
      const Moments m = moments(in, run, op.eps);
      double sum = 0, dot = 0;
      for (size_t c = 0; c < run; ++c) {
        const double g = static_cast<double>(weight[c]) * up[c];
        sum += g;
        dot += g * (in[c] - m.mean) * m.factor;
      }
      for (size_t c = 0; c < run; ++c) {
        const double g = static_cast<double>(weight[c]) * up[c], z = (in[c] - m.mean) * m.factor;
        dx.row(r)[begin + c] += static_cast<float>(m.factor * (g - sum / n - z * dot / n));
      }
    }
  });
}

void forward_linear(const Node& node, PassState& state) {
  const auto& op = std::get<models::Linear>(node.op);
  const Rows x = state.values[node.inputs[0]], y = state.values[node.output];
  const std::vector<float> bias = op.bias ? load_vector(state, *op.bias) : std::vector<float>(y.width, 0.0f);
  for (size_t r = 0; r < state.shape.n_rows(); ++r) std::ranges::copy(bias, y.row(r));
  add_product(state, state.matrix({op.weight}), x, y, state.shape.n_rows());
}

void backward_linear(const Node& node, PassState& state) {
  const auto& op = std::get<models::Linear>(node.op);
  const Rows x = state.values[node.inputs[0]], dy = state.gradients[node.output];
  const size_t n_rows = state.shape.n_rows();
  (*state.sink)({{op.weight}, x, dy, n_rows});
  add_product_of_transposed(state, state.matrix({op.weight}), dy, state.gradients[node.inputs[0]], n_rows);
}

/// sign: 1 rotates, -1 rotates back. src and dst [n_heads, head_dim]; adds to dst, or sets it.
template <bool kAdd>
void rotate(const Node& node, PassState& state, Rows src, Rows dst, float sign) {
  const auto& op = std::get<models::Rope>(node.op);
  const size_t half = state.source.params().rope.dims / 2;
  for_each_row(state, [&](size_t r) {
    const size_t t = r % state.shape.length;
    for (size_t head = 0; head < op.n_heads; ++head) {
      const float* in = src.row(r) + head * op.head_dim;
      float* out = dst.row(r) + head * op.head_dim;
      const auto put = [](float& place, float value) { place = kAdd ? place + value : value; };
      for (size_t i = 0; i < half; ++i) {
        const float cos = state.cos[t * half + i], sin = sign * state.sin[t * half + i];
        const float a = in[i], b = in[i + half];
        put(out[i], a * cos - b * sin);
        put(out[i + half], b * cos + a * sin);
      }
      for (size_t i = 2 * half; i < op.head_dim; ++i) put(out[i], in[i]);
    }
  });
}
void forward_rope(const Node& node, PassState& state) { rotate<false>(node, state, state.values[node.inputs[0]], state.values[node.output], 1); }
void backward_rope(const Node& node, PassState& state) { rotate<true>(node, state, state.gradients[node.output], state.gradients[node.inputs[0]], -1); }

void forward_silu_mul(const Node& node, PassState& state) {
  const Rows gate = state.values[node.inputs[0]], up = state.values[node.inputs[1]], y = state.values[node.output];
  for_each_row(state, [&](size_t r) { silu_mul(gate.row(r), up.row(r), y.row(r), y.width); });
}
void backward_silu_mul(const Node& node, PassState& state) {
  const Rows gate = state.values[node.inputs[0]], up = state.values[node.inputs[1]], dy = state.gradients[node.output];
  const Rows d_gate = state.gradients[node.inputs[0]], d_up = state.gradients[node.inputs[1]];
  for_each_row(state, [&](size_t r) { add_silu_mul_gradients(gate.row(r), up.row(r), dy.row(r), d_gate.row(r), d_up.row(r), dy.width); });
}

// GELU in its tanh form: x (1 + tanh u) / 2 = x / (1 + exp(-2u)), u = sqrt(2 / pi) (x + 0.044715 x^3).
constexpr float kTwiceRoot = 1.5957691216057308f;  // 2 sqrt(2 / pi)
constexpr float kCubic = 0.044715f;

void forward_gelu(const Node& node, PassState& state) {
  const Rows x = state.values[node.inputs[0]], y = state.values[node.output];
  for_each_row(state, [&](size_t r) {
    for (size_t c = 0; c < x.width; ++c) {
      const float v = x.row(r)[c];
      y.row(r)[c] = v * sigmoid(kTwiceRoot * (v + kCubic * v * v * v));
    }
  });
}
void backward_gelu(const Node& node, PassState& state) {
  const Rows x = state.values[node.inputs[0]], dx = state.gradients[node.inputs[0]], dy = state.gradients[node.output];
  for_each_row(state, [&](size_t r) {
    for (size_t c = 0; c < x.width; ++c) {
      const float v = x.row(r)[c], s = sigmoid(kTwiceRoot * (v + kCubic * v * v * v));
      const float slope = s + v * s * (1 - s) * kTwiceRoot * (1 + 3 * kCubic * v * v);
      dx.row(r)[c] += dy.row(r)[c] * slope;
    }
  });
}

void forward_add(const Node& node, PassState& state) {
  const Rows a = state.values[node.inputs[0]], b = state.values[node.inputs[1]], y = state.values[node.output];
  for_each_row(state, [&](size_t r) {
    for (size_t c = 0; c < y.width; ++c) y.row(r)[c] = a.row(r)[c] + b.row(r)[c];
  });
}
void backward_add(const Node& node, PassState& state) {
  const Rows dy = state.gradients[node.output];
  for (const models::ValueId input : node.inputs) {
    const Rows dx = state.gradients[input];
    for_each_row(state, [&](size_t r) {
      for (size_t c = 0; c < dy.width; ++c) dx.row(r)[c] += dy.row(r)[c];
    });
  }
}

void forward_select_rows(const Node& node, PassState& state) {  // all rows are wanted
  const Rows x = state.values[node.inputs[0]], y = state.values[node.output];
  for_each_row(state, [&](size_t r) { std::copy_n(x.row(r), x.width, y.row(r)); });
}
void backward_select_rows(const Node& node, PassState& state) {
  const Rows dx = state.gradients[node.inputs[0]], dy = state.gradients[node.output];
  for_each_row(state, [&](size_t r) {
    for (size_t c = 0; c < dy.width; ++c) dx.row(r)[c] += dy.row(r)[c];
  });
}

/// The embedding's rows come from the caller; what reaches the sink is the gradient of each token's row.
void backward_embedding(const Node& node, PassState& state) {
  const Rows dy = state.gradients[node.output];
  (*state.sink)({{std::get<models::Embedding>(node.op).table}, dy, {}, state.shape.n_rows()});
}

template <typename... Ops>
struct Overloaded : Ops... {
  using Ops::operator()...;
};
template <typename... Ops>
Overloaded(Ops...) -> Overloaded<Ops...>;

}  // namespace

const CalibrationOp& calibration_op(const models::Op& op) {
  static constexpr CalibrationOp kEmbedding{nothing, backward_embedding}, kRmsNorm{forward_rms_norm, backward_rms_norm},
      kLayerNorm{forward_layer_norm, backward_layer_norm}, kLinear{forward_linear, backward_linear}, kSlice{nothing, nothing},
      kRope{forward_rope, backward_rope}, kAttention{forward_attention, backward_attention}, kSiluMul{forward_silu_mul, backward_silu_mul},
      kGelu{forward_gelu, backward_gelu}, kSparseMixer{forward_sparse_mixer, nothing}, kExperts{forward_experts, backward_experts},
      kAdd{forward_add, backward_add}, kSelectRows{forward_select_rows, backward_select_rows};
  return *std::visit(Overloaded{
                         [](const models::Embedding&) { return &kEmbedding; },
                         [](const models::RmsNorm&) { return &kRmsNorm; },
                         [](const models::LayerNorm&) { return &kLayerNorm; },
                         [](const models::Linear&) { return &kLinear; },
                         [](const models::Slice&) { return &kSlice; },
                         [](const models::Rope&) { return &kRope; },
                         [](const models::Attention&) { return &kAttention; },
                         [](const models::SiluMul&) { return &kSiluMul; },
                         [](const models::Gelu&) { return &kGelu; },
                         [](const models::SparseMixer&) { return &kSparseMixer; },
                         [](const models::Experts&) { return &kExperts; },
                         [](const models::Add&) { return &kAdd; },
                         [](const models::SelectRows&) { return &kSelectRows; },
                     },
                     op);
}

}  // namespace aurea::quantization
