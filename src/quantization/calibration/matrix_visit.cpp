#include "quantization/calibration/matrix_visit.h"

#include <algorithm>
#include <optional>

#include "core/error.h"
#include "quantization/calibration/segment_ops.h"
#include "quantization/linear_algebra.h"

namespace aurea::quantization {
namespace {

using models::Node;
using models::ValueId;

/// For a matrix whose result reaches the end of its segment by additions alone: the other terms that are known when its
/// turn comes. Nothing for all others.
std::optional<std::vector<ValueId>> residual_terms(const Segment& segment, size_t node) {
  std::vector<ValueId> known{segment.input}, terms;
  for (const Node& before : segment.nodes.first(node)) known.push_back(before.output);
  ValueId sum = segment.nodes[node].output;
  for (const Node& after : segment.nodes.subspan(node + 1)) {
    const auto place = std::ranges::find(after.inputs, sum);
    if (place == after.inputs.end()) continue;
    if (!std::holds_alternative<models::Add>(after.op)) return std::nullopt;
    const ValueId other = after.inputs[place == after.inputs.begin() ? 1 : 0];
    if (std::ranges::find(known, other) != known.end()) terms.push_back(other);
    sum = after.output;
  }
  if (sum != segment.output) return std::nullopt;
  return terms;
}

class Visit {
 public:
  Visit(const models::ModelSource& source, std::span<const int32_t> tokens, const CalibrateOptions& options, const Replacements* replacements,
        MatrixVisitor& visitor, const kernels::KernelSet& kernels, ThreadPool& pool, const std::function<void(uint64_t)>& progress,
        const CancelToken* cancel)
      : source_(source), graph_(source.description().graph), replacements_(replacements), visitor_(visitor), kernels_(kernels), pool_(pool),
        progress_(progress), cancel_(cancel), segments_(cut_into_segments(graph_)), batches_(cut_into_batches(tokens.size(), options)) {
    size_t n_tokens = 0;
    for (const Batch& batch : batches_) {
      n_tokens += batch.shape.n_rows();
      max_rows_ = std::max(max_rows_, batch.shape.n_rows());
    }
    const models::TensorId table = std::get<models::Embedding>(segments_.front().nodes.front().op).table;
    width_ = graph_.values[segments_.front().output].width;
    const PassState state{source, replacements, kernels, pool, {}, {}, {}, {}, {}};
    original_.resize(n_tokens * width_);
    embed_tokens(source.tensor(table), tokens.first(n_tokens), original_.data(), pool);
    if (replacements == nullptr) return;
    replaced_.resize(n_tokens * width_);
    embed_tokens(state.matrix({table}), tokens.first(n_tokens), replaced_.data(), pool);
  }

  void run() {
    for (const Segment& segment : std::span(segments_).subspan(1)) {
      SegmentPass original(source_, kernels_, pool_, segment, max_rows_);
      std::optional<SegmentPass> replaced;
      if (replacements_ != nullptr) replaced.emplace(source_, kernels_, pool_, segment, max_rows_, replacements_);
      Pair pair{original, replaced ? *replaced : original};
      for (size_t n = 0; n < segment.nodes.size(); ++n) {
        if (std::holds_alternative<models::Linear>(segment.nodes[n].op)) visit_linear(segment, n, pair);
        if (std::holds_alternative<models::Experts>(segment.nodes[n].op)) visit_experts(segment, n, pair);
      }
      advance_streams(segment, pair);
    }
    visit_output();
  }

 private:
  /// One segment in both models; the same object twice where nothing is replaced.
  struct Pair {
    SegmentPass& original;
    SegmentPass& replaced;
  };

  [[nodiscard]] bool both() const { return replacements_ != nullptr; }

  void advance(size_t work) {
    if (cancel_ != nullptr) cancel_->check();
    done_ += work;
    progress_(done_);
  }

  /// What for_batches would have done.
  void skip() { advance(original_.size() / width_ * (both() ? 2 : 1)); }

  std::span<float> rows(std::vector<float>& stream, const Batch& batch) const {
    return std::span(stream).subspan(batch.first * width_, batch.shape.n_rows() * width_);
  }

  /// Both models up to node `last`, batch by batch.
  void for_batches(size_t last, Pair& pair, const std::function<void(const Batch&)>& fn) {
    for (const Batch& batch : batches_) {
      pair.original.forward_to(last, batch.shape, rows(original_, batch));
      if (both()) pair.replaced.forward_to(last, batch.shape, rows(replaced_, batch));
      fn(batch);
      advance(batch.shape.n_rows() * (both() ? 2 : 1));
    }
  }

