// Tensors that are encoded before the file is written, in a file without a name: together they are as large as the result.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <vector>

#include "core/tensor_view.h"
#include "quantization/calibration/calibrator.h"

namespace aurea::quantization {

class PreparedTensors {
 public:
  /// `folder` gets the file, which vanishes with this object. Throws kBadArgument when nothing can be written there.
  explicit PreparedTensors(const std::filesystem::path& folder);
  ~PreparedTensors();
  PreparedTensors(const PreparedTensors&) = delete;
  PreparedTensors& operator=(const PreparedTensors&) = delete;

  /// Room for a matrix [rows, cols] encoded as `type`. Throws kBadFile on a full disk.
  std::span<std::byte> add(MatrixId id, QuantType type, uint64_t rows, uint64_t cols);
  /// Lets go of the memory of what was filled in; it stays readable.
  void settle(MatrixId id) const;

  /// Null: this matrix was not prepared.
  [[nodiscard]] const TensorView* find(MatrixId id) const;

 private:
  struct Mapping {
    std::byte* data;
    size_t bytes;
  };
  int fd_ = -1;
  uint64_t size_ = 0;
  std::map<MatrixId, Mapping> mappings_;
  std::map<MatrixId, TensorView> views_;
};

}  // namespace aurea::quantization
