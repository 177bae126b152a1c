// Encoded matrices for a while, in a file without a name: they take disk space, not memory.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <tuple>

#include "core/tensor_view.h"
#include "quantization/calibration/calibrator.h"

namespace aurea::quantization {

class ScratchMatrices {
 public:
  /// `folder` gets the file, which vanishes with this object or this process. Throws kBadArgument when nothing can be
  /// written there.
  explicit ScratchMatrices(const std::filesystem::path& folder);
  ~ScratchMatrices();
  ScratchMatrices(const ScratchMatrices&) = delete;
  ScratchMatrices& operator=(const ScratchMatrices&) = delete;

  /// Room for a matrix [rows, cols] encoded as `type`, each matrix once per type. Throws kBadFile on a full disk.
  std::span<std::byte> add(MatrixId id, QuantType type, uint64_t rows, uint64_t cols);
  /// What was filled in leaves the memory; it stays readable.
  void settle(MatrixId id, QuantType type) const;
  /// Null: not there.
  [[nodiscard]] const TensorView* find(MatrixId id, QuantType type) const;

 private:
  struct Mapping {
    void* data;
    size_t bytes;
    TensorView view;
  };
  int fd_ = -1;
  uint64_t size_ = 0;
  std::map<std::pair<MatrixId, QuantType>, Mapping> mappings_;
};

}  // namespace aurea::quantization
