// Runs one segment of a model's graph forward and backward in float32: the values that its matrices see, and how the
// model's output depends on what they give.
//
// The arithmetic is the engine's, but every value is kept, nothing is rounded to 8 bits, and sums run in an order that
// depends on neither the CPU nor the number of threads: the same statistics, hence the same quantized file, everywhere.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <vector>

#include "core/thread_pool.h"
#include "kernels/kernel_set.h"
#include "models/source.h"
#include "quantization/calibration/curvature.h"
#include "quantization/calibration/segments.h"

namespace aurea::quantization {

/// Rows of float32: row r starts at data + r * stride.
struct Rows {
  float* data = nullptr;
  size_t stride = 0, width = 0;
  [[nodiscard]] float* row(size_t index) const { return data + index * stride; }
};

/// What a matrix [n_out, n_in] saw: its inputs x [n_rows, n_in] and the gradients of its results dy [n_rows, n_out].
struct MatrixRows {
  MatrixId weight;
  Rows x, dy;
  size_t n_rows;
};
using MatrixSink = std::function<void(const MatrixRows&)>;

/// Sequences of equal length, one after another: row r is token r % length of sequence r / length.
struct BatchShape {
  size_t n_sequences = 0, length = 0;
  [[nodiscard]] size_t n_rows() const { return n_sequences * length; }
};

/// Matrices that stand in for the model's own.
using Replacements = std::map<MatrixId, TensorView>;

/// Where one segment's pass stands; the ops read and write it.
struct PassState {
  const models::ModelSource& source;
  const Replacements* replacements;  // may be null; looked at whenever a matrix is used
  const kernels::KernelSet& kernels;
  ThreadPool& pool;
  BatchShape shape;
  std::vector<Rows> values, gradients;  // by ValueId; those outside the segment are empty
  std::vector<float> cos, sin;          // [length, rope dims / 2], times the magnitude
  const MatrixSink* sink = nullptr;     // may be null

  [[nodiscard]] const TensorView& matrix(MatrixId id) const;
};

class SegmentPass {
 public:
  /// Batches have at most `max_rows` rows.
  SegmentPass(const models::ModelSource& source, const kernels::KernelSet& kernels, ThreadPool& pool, const Segment& segment,
              size_t max_rows, const Replacements* replacements = nullptr);
  /// Gives the pages of the source's matrices back.
  ~SegmentPass();
  SegmentPass(const SegmentPass&) = delete;
  SegmentPass& operator=(const SegmentPass&) = delete;

  /// input: [n_rows, width of the input value]. The result stays valid until the next call.
  Rows forward(BatchShape shape, std::span<const float> input);
  /// Only nodes [0, last) of the segment; their values are in state().
  void forward_to(size_t last, BatchShape shape, std::span<const float> input);
  [[nodiscard]] PassState& state() { return state_; }

  /// After `forward`: the gradient of the output in, that of the input out, [n_rows, width]. `sink` gets every matrix of
  /// the segment once per batch, the experts' matrices once per expert that has rows.
  std::span<const float> backward(std::span<const float> output_gradient, const MatrixSink& sink);

 private:
  void fill_rope();
  /// A place for every value of the segment in `buffer`; a slice is a view of its source's place.
  void place(std::vector<Rows>& rows, std::vector<float>& buffer) const;

  const Segment& segment_;
  PassState state_;
  std::vector<float> value_buffer_, gradient_buffer_;
  size_t max_rows_;
};

/// One op's two directions. `backward` adds to the gradients of the inputs. Defined in segment_ops.cpp and its neighbours.
struct CalibrationOp {
  void (*forward)(const models::Node& node, PassState& state);
  void (*backward)(const models::Node& node, PassState& state);
};
const CalibrationOp& calibration_op(const models::Op& op);

/// y [n_rows, rows of W] += x W^T, and dx [n_rows, cols of W] += dy W. The weight is decoded some rows at a time.
void add_product(PassState& state, const TensorView& weight, Rows x, Rows y, size_t n_rows);
void add_product_of_transposed(PassState& state, const TensorView& weight, Rows dy, Rows dx, size_t n_rows);

/// rows [n, cols of the table]: what the embedding gives.
void embed_tokens(const TensorView& table, std::span<const int32_t> tokens, float* rows, ThreadPool& pool);

}  // namespace aurea::quantization
