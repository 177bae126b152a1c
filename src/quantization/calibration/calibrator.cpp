#include "quantization/calibration/calibrator.h"

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
constexpr size_t kBackwardWork = 4;       // the way back beside the way forward: values again, gradients, Gram matrices

class Calibration {
 public:
  Calibration(const models::ModelSource& source, std::span<const int32_t> tokens, const CalibrateOptions& options,
              const kernels::KernelSet& kernels, ThreadPool& pool, const CurvatureSink& sink, const std::function<void(uint64_t)>& progress,
              const CancelToken* cancel)
      : source_(source), tokens_(tokens), kernels_(kernels), pool_(pool), sink_(sink), progress_(progress), cancel_(cancel),
        segments_(cut_into_segments(source.description().graph)), random_(options.seed) {
    const size_t n_sequences = tokens.size() / options.length;
    if (n_sequences == 0) fail(ErrorCode::kBadArgument, "a text of {} tokens is too short to calibrate with: at least {} are needed", tokens.size(), options.length);
    n_tokens_ = n_sequences * options.length;
    const size_t per_batch = std::max<size_t>(1, options.batch_rows / options.length);
    for (size_t first = 0; first < n_sequences; first += per_batch) {
      batches_.push_back({first * options.length, {std::min(per_batch, n_sequences - first), options.length}});
    }
    max_rows_ = per_batch * options.length;
  }

  void run() {
    embed();
    for (size_t s = 1; s < segments_.size(); ++s) forward(s);
    differentiate_output();
    for (size_t s = segments_.size() - 1; s > 0; --s) backward(s);
    differentiate_embedding();
  }

 private:
  struct Batch {
    size_t first;  // token
    BatchShape shape;
  };

  [[nodiscard]] size_t width(size_t segment) const { return source_.description().graph.values[segments_[segment].output].width; }

  /// The rows of a batch at the end of a segment.
  std::span<float> rows(size_t segment, const Batch& batch) {
    return std::span(boundaries_[segment]).subspan(batch.first * width(segment), batch.shape.n_rows() * width(segment));
  }

  void advance(size_t work) {
    if (cancel_ != nullptr) cancel_->check();
    done_ += work;
    progress_(done_);
  }

  void embed() {
    boundaries_.resize(segments_.size());
    const auto& op = std::get<models::Embedding>(segments_.front().nodes.front().op);
    const TensorView& table = source_.tensor(op.table);
    const auto decode = codecs::codec(table.type).decode;
    const size_t n = width(0);
    boundaries_[0].resize(n_tokens_ * n);
    pool_.parallel_for(n_tokens_, 64, [&](size_t begin, size_t end, unsigned) {
      for (size_t t = begin; t < end; ++t) decode(table.row(static_cast<uint64_t>(tokens_[t])), boundaries_[0].data() + t * n, n);
    });
  }

  void forward(size_t s) {
    SegmentPass pass(source_, kernels_, pool_, segments_[s], max_rows_);
    boundaries_[s].resize(n_tokens_ * width(s));
    for (const Batch& batch : batches_) {
      advance(batch.shape.n_rows());
      const Rows out = pass.forward(batch.shape, rows(s - 1, batch));
      std::copy_n(out.data, batch.shape.n_rows() * out.width, rows(s, batch).data());
    }
  }

  /// The gradient of -log p(y) for a token y drawn from the model's own prediction: the mean of its square is the curvature
  /// of the KL divergence. Logits [n, vocab] become p - e_y.
  void differentiate_rows(float* logits, size_t n, size_t vocab) {
    for (size_t r = 0; r < n; ++r) {
      float* row = logits + r * vocab;
      const float highest = *std::max_element(row, row + vocab);
      double sum = 0;
      for (size_t id = 0; id < vocab; ++id) sum += row[id] = exponential(row[id] - highest);
      double rest = random_.uniform() * sum;
      size_t drawn = 0;
      for (; drawn + 1 < vocab && rest >= row[drawn]; ++drawn) rest -= row[drawn];
      for (size_t id = 0; id < vocab; ++id) row[id] = static_cast<float>(row[id] / sum);
      row[drawn] -= 1;
    }
  }

