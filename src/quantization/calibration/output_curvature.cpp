#include "quantization/calibration/output_curvature.h"

#include <algorithm>
#include <cmath>

#include "codecs/codec.h"
#include "core/error.h"
#include "engine/sampling/random.h"
#include "quantization/calibration/segment_ops.h"
#include "quantization/linear_algebra.h"

namespace aurea::quantization {
namespace {

using models::Node;

constexpr size_t kLogitFloats = 4 << 20;  // 16 MiB of logits at a time
constexpr size_t kBackwardWork = 4;       // the way back beside the way forward: values again, gradients, sums

class GradientPass {
 public:
  GradientPass(const models::ModelSource& source, std::span<const int32_t> tokens, const CalibrateOptions& options,
               const kernels::KernelSet& kernels, ThreadPool& pool, const std::function<void(uint64_t)>& progress, const CancelToken* cancel)
      : source_(source), tokens_(tokens), kernels_(kernels), pool_(pool), progress_(progress), cancel_(cancel),
        segments_(cut_into_segments(source.description().graph)), random_(options.seed), batches_(cut_into_batches(tokens.size(), options)) {
    if (batches_.empty()) {
      fail(ErrorCode::kBadArgument, "a text of {} tokens is too short to calibrate with: at least {} are needed", tokens.size(), options.length);
    }
    for (const Batch& batch : batches_) {
      sums_.n_tokens += batch.shape.n_rows();
      max_rows_ = std::max(max_rows_, batch.shape.n_rows());
    }
    sums_.embedding.assign(gram_floats(width(0)), 0.0f);
    sums_.final_rows.assign(gram_floats(width(segments_.size() - 1)), 0.0f);
  }

  OutputCurvature run() {
    boundaries_.resize(segments_.size());
    for (size_t s = 0; s < segments_.size(); ++s) boundaries_[s].resize(max_rows_ * width(s));
    for (const Batch& batch : batches_) {
      embed(batch);
      for (size_t s = 1; s < segments_.size(); ++s) forward(s, batch);
      differentiate_output(batch);
      for (size_t s = segments_.size() - 1; s > 0; --s) backward(s, batch);
      add_gram(kernels_, pool_, boundaries_[0].data(), width(0), batch.shape.n_rows(), width(0), sums_.embedding.data());
    }
    sums_.logit_mean /= static_cast<double>(sums_.n_tokens);
    return std::move(sums_);
  }

 private:
  [[nodiscard]] size_t width(size_t segment) const { return source_.description().graph.values[segments_[segment].output].width; }

  /// The rows of the batch at the end of a segment: values on the way forward, gradients on the way back.
  std::span<float> rows(size_t segment, const Batch& batch) {
    return std::span(boundaries_[segment]).first(batch.shape.n_rows() * width(segment));
  }

  void advance(size_t work) {
    if (cancel_ != nullptr) cancel_->check();
    done_ += work;
    progress_(done_);
  }

  void embed(const Batch& batch) {
    const TensorView& table = source_.tensor(std::get<models::Embedding>(segments_.front().nodes.front().op).table);
    embed_tokens(table, tokens_.subspan(batch.first, batch.shape.n_rows()), boundaries_[0].data(), pool_);
  }

  void forward(size_t s, const Batch& batch) {
    SegmentPass pass(source_, kernels_, pool_, segments_[s], batch.shape.n_rows());
    advance(batch.shape.n_rows());
    const Rows out = pass.forward(batch.shape, rows(s - 1, batch));
    std::copy_n(out.data, batch.shape.n_rows() * out.width, rows(s, batch).data());
  }

  /// Logits [n, vocab] become p - e_y for a y drawn from p.
  void differentiate_rows(float* logits, size_t n, size_t vocab) {
    for (size_t r = 0; r < n; ++r) {
      float* row = logits + r * vocab;
      const float highest = *std::max_element(row, row + vocab);
      double sum = 0, squares = 0;
      for (size_t id = 0; id < vocab; ++id) sum += row[id] = exponential(row[id] - highest);
      double rest = random_.uniform() * sum;
      size_t drawn = 0;
      for (; drawn + 1 < vocab && rest >= row[drawn]; ++drawn) rest -= row[drawn];
      for (size_t id = 0; id < vocab; ++id) row[id] = static_cast<float>(row[id] / sum);
      row[drawn] -= 1;
      for (size_t id = 0; id < vocab; ++id) squares += static_cast<double>(row[id]) * row[id];
      sums_.logit_mean += squares / static_cast<double>(vocab);
    }
  }