  MatrixInputs empty_inputs(size_t n_in) const {
    return {n_in, 0, std::vector<float>(gram_floats(n_in), 0.0f), std::vector<float>(both() ? n_in * n_in : 0, 0.0f), {}};
  }

  /// sum [n_a, n_b] += a^T b.
  void add_outer(Rows a, Rows b, size_t n_rows, std::vector<float>& sum) {
    multiply(kernels_, pool_, {.a = a.data, .a_row = 1, .a_col = a.stride, .b = b.data, .b_row = b.stride, .b_col = 1, .c = sum.data(),
                               .c_row = b.width, .m = a.width, .n = b.width, .k = n_rows, .alpha = 1});
  }

  Rows difference(Rows a, Rows b, size_t n_rows) {
    difference_.resize(n_rows * a.width);
    const Rows result{difference_.data(), a.width, a.width};
    pool_.parallel_for(n_rows, 16, [&](size_t begin, size_t end, unsigned) {
      for (size_t r = begin; r < end; ++r) std::transform(a.row(r), a.row(r) + a.width, b.row(r), result.row(r), std::minus<>());
    });
    return result;
  }

  /// x of the original model, x' of the other.
  void add_rows(MatrixInputs& inputs, Rows x, Rows replaced_x, size_t n_rows) {
    add_gram(kernels_, pool_, replaced_x.data, replaced_x.stride, n_rows, inputs.n_in, inputs.gram.data());
    if (both()) add_outer(difference(x, replaced_x, n_rows), replaced_x, n_rows, inputs.drift);
    inputs.n_rows += n_rows;
  }

  /// The matrices with the same input as node n, if it is the first of them.
  void visit_linear(const Segment& segment, size_t n, Pair& pair) {
    const ValueId input = segment.nodes[n].inputs[0];
    std::vector<size_t> wanted;
    for (size_t other = 0; other < segment.nodes.size(); ++other) {
      const auto* linear = std::get_if<models::Linear>(&segment.nodes[other].op);
      if (linear == nullptr || segment.nodes[other].inputs[0] != input) continue;
      if (other < n) return;  // done together with that one
      if (visitor_.wants({linear->weight})) wanted.push_back(other);
    }
    if (wanted.empty()) return skip();
    MatrixInputs inputs = empty_inputs(graph_.values[input].width);
    std::vector<std::optional<std::vector<ValueId>>> terms;
    std::vector<std::vector<float>> drifts;
    for (const size_t node : wanted) {
      terms.push_back(both() ? residual_terms(segment, node) : std::nullopt);
      drifts.emplace_back(terms.back() ? graph_.values[segment.nodes[node].output].width * inputs.n_in : 0, 0.0f);
    }
    for_batches(n, pair, [&](const Batch& batch) {
      const size_t n_rows = batch.shape.n_rows();
      const auto &values = pair.original.state().values, &replaced = pair.replaced.state().values;
      add_rows(inputs, values[input], replaced[input], n_rows);
      for (size_t i = 0; i < wanted.size(); ++i) {
        for (const ValueId term : terms[i].value_or(std::vector<ValueId>{})) {
          add_outer(difference(values[term], replaced[term], n_rows), replaced[input], n_rows, drifts[i]);
        }
      }
    });
    for (size_t i = 0; i < wanted.size(); ++i) {
      inputs.residual_drift = std::move(drifts[i]);
      visitor_.visit({std::get<models::Linear>(segment.nodes[wanted[i]].op).weight}, inputs);
    }
  }

  /// Expert by expert: its first two matrices, then, with these replaced, the last. The rows are those that reach it behind
  /// replaced matrices; the residual stream's drift is left to the matrices that all tokens pass.
  void visit_experts(const Segment& segment, size_t n, Pair& pair) {
    const Node& node = segment.nodes[n];
    const auto& op = std::get<models::Experts>(node.op);
    for (size_t expert = 0; expert < source_.parts(op.gate).size(); ++expert) {
      const MatrixId gate{op.gate, expert}, up{op.up, expert}, down{op.down, expert};
      visit_expert(n, pair, node, expert, {gate, up}, source_.parts(op.gate)[expert].cols(), false);
      visit_expert(n, pair, node, expert, {down}, source_.parts(op.down)[expert].cols(), true);
    }
  }

