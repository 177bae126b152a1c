// Brings a tensor from its stored type to another one, a bounded number of rows at a time, on all threads.
#pragma once

#include <functional>
#include <span>

#include "core/cancel.h"
#include "core/tensor_view.h"
#include "core/thread_pool.h"

namespace aurea::quantization {

/// Sums over a tensor's elements, in the order of its rows: how far the stored values are from the source's. w is the
/// importance of an element's column, 1 without importance.
struct ErrorSums {
  double error = 0;            // sum of (stored - source)^2
  double signal = 0;           // sum of source^2
  double weighted_error = 0;   // sum of w (stored - source)^2
  double weighted_signal = 0;  // sum of w source^2

  void add(const ErrorSums& other);
  /// Root of error / signal; 0 for a tensor of zeros that was kept.
  [[nodiscard]] double relative() const;
  [[nodiscard]] double weighted_relative() const;
};

/// Bytes in work that bring full speed; more would not be faster.
inline constexpr uint64_t kAmpleWorkingBytes = uint64_t{16} << 20;

struct QuantizeTensorOptions {
  const float* importance = nullptr;  // [cols]: weights of the columns' squared errors; null: unweighted
  uint64_t first_row = 0;             // the rows before it were written by an earlier run
  /// Most bytes to have in work at once: row buffers, encoded rows, and the source's pages that were read. See
  /// least_working_bytes.
  uint64_t working_bytes = kAmpleWorkingBytes;
  /// Called with ranges of a mapped source that are needed soon / that are done with; null for values in this process'
  /// own memory.
  std::function<void(std::span<const std::byte>)> prefetch = nullptr, release = nullptr;
  ErrorSums* errors = nullptr;  // when given, the errors of the rows done are added: costs decoding every row once more
  const TensorView* encoded = nullptr;  // the same rows, of the wanted type: taken instead of encoding them
  const CancelToken* cancel = nullptr;
};

/// Calls `write` with consecutive pieces of whole encoded rows, from options.first_row on, from this thread only. The
/// bytes do not depend on the number of threads or the memory. A tensor that has the type already is copied, not
/// encoded again. Throws kBadFile naming the row when a value is not finite (blocks have no place for infinities),
/// kBadArgument when working_bytes are less than the least, kCancelled. `source` must have rows that divide into blocks
/// of `type`.
void quantize_tensor(const TensorView& source, QuantType type, const QuantizeTensorOptions& options, ThreadPool& pool,
                     const std::function<void(std::span<const std::byte>)>& write);

/// What one row in work takes: the smallest working_bytes for this tensor.
uint64_t least_working_bytes(const TensorView& source, QuantType type);

}  // namespace aurea::quantization
