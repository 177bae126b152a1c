#include "engine/ops/sparse_mixer.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "core/half.h"

namespace aurea::engine {
namespace {

#include "kernels/cpu/scalar/exp.inc.h"

struct Choice {
  size_t expert;
  float weight;
};

/// The best of the scores but for `skipped`, the lowest index among equals, and its weight: the softmax over the scores that
/// lie within the band below it.
Choice choose(const float* scores, size_t n, size_t skipped, float jitter) {
  size_t best = skipped == 0 ? 1 : 0;
  for (size_t k = best + 1; k < n; ++k) {
    if (k != skipped && scores[k] > scores[best]) best = k;
  }
  const float highest = scores[best];
  double sum = 0;
  for (size_t k = 0; k < n; ++k) {
    if (k == skipped) continue;
    const float below = (highest - scores[k]) / std::max(std::abs(scores[k]), highest);
    if (!(below > 2 * jitter)) sum += exp_f(scores[k] - highest);
  }
  return {best, static_cast<float>(1.0 / sum)};
}

}  // namespace

void mix_sparsely(const float* scores, size_t n_experts, float jitter, float* out) {
  const Choice first = choose(scores, n_experts, SIZE_MAX, jitter), second = choose(scores, n_experts, first.expert, jitter);
  out[0] = static_cast<float>(first.expert), out[1] = static_cast<float>(second.expert);
  out[2] = first.weight, out[3] = second.weight;
}

}  // namespace aurea::engine