  void visit_expert(size_t n, Pair& pair, const Node& node, size_t expert, std::vector<MatrixId> matrices, size_t n_in, bool inner) {
    std::erase_if(matrices, [&](MatrixId id) { return !visitor_.wants(id); });
    if (matrices.empty()) return skip();
    MatrixInputs inputs = empty_inputs(n_in);
    for_batches(n, pair, [&](const Batch&) {
      PassState &original = pair.original.state(), &replaced = pair.replaced.state();
      const Rows routing = replaced.values[node.inputs[1]];
      ExpertRows seen = gather_expert_rows(node, original, expert, routing), behind = gather_expert_rows(node, replaced, expert, routing);
      if (seen.rows.empty()) return;
      if (inner) {
        run_expert_inner(node, original, expert, seen);
        run_expert_inner(node, replaced, expert, behind);
      }
      std::vector<float>&x = inner ? seen.inner : seen.x, &replaced_x = inner ? behind.inner : behind.x;
      add_rows(inputs, {x.data(), n_in, n_in}, {replaced_x.data(), n_in, n_in}, seen.rows.size());
    });
    if (inputs.n_rows == 0) return;
    for (const MatrixId id : matrices) visitor_.visit(id, inputs);
  }

  /// To the end of the segment.
  void advance_streams(const Segment& segment, Pair& pair) {
    AUREA_CHECK(graph_.values[segment.output].width == width_);
    for_batches(segment.nodes.size(), pair, [&](const Batch& batch) {
      const size_t n = batch.shape.n_rows() * width_;
      std::copy_n(pair.original.state().values[segment.output].data, n, rows(original_, batch).begin());
      if (both()) std::copy_n(pair.replaced.state().values[segment.output].data, n, rows(replaced_, batch).begin());
    });
  }

  void visit_output() {
    const models::TensorId weight = std::get<models::Linear>(graph_.nodes.back().op).weight;
    if (!visitor_.wants({weight})) return advance(original_.size() / width_);
    MatrixInputs inputs = empty_inputs(width_);
    for (const Batch& batch : batches_) {
      const size_t n = batch.shape.n_rows();
      float* x = rows(original_, batch).data();
      add_rows(inputs, {x, width_, width_}, {both() ? rows(replaced_, batch).data() : x, width_, width_}, n);
      advance(n);
    }
    visitor_.visit({weight}, inputs);
  }

  const models::ModelSource& source_;
  const models::Graph& graph_;
  const Replacements* replacements_;
  MatrixVisitor& visitor_;
  const kernels::KernelSet& kernels_;
  ThreadPool& pool_;
  const std::function<void(uint64_t)>& progress_;
  const CancelToken* cancel_;
  uint64_t done_ = 0;
  const std::vector<Segment> segments_;
  const std::vector<Batch> batches_;
  size_t max_rows_ = 0, width_ = 0;
  std::vector<float> original_, replaced_;  // [n_tokens, width_]: the residual stream where the current segment begins
  std::vector<float> difference_;
};

}  // namespace

void visit_matrices(const models::ModelSource& source, std::span<const int32_t> tokens, const CalibrateOptions& options,
                    const Replacements* replacements, MatrixVisitor& visitor, const kernels::KernelSet& kernels, ThreadPool& pool,
                    const std::function<void(uint64_t)>& progress, const CancelToken* cancel) {
  Visit(source, tokens, options, replacements, visitor, kernels, pool, progress, cancel).run();
}

uint64_t matrix_visit_work(const models::ModelSource& source, size_t n_tokens, bool replaces) {
  uint64_t passes = 0;
  const std::vector<Segment> segments = cut_into_segments(source.description().graph);
  for (const Segment& segment : std::span(segments).subspan(1)) {
    std::vector<ValueId> inputs;
    for (const Node& node : segment.nodes) {
      if (const auto* experts = std::get_if<models::Experts>(&node.op)) passes += 2 * source.parts(experts->gate).size();
      if (!std::holds_alternative<models::Linear>(node.op) || std::ranges::find(inputs, node.inputs[0]) != inputs.end()) continue;
      inputs.push_back(node.inputs[0]);
    }
    passes += inputs.size() + 1;
  }
  return n_tokens * (passes * (replaces ? 2 : 1) + 1);
}

}  // namespace aurea::quantization