  /// From the last norm's rows to their gradients, through the output matrix.
  void differentiate_output(const Batch& batch) {
    const auto& op = std::get<models::Linear>(source_.description().graph.nodes.back().op);
    const TensorView& weight = source_.tensor(op.weight);
    const size_t last = segments_.size() - 1, n_in = width(last), vocab = weight.rows(), n_rows = batch.shape.n_rows();
    const size_t piece = std::clamp<size_t>(kLogitFloats / vocab, 1, n_rows);
    std::vector<float> logits(piece * vocab), gradient(piece * n_in), bias(vocab, 0.0f);
    if (op.bias) codecs::codec(source_.tensor(*op.bias).type).decode(source_.tensor(*op.bias).data.data(), bias.data(), vocab);
    PassState state{source_, nullptr, kernels_, pool_, {}, {}, {}, {}, {}};
    for (size_t first = 0; first < n_rows; first += piece) {
      const size_t n = std::min(piece, n_rows - first);
      advance(kBackwardWork * n);
      float* x = boundaries_[last].data() + first * n_in;
      for (size_t r = 0; r < n; ++r) std::ranges::copy(bias, logits.begin() + static_cast<std::ptrdiff_t>(r * vocab));
      add_product(state, weight, {x, n_in, n_in}, {logits.data(), vocab, vocab}, n);
      differentiate_rows(logits.data(), n, vocab);
      add_gram(kernels_, pool_, x, n_in, n, n_in, sums_.final_rows.data());
      std::fill_n(gradient.begin(), n * n_in, 0.0f);
      add_product_of_transposed(state, weight, {logits.data(), vocab, vocab}, {gradient.data(), n_in, n_in}, n);
      std::copy_n(gradient.data(), n * n_in, x);
    }
  }

  void backward(size_t s, const Batch& batch) {
    SegmentPass pass(source_, kernels_, pool_, segments_[s], batch.shape.n_rows());
    advance(kBackwardWork * batch.shape.n_rows());
    pass.forward(batch.shape, rows(s - 1, batch));
    const std::span<const float> gradient = pass.backward(rows(s, batch), [&](const MatrixRows& seen) { add_rows(seen); });
    std::ranges::copy(gradient, rows(s - 1, batch).data());
  }

  void add_rows(const MatrixRows& seen) {
    OutputCurvature::Matrix& matrix = sums_.matrices[seen.weight];
    const size_t n_out = seen.dy.width;
    for (size_t first = 0; first < n_out; first += kOutputGroup) {
      const size_t g = first / kOutputGroup, n = std::min(kOutputGroup, n_out - first);
      if (g == matrix.groups.size()) matrix.groups.emplace_back(gram_floats(n), 0.0f);
      add_gram(kernels_, pool_, seen.dy.data + first, seen.dy.stride, seen.n_rows, n, matrix.groups[g].data());
    }
    matrix.n_rows += seen.n_rows;
  }

  const models::ModelSource& source_;
  std::span<const int32_t> tokens_;
  const kernels::KernelSet& kernels_;
  ThreadPool& pool_;
  const std::function<void(uint64_t)>& progress_;
  const CancelToken* cancel_;
  uint64_t done_ = 0;
  const std::vector<Segment> segments_;
  engine::Random random_;
  const std::vector<Batch> batches_;
  size_t max_rows_ = 0;
  std::vector<std::vector<float>> boundaries_;  // by segment: [rows of a batch, width] of its output, later of the gradient
  OutputCurvature sums_;
};

}  // namespace

std::vector<Batch> cut_into_batches(size_t n_tokens, const CalibrateOptions& options) {
  const size_t n_sequences = n_tokens / options.length, per_batch = std::max<size_t>(1, options.batch_rows / options.length);
  std::vector<Batch> batches;
  for (size_t first = 0; first < n_sequences; first += per_batch) {
    batches.push_back({first * options.length, {std::min(per_batch, n_sequences - first), options.length}});
  }
  return batches;
}

OutputCurvature collect_output_curvature(const models::ModelSource& source, std::span<const int32_t> tokens, const CalibrateOptions& options,
                                         const kernels::KernelSet& kernels, ThreadPool& pool, const std::function<void(uint64_t)>& progress,
                                         const CancelToken* cancel) {
  return GradientPass(source, tokens, options, kernels, pool, progress, cancel).run();
}

uint64_t output_curvature_work(const models::ModelSource& source, size_t n_tokens) {
  const uint64_t n_segments = cut_into_segments(source.description().graph).size();
  return n_tokens * ((n_segments - 1) * (1 + kBackwardWork) + kBackwardWork);
}

}  // namespace aurea::quantization
