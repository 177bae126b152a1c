// What IQ1_S and IQ1_M share: runs of 8 values -1, 0, 1 from one codebook, a shift of 1/8 up or down, 3-bit scales;
// value = (d * (2 s + 1)) * (grid + shift). Source: llama.cpp v0.5.0, ggml-quants.c.
#pragma once

#include "codecs/block_io.h"
#include "codecs/codebook.h"
#include "codecs/iq1_grid.h"

namespace aurea::codecs {

/// The lists of the shared codebook, built at the first use.
const Codebook& iq1_codebook();

/// A chunk of at most kChunkBlocks super-blocks, searched group by group.
struct Iq1Chunk {
  float w[kChunkBlocks * kBlock256];  // of the squared error
  bool unused[kMaxGroups];            // groups that the importance leaves out; all false without importance
  SplitFits fits;
};

/// Weights without importance: x^2, or sqrt(2 mean x^2 of the super-block + x^2).
enum class Iq1Weights : uint8_t { kSquare, kRoot };

/// Searches groups of 16 or 32; a group whose largest magnitude is below `tiny` gets the scale 0.
void search_iq1(const float* x, const float* importance, int n_blocks, int group, Iq1Weights plain, float tiny,
                Iq1Chunk& chunk);

/// The integer scales of one super-block from those of its groups: scale = d (2 s + 1), the largest becomes 15 d.
/// Returns d, 0 if all are 0. Unused groups do not count for the largest unless there are no others.
float quantize_iq1_scales(const float* scales, const bool* unused, int groups, uint8_t* s);

/// Eight values: grid entry plus shift, times the step.
inline void decode_iq1_run(int index, bool shift_down, float step, float* dst) {
  const int8_t* values = kGridIq1.values + 8 * index;
  const float shift = shift_down ? -kIq1Shift : kIq1Shift;
  for (int i = 0; i < 8; ++i) dst[i] = step * (static_cast<float>(values[i]) + shift);
}

}  // namespace aurea::codecs
