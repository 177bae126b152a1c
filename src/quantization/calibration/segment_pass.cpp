#include "quantization/calibration/segment_pass.h"

#include <algorithm>
#include <cmath>

#include "codecs/codec.h"
#include "core/error.h"
#include "quantization/linear_algebra.h"

namespace aurea::quantization {

using models::Node;
using models::ValueId;

namespace {

constexpr size_t kDecodedFloats = 1 << 20;  // of a weight at a time: 4 MiB

/// Decodes rows [first, first + n) of a weight into dst [n, cols].
void decode_rows(PassState& state, const TensorView& weight, size_t first, size_t n, float* dst) {
  const auto decode = codecs::codec(weight.type).decode;
  const size_t cols = weight.cols();
  state.pool.parallel_for(n, 16, [&](size_t begin, size_t end, unsigned) {
    for (size_t r = begin; r < end; ++r) decode(weight.row(first + r), dst + r * cols, cols);
  });
}

/// fn(first row, rows [n, cols], n) for pieces of the weight.
template <typename Fn>
void for_decoded_pieces(PassState& state, const TensorView& weight, const Fn& fn) {
  const size_t rows = weight.rows(), cols = weight.cols();
  const size_t piece = std::clamp<size_t>(kDecodedFloats / cols, 1, rows);
  std::vector<float> decoded(piece * cols);
  for (size_t first = 0; first < rows; first += piece) {
    const size_t n = std::min(piece, rows - first);
    decode_rows(state, weight, first, n, decoded.data());
    fn(first, decoded.data(), n);
  }
}

}  // namespace

void add_product(PassState& state, const TensorView& weight, Rows x, Rows y, size_t n_rows) {
  const size_t cols = weight.cols();
  for_decoded_pieces(state, weight, [&](size_t first, const float* w, size_t n) {
    multiply(state.kernels, state.pool,
             {.a = x.data, .a_row = x.stride, .a_col = 1, .b = w, .b_row = 1, .b_col = cols, .c = y.data + first, .c_row = y.stride,
              .m = n_rows, .n = n, .k = cols, .alpha = 1});
  });
}

void add_product_of_transposed(PassState& state, const TensorView& weight, Rows dy, Rows dx, size_t n_rows) {
  const size_t cols = weight.cols();
  for_decoded_pieces(state, weight, [&](size_t first, const float* w, size_t n) {
    multiply(state.kernels, state.pool,
             {.a = dy.data + first, .a_row = dy.stride, .a_col = 1, .b = w, .b_row = cols, .b_col = 1, .c = dx.data, .c_row = dx.stride,
              .m = n_rows, .n = cols, .k = n, .alpha = 1});
  });
}

void embed_tokens(const TensorView& table, std::span<const int32_t> tokens, float* rows, ThreadPool& pool) {
  const auto decode = codecs::codec(table.type).decode;
  const size_t n = table.cols();
  pool.parallel_for(tokens.size(), 64, [&](size_t begin, size_t end, unsigned) {
    for (size_t t = begin; t < end; ++t) decode(table.row(static_cast<uint64_t>(tokens[t])), rows + t * n, n);
  });
}

const TensorView& PassState::matrix(MatrixId id) const {
  if (replacements != nullptr) {
    const auto found = replacements->find(id);
    if (found != replacements->end()) return found->second;
  }
  return source.parts(id.tensor)[id.part];
}

SegmentPass::SegmentPass(const models::ModelSource& source, const kernels::KernelSet& kernels, ThreadPool& pool, const Segment& segment,
                         size_t max_rows, const Replacements* replacements)
    : segment_(segment), state_{source, replacements, kernels, pool, {}, {}, {}, {}, {}}, max_rows_(max_rows) {
  place(state_.values, value_buffer_);
}

SegmentPass::~SegmentPass() {
  const auto release = [&](models::TensorId id) {
    if (!state_.source.is_mapped(id)) return;
    for (const TensorView& part : state_.source.parts(id)) state_.source.release(part.data);
  };
  for (const Node& node : segment_.nodes) {
    if (const auto* linear = std::get_if<models::Linear>(&node.op)) release(linear->weight);
    if (const auto* experts = std::get_if<models::Experts>(&node.op)) {
      for (const models::TensorId id : {experts->gate, experts->up, experts->down}) release(id);
    }
  }
}

void SegmentPass::place(std::vector<Rows>& rows, std::vector<float>& buffer) const {
  const models::Graph& graph = state_.source.description().graph;
  rows.resize(graph.values.size());
  std::vector<std::pair<ValueId, size_t>> places;
  size_t total = 0;
  const auto add = [&](ValueId value) {
    places.emplace_back(value, total);
    total += graph.values[value].width * max_rows_;
  };
  add(segment_.input);
  for (const Node& node : segment_.nodes) {
    if (!std::holds_alternative<models::Slice>(node.op) && node.output != segment_.input) add(node.output);
  }
  buffer.assign(total, 0.0f);
  for (const auto& [value, offset] : places) {
    const size_t width = graph.values[value].width;
    rows[value] = {buffer.data() + offset, width, width};
  }
  for (const Node& node : segment_.nodes) {
    if (const auto* slice = std::get_if<models::Slice>(&node.op)) {
      const Rows& parent = rows[node.inputs[0]];
      rows[node.output] = {parent.data + slice->begin, parent.stride, graph.values[node.output].width};
    }
  }
}

void SegmentPass::fill_rope() {
  const models::RopeParams& rope = state_.source.params().rope;
  const bool is_long = rope.has_factors() && state_.shape.length > rope.original_context;
  const std::vector<double> frequencies = models::rope_frequencies(rope, is_long ? rope.long_factors : rope.short_factors);
  const double magnitude = is_long ? rope.long_magnitude : rope.short_magnitude;
  const size_t half = frequencies.size();
  state_.cos.resize(state_.shape.length * half);
  state_.sin.resize(state_.shape.length * half);
  for (size_t t = 0; t < state_.shape.length; ++t) {
    for (size_t i = 0; i < half; ++i) {
      const double angle = static_cast<double>(t) * frequencies[i];
      state_.cos[t * half + i] = static_cast<float>(std::cos(angle) * magnitude);
      state_.sin[t * half + i] = static_cast<float>(std::sin(angle) * magnitude);
    }
  }
}

Rows SegmentPass::forward(BatchShape shape, std::span<const float> input) {
  forward_to(segment_.nodes.size(), shape, input);
  return state_.values[segment_.output];
}

void SegmentPass::forward_to(size_t last, BatchShape shape, std::span<const float> input) {
  const Rows first = state_.values[segment_.input];
  AUREA_CHECK(shape.n_rows() <= max_rows_ && input.size() == shape.n_rows() * first.width);
  if (shape.length != state_.shape.length) {
    state_.shape = shape;
    fill_rope();
  }
  state_.shape = shape;
  std::ranges::copy(input, first.data);
  for (const Node& node : segment_.nodes.first(last)) calibration_op(node.op).forward(node, state_);
}

std::span<const float> SegmentPass::backward(std::span<const float> output_gradient, const MatrixSink& sink) {
  if (gradient_buffer_.empty()) {
    place(state_.gradients, gradient_buffer_);
  } else {
    std::ranges::fill(gradient_buffer_, 0.0f);
  }
  const Rows last = state_.gradients[segment_.output], first = state_.gradients[segment_.input];
  AUREA_CHECK(output_gradient.size() == state_.shape.n_rows() * last.width);
  std::ranges::copy(output_gradient, last.data);
  state_.sink = &sink;
  for (size_t n = segment_.nodes.size(); n-- > 0;) calibration_op(segment_.nodes[n].op).backward(segment_.nodes[n], state_);
  state_.sink = nullptr;
  return {first.data, state_.shape.n_rows() * first.width};
}

}  // namespace aurea::quantization
