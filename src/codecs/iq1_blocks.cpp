// Weights, search and integer scales of IQ1_S and IQ1_M.
#include "codecs/iq1_blocks.h"

#include <algorithm>

#include "codecs/weights.h"

namespace aurea::codecs {

const Codebook& iq1_codebook() {
  static const Codebook book = build_codebook(kGridIq1, 3);
  return book;
}

void search_iq1(const float* x, const float* importance, int n_blocks, int group, Iq1Weights plain, float tiny,
                Iq1Chunk& chunk) {
  const int n = n_blocks * kBlock256, n_groups = n / group;
  std::fill(chunk.unused, chunk.unused + n_groups, false);
  if (importance != nullptr) {
    importance_weights_by_block(x, importance, 2, n_blocks, chunk.w);
    if (find_unused_groups(importance, n_groups, group, chunk.unused)) {
      for (int i = 0; i < n; ++i) chunk.w[i] = chunk.unused[i / group] ? x[i] * x[i] : chunk.w[i];
    }
  } else if (plain == Iq1Weights::kRoot) {
    float ones[kChunkBlocks * kBlock256];
    std::fill(ones, ones + n, 1.0f);
    importance_weights_by_block(x, ones, 2, n_blocks, chunk.w);
  } else {
    for (int i = 0; i < n; ++i) chunk.w[i] = x[i] * x[i];
  }
  search_set().split(iq1_codebook(), x, chunk.w, n_groups, group, tiny, &chunk.fits);
}

float quantize_iq1_scales(const float* scales, const bool* unused, int groups, uint8_t* s) {
  float peak = 0, peak_of_all = 0;
  for (int g = 0; g < groups; ++g) {
    peak_of_all = std::max(peak_of_all, scales[g]);
    if (!unused[g]) peak = std::max(peak, scales[g]);
  }
  const float d = (peak > 0 ? peak : peak_of_all) / 15.0f, inverse = inverse_of(1, d);
  for (int g = 0; g < groups; ++g) {
    s[g] = static_cast<uint8_t>(clamp_code(nearest(0.5f * (inverse * scales[g] - 1.0f)), 0.0f, 7.0f));
  }
  return d;
}

}  // namespace aurea::codecs
