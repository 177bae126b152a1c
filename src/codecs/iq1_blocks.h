// What IQ1_S and IQ1_M share: runs of 8 values -1, 0, 1 from one codebook, a shift of 1/8 up or down, 3-bit scales;
// value = (d * (2 s + 1)) * (grid + shift). Source: llama.cpp v0.5.0, ggml-quants.c.
#pragma once

#include "codecs/coarse_scales.h"
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

/// The integer scale of a group: scale = d (2 s + 1). Those of the groups in use belong to the d of choose_iq1_d, as in
/// the reference; those of unused groups to the d that is stored.
inline uint8_t iq1_scale_code(float scale, float d) {
  return static_cast<uint8_t>(clamp_code(nearest(0.5f * (inverse_of(1, d) * scale - 1.0f)), 0.0f, 7.0f));
}

/// The d of super-block b of values x, so that the largest scale becomes 15 d; 0 if all are 0. Unused groups do not
/// count for the largest unless there are no others; those of larger scale get entries for the largest scale.
float choose_iq1_d(const float* x, int b, int group, Iq1Chunk& chunk);

/// Error above which a super-block with a coarse d counts as lost (coarse_scales.h): what zeros have, or nearly.
inline constexpr double kIq1LostShare = 0.999;

/// Eight values: grid entry plus shift, times the step.
inline void decode_iq1_run(int index, bool shift_down, float step, float* dst) {
  const int8_t* values = kGridIq1.values + 8 * index;
  const float shift = shift_down ? -kIq1Shift : kIq1Shift;
  for (int i = 0; i < 8; ++i) dst[i] = step * (static_cast<float>(values[i]) + shift);
}

}  // namespace aurea::codecs
