// A weight matrix as the engine multiplies with it: the kernel, and where its bytes lie in the layout that it wants.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "core/page_buffer.h"
#include "core/tensor_view.h"
#include "core/thread_pool.h"
#include "engine/pack_cache.h"
#include "kernels/kernel_set.h"
#include "kernels/packing.h"
#include "models/source.h"

namespace aurea::engine {

/// A matrix [rows, cols] to multiply with, or several of one type and shape.
struct Matrix {
  models::TensorId id = 0;
  std::span<const TensorView> parts;
  const kernels::MatmulKernel* kernel = nullptr;
  std::vector<const uint8_t*> packed;  // by part; empty: as stored (types that have no packing, or no memory for it)

  [[nodiscard]] size_t rows() const { return parts.front().rows(); }
  [[nodiscard]] size_t cols() const { return parts.front().cols(); }
  /// Bytes of one row of activations as the kernel wants them.
  [[nodiscard]] size_t activation_row_bytes() const {
    return kernels::activation_row_bytes(kernel->activation, cols());
  }
  /// Writes a row of activations in the format that the kernel reads.
  void pack_row(const kernels::KernelSet& kernels, const float* row, uint8_t* packed_row) const;

  /// Rows of activations in the kernel's format, and where the products go: out[t * out_stride + r].
  struct Operands {
    const uint8_t* x;
    size_t x_row_bytes, n_tokens;
    float* out;
    size_t out_stride;
  };
  /// Rows [row_begin, row_end) of a part times the operands; row_begin is a multiple of 16. The result's bits do not
  /// depend on whether the part is packed.
  void multiply(size_t part, const Operands& operands, size_t row_begin, size_t row_end) const;
};

/// The weights of one engine in their kernels' layout: in a file (pack_cache.h) if one is named, else in memory.
class PackedWeights {
 public:
  /// In memory, packs what is asked for as long as all of it stays within `limit_bytes`. Throws as PackCache does.
  PackedWeights(const models::ModelSource& source, ThreadPool& pool, size_t limit_bytes,
                const std::filesystem::path& cache_file);

  /// Fills matrix.packed, once for every stored part however many matrices use it. What was read from a file leaves the
  /// process' resident memory part by part, so that no more than one part is there twice.
  void pack(Matrix& matrix);

 private:
  const uint8_t* find_or_pack(const TensorView& view);

  const models::ModelSource& source_;
  ThreadPool& pool_;
  size_t limit_bytes_, bytes_ = 0;
  std::unordered_map<const std::byte*, PageBuffer> parts_;  // by address of the stored part
  std::optional<PackCache> cache_;
};

}  // namespace aurea::engine
