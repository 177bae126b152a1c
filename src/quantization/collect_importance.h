// Collects an importance matrix: runs a model over chunks of text and sums the squares of what each matrix is
// multiplied with.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/cancel.h"
#include "engine/engine.h"
#include "quantization/importance.h"

namespace aurea::quantization {

/// Token ids of one run through the model, at most its context.
using Chunk = std::vector<int32_t>;

struct CollectOptions {
  bool output = false;  // the output matrix too, which costs the logits of every token; else the blocks' matrices alone
  const CancelToken* cancel = nullptr;
};

/// Adds what the chunks from sums.chunk_count on show, and counts them there. Chunks that fit into one pass of the
/// engine run together; `after_step` is called whenever some are done. The sums of a chunk are formed in double, in the
/// order of its tokens, and added to the float32 ones: they depend neither on threads nor passes, nor on where a
/// collection was saved and continued. The model runs with the arithmetic that it always has: float activations for
/// float weights. Throws kBadFile, naming the matrix, when its inputs are not finite, kCancelled (the chunks done so
/// far are counted), kBadArgument for ids outside the vocabulary.
void collect_importance(engine::Engine& engine, std::span<const Chunk> chunks, const CollectOptions& options,
                        Importance& sums, const std::function<void()>& after_step);

/// Tells collections apart: the same for the same chunks and options.
uint64_t fingerprint(std::span<const Chunk> chunks, const CollectOptions& options);

/// Whole chunks of `size` tokens out of a text's, the first one replaced by `bos` in each where there is one: as
/// llama.cpp cuts it.
std::vector<Chunk> cut_into_chunks(std::span<const int32_t> tokens, size_t size, std::optional<int32_t> bos);

}  // namespace aurea::quantization
