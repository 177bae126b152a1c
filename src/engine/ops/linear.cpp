// Matrix products: activations are packed into the kernel's format once, then the weight's rows are split among threads.
#include <algorithm>

#include "codecs/codec.h"
#include "engine/plan.h"

namespace aurea::engine {
namespace {

// Pieces of a matrix per thread.
constexpr size_t kStreamingPieces = 2;
constexpr size_t kTiledPieces = 8;

/// Bytes of packed activations per row, and the packing itself, in parallel when there are several rows.
size_t pack_activations(const PlanNode& node, Pass& pass) {
  const kernels::ActivationFormat format = node.kernel->activation;
  const size_t cols = node.weight.cols();
  const size_t row_bytes = kernels::activation_row_bytes(format, cols);
  if (node.packed_already) return row_bytes;
  pass.pool.parallel_for(pass.n_rows, 4, [&](size_t begin, size_t end, unsigned) {
    for (size_t r = begin; r < end; ++r) {
      uint8_t* dst = pass.packed.data() + r * row_bytes;
      if (format == kernels::ActivationFormat::kQ8x32) {
        pass.kernels.quantize_q8x32(node.in[0].row(r), reinterpret_cast<kernels::BlockQ8x32*>(dst), cols);
      } else {
        pass.kernels.quantize_q8x256(node.in[0].row(r), reinterpret_cast<kernels::BlockQ8x256*>(dst), cols);
      }
    }
  });
  return row_bytes;
}

}  // namespace

void run_linear(const PlanNode& node, Pass& pass) {
  const TensorView& weight = node.weight;
  kernels::MatmulArgs args{};
  args.weights = reinterpret_cast<const uint8_t*>(weight.data.data());
  args.row_bytes = weight.row_bytes();
  args.cols = weight.cols();
  if (node.kernel->activation == kernels::ActivationFormat::kF32) {
    args.x = reinterpret_cast<const uint8_t*>(node.in[0].data);
    args.x_row_bytes = node.in[0].stride * sizeof(float);
  } else {
    args.x_row_bytes = pack_activations(node, pass);
    args.x = pass.packed.data();
  }
  args.n_tokens = pass.n_rows;
  args.out = node.out.data;
  args.out_stride = node.out.stride;
  args.decode = codecs::codec(weight.type).decode;

  // Pieces small enough that the threads finish together, large enough that a kernel's prefetching pays: with one row the
  // weights stream from memory, and every piece starts cold.
  const size_t rows = weight.rows();
  const size_t pieces = (pass.n_rows == 1 ? kStreamingPieces : kTiledPieces) * pass.pool.size();
  const size_t grain = std::max<size_t>(32, (rows / pieces + 31) / 32 * 32);  // kernels take up to 32 rows at once
  pass.pool.parallel_for(rows, grain, [&](size_t begin, size_t end, unsigned) {
    node.kernel->run(args, begin, end);
    if (node.vector.empty()) return;
    for (size_t t = 0; t < pass.n_rows; ++t) {
      for (size_t r = begin; r < end; ++r) node.out.row(t)[r] += node.vector[r];
    }
  });
}

}  // namespace aurea::engine
