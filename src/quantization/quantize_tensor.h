// Brings a tensor from its stored type to another one, a bounded number of rows at a time, on all threads.
#pragma once

#include <functional>
#include <span>

#include "core/cancel.h"
#include "core/tensor_view.h"
#include "core/thread_pool.h"

namespace aurea::quantization {

/// `importance` [cols] weights the columns' squared errors; null: unweighted.
/// Calls `write` with consecutive pieces of the encoded tensor. At most kPieceBytes of source floats are in work at once, whatever
/// the tensor's size; with `source_is_mapped` the pages that are done with are given back. The bytes do not depend on the
/// number of threads. A tensor that has the type already is copied, not encoded again.
/// Throws kBadFile naming the row when a value is not finite (blocks have no place for infinities), kCancelled.
/// `write` may be called from this thread only; `source` must have rows that divide into blocks of `type`.
void quantize_tensor(const TensorView& source, bool source_is_mapped, QuantType type, const float* importance, ThreadPool& pool,
                     const CancelToken* cancel, const std::function<void(std::span<const std::byte>)>& write);

inline constexpr size_t kPieceBytes = 16 << 20;

}  // namespace aurea::quantization
