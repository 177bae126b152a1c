#include "engine/matrix.h"

#include <algorithm>
#include <cstring>

#include "core/mapped_file.h"

namespace aurea::engine {
namespace {

const uint8_t* bytes_of(const TensorView& view) { return reinterpret_cast<const uint8_t*>(view.data.data()); }

}  // namespace

void Matrix::pack_row(const kernels::KernelSet& kernels, const float* row, uint8_t* packed_row) const {
  switch (kernel->activation) {
    case kernels::ActivationFormat::kF32:
      std::memcpy(packed_row, row, cols() * sizeof(float));
      break;
    case kernels::ActivationFormat::kQ8x32:
      kernels.quantize_q8x32(row, reinterpret_cast<kernels::BlockQ8x32*>(packed_row), cols());
      break;
    case kernels::ActivationFormat::kQ8x256:
      kernels.quantize_q8x256(row, reinterpret_cast<kernels::BlockQ8x256*>(packed_row), cols());
      break;
  }
}

void Matrix::multiply(size_t part, const Operands& operands, size_t row_begin, size_t row_end) const {
  const TensorView& view = parts[part];
  kernels::MatmulArgs args{.weights = bytes_of(view),
                           .row_bytes = view.row_bytes(),
                           .cols = cols(),
                           .x = operands.x,
                           .x_row_bytes = operands.x_row_bytes,
                           .n_tokens = operands.n_tokens,
                           .out = operands.out,
                           .out_stride = operands.out_stride};
  const kernels::Packing* packing = kernels::packing(view.type);
  if (packing == nullptr) return kernel->run(args, row_begin, row_end);
  args.row_bytes = kernels::packed_group_bytes(packing->format, cols());
  if (!packed.empty()) {
    args.weights = packed[part];
    return kernel->run(args, row_begin, row_end);
  }
  // A few groups at a time, into memory that stays in the cache and with its thread.
  constexpr size_t kPieceRows = 2 * kernels::kGroupRows;
  thread_local std::vector<uint8_t> piece;
  piece.resize(std::max(piece.size(), 2 * args.row_bytes));
  args.weights = piece.data();
  for (size_t row = row_begin; row < row_end; row += kPieceRows) {
    const size_t n_rows = std::min(kPieceRows, row_end - row);
    kernels::pack_groups(view.type, bytes_of(view) + row * view.row_bytes(), view.row_bytes(), n_rows, cols(), 0,
                         kernels::packed_groups(n_rows), piece.data());
    args.out = operands.out + row;
    kernel->run(args, 0, n_rows);
  }
}

PackedWeights::PackedWeights(const models::ModelSource& source, ThreadPool& pool, size_t limit_bytes,
                             const std::filesystem::path& cache_file)
    : source_(source), pool_(pool), limit_bytes_(limit_bytes) {
  if (!cache_file.empty()) cache_.emplace(source, cache_file, pool);
}

void PackedWeights::pack(Matrix& matrix) {
  const QuantType type = matrix.parts.front().type;
  if (kernels::packing(type) == nullptr) return;
  if (cache_) {
    for (const TensorView& part : matrix.parts) matrix.packed.push_back(cache_->find(part));
    return;
  }
  const size_t bytes = kernels::packed_bytes(type, matrix.rows(), matrix.cols()) * matrix.parts.size();
  if (bytes > limit_bytes_ - bytes_) return;
  for (const TensorView& part : matrix.parts) matrix.packed.push_back(find_or_pack(part));
}

const uint8_t* PackedWeights::find_or_pack(const TensorView& view) {
  const auto found = parts_.find(view.data.data());
  if (found != parts_.end()) return found->second.data();
  const size_t rows = view.rows(), cols = view.cols();
  MappedFile::prefetch(view.data);
  PageBuffer buffer(kernels::packed_bytes(view.type, rows, cols));
  constexpr size_t kGrain = 4;  // groups
  pool_.parallel_for(kernels::packed_groups(rows), kGrain, [&](size_t begin, size_t end, unsigned) {
    kernels::pack_groups(view.type, bytes_of(view), view.row_bytes(), rows, cols, begin, end, buffer.data());
  });
  source_.release(view.data);
  bytes_ += buffer.size();
  return parts_.emplace(view.data.data(), std::move(buffer)).first->second.data();
}

}  // namespace aurea::engine
