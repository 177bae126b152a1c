// Block codecs: how a row of float32 becomes the bytes of a quantization type and back.
//
// One file per type defines both directions in plain scalar arithmetic (no fused multiply-add, sums in element order):
// the definition of the type, the same bytes on every machine and for every number of threads.
// To add a type: one file here with its Codec object, one row in core/quant_types.def.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/quant_type.h"

namespace aurea::codecs {

struct Codec {
  QuantType type;

  /// dst[n] = the values of the n / block_elements blocks at src. n is a multiple of the block; src may have any
  /// alignment. Any bytes decode to something; what `validate` accepts decodes to finite values.
  void (*decode)(const std::byte* src, float* dst, size_t n);

  /// Quantizes one whole row of n finite values. `importance` [n] weights the squared error per column; null:
  /// unweighted. The whole row must be given at once: some types weight by the mean square of the row.
  /// A group whose importance is all zero is kept as well as it can be at little or no cost for the others.
  /// Throws kBadFile for a value that is not finite or an importance that is not a finite number from 0, kUnsupported
  /// for values that are too large for the type's scales; never stores an infinite scale.
  void (*encode)(const float* src, std::byte* dst, size_t n, const float* importance);

  /// True if every scale (in float types: every value) in the n elements at src is finite. Asked before stored
  /// blocks are copied into a new file.
  bool (*validate)(const std::byte* src, size_t n);

  bool uses_importance = false;   // false: `importance` is ignored
  bool needs_importance = false;  // without it the result is sound but poor: for callers to refuse
};

/// Whether none of n values is infinite or NaN.
bool all_finite(const float* x, size_t n);

/// The codec of a type; every type has one.
const Codec& codec(QuantType type);

}  // namespace aurea::codecs