  /// From the last norm's rows to their gradients, through the output matrix; its own curvature on the way.
  void differentiate_output() {
    const Node& node = source_.description().graph.nodes.back();
    const auto& op = std::get<models::Linear>(node.op);
    const TensorView& weight = source_.tensor(op.weight);
    const size_t last = segments_.size() - 1, n_in = width(last), vocab = weight.rows();
    std::map<MatrixId, Curvature> curvatures;
    Curvature& curvature = add_matrix(curvatures, {op.weight, 0}, n_in, vocab, false);
    const size_t piece = std::clamp<size_t>(kLogitFloats / vocab, 1, max_rows_);
    std::vector<float> logits(piece * vocab), gradient(piece * n_in), bias(vocab, 0.0f);
    if (op.bias) codecs::codec(source_.tensor(*op.bias).type).decode(source_.tensor(*op.bias).data.data(), bias.data(), vocab);
    PassState state{source_, kernels_, pool_, {}, {}, {}, {}, {}};
    for (size_t first = 0; first < n_tokens_; first += piece) {
      const size_t n = std::min(piece, n_tokens_ - first);
      advance(kBackwardWork * n);
      float* x = boundaries_[last].data() + first * n_in;
      for (size_t r = 0; r < n; ++r) std::ranges::copy(bias, logits.begin() + static_cast<std::ptrdiff_t>(r * vocab));
      add_product(state, weight, {x, n_in, n_in}, {logits.data(), vocab, vocab}, n);
      differentiate_rows(logits.data(), n, vocab);
      add_gram(kernels_, pool_, x, n_in, n, n_in, curvature.input.data());
      curvature.n_rows += n;
      std::fill_n(gradient.begin(), n * n_in, 0.0f);
      add_product_of_transposed(state, weight, {logits.data(), vocab, vocab}, {gradient.data(), n_in, n_in}, n);
      std::copy_n(gradient.data(), n * n_in, x);  // from here on the boundary holds gradients
    }
    sink_(curvatures);
  }

  void backward(size_t s) {
    SegmentPass pass(source_, kernels_, pool_, segments_[s], max_rows_);
    std::map<MatrixId, Curvature> curvatures;
    const MatrixSink collect = [&](const MatrixRows& seen) { add_rows(curvatures, seen); };
    for (const Batch& batch : batches_) {
      advance(kBackwardWork * batch.shape.n_rows());
      pass.forward(batch.shape, rows(s - 1, batch));
      const std::span<const float> gradient = pass.backward(rows(s, batch), collect);
      std::ranges::copy(gradient, rows(s - 1, batch).data());
    }
    boundaries_[s] = {};
    if (!curvatures.empty()) sink_(curvatures);
  }

  void differentiate_embedding() {
    const auto& op = std::get<models::Embedding>(segments_.front().nodes.front().op);
    const size_t n = width(0);
    std::map<MatrixId, Curvature> curvatures;
    Curvature& curvature = add_matrix(curvatures, {op.table, 0}, n, source_.tensor(op.table).rows(), false);
    for (const Batch& batch : batches_) add_gram(kernels_, pool_, rows(0, batch).data(), n, batch.shape.n_rows(), n, curvature.input.data());
    curvature.n_rows = n_tokens_;
    sink_(curvatures);
  }

  static Curvature& add_matrix(std::map<MatrixId, Curvature>& curvatures, MatrixId id, size_t n_in, size_t n_out, bool with_output) {
    Curvature& curvature = curvatures[id];
    if (curvature.n_in > 0) return curvature;
    curvature.n_in = n_in;
    curvature.n_out = n_out;
    curvature.input.assign(gram_floats(n_in), 0.0f);
    curvature.group = std::min(kOutputGroup, n_out);
    for (size_t first = 0; with_output && first < n_out; first += curvature.group) {
      const size_t n = std::min(curvature.group, n_out - first);
      curvature.output.emplace_back(gram_floats(n), 0.0f);
    }
    return curvature;
  }

  void add_rows(std::map<MatrixId, Curvature>& curvatures, const MatrixRows& seen) {
    Curvature& curvature = add_matrix(curvatures, {seen.weight, seen.part}, seen.x.width, seen.dy.width, true);
    add_gram(kernels_, pool_, seen.x.data, seen.x.stride, seen.n_rows, curvature.n_in, curvature.input.data());
    for (size_t g = 0; g < curvature.output.size(); ++g) {
      const size_t first = g * curvature.group, n = std::min(curvature.group, curvature.n_out - first);
      add_gram(kernels_, pool_, seen.dy.data + first, seen.dy.stride, seen.n_rows, n, curvature.output[g].data());
    }
    curvature.n_rows += seen.n_rows;
  }

  const models::ModelSource& source_;
  std::span<const int32_t> tokens_;
  const kernels::KernelSet& kernels_;
  ThreadPool& pool_;
  const CurvatureSink& sink_;
  const std::function<void(uint64_t)>& progress_;
  const CancelToken* cancel_;
  uint64_t done_ = 0;
  const std::vector<Segment> segments_;
  engine::Random random_;
  size_t n_tokens_ = 0, max_rows_ = 0;
  std::vector<Batch> batches_;
  std::vector<std::vector<float>> boundaries_;  // by segment: [n_tokens, width] of its output, later of the gradient
};

}  // namespace

uint64_t calibration_work(const models::ModelSource& source, size_t n_tokens) {
  const uint64_t n_segments = cut_into_segments(source.description().graph).size();
  return n_tokens * ((n_segments - 1) * (1 + kBackwardWork) + kBackwardWork);
}

void calibrate(const models::ModelSource& source, std::span<const int32_t> tokens, const CalibrateOptions& options,
               const kernels::KernelSet& kernels, ThreadPool& pool, const CurvatureSink& sink, const std::function<void(uint64_t)>& progress,
               const CancelToken* cancel) {
  Calibration(source, tokens, options, kernels, pool, sink, progress, cancel).run();
}

}  // namespace aurea::quantization
