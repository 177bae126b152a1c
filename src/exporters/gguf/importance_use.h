// How an importance matrix enters a GGUF file: the weights of each matrix, and the keys that say what was used.
#pragma once

#include <vector>

#include "formats/gguf/gguf_value.h"
#include "models/description.h"
#include "quantization/importance.h"

namespace aurea::exporters {

/// Sets quantize.imatrix.file, .dataset, .entries_count and .chunks_count as llama-quantize does: texts cut to 127
/// bytes, the file's name without folders.
void add_importance_keys(formats::GgufMetadata& metadata, const quantization::Importance& importance);

/// Weights [cols] of one part of a tensor that becomes `type`; empty when there are none (null, no entry) or the type
/// has no use for them. Throws kBadFile, naming the importance's source, for an entry of another shape.
std::vector<float> importance_of(const quantization::Importance* importance, const models::TensorSpec& spec,
                                 QuantType type, uint64_t part);

/// A tensor that is quantized without weights although others have some and its type would use them. Only what lies in
/// a block counts: every collection sees that.
bool misses_importance(const quantization::Importance* importance, const models::TensorSpec& spec, QuantType type);

}  // namespace aurea::exporters
