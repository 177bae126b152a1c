#include "codecs/simple_blocks.h"

#include <algorithm>

#include "codecs/weights.h"

namespace aurea::codecs {
namespace {

struct WeightedRow {
  const float* src;
  size_t n;
  const float* importance;
  float variance;
};

/// Searches up to kMaxGroups blocks at a time; search(x, w, n_groups, fits), then finish(fits, group, fit) per block.
template <class Search, class Finish>
void encode_weighted(const WeightedRow& row, std::byte* dst, int lowest, int highest, size_t block_bytes,
                     EmitBlock emit, Search search, Finish finish) {
  constexpr size_t kChunk = kChunkBlocks * kBlock256;
  const SearchSet& set = search_set();
  float w[kChunk];
  GroupFits fits;
  for (size_t begin = 0; begin < row.n; begin += kChunk) {
    const size_t size = std::min(kChunk, row.n - begin);
    const float* x = row.src + begin;
    const int n_groups = static_cast<int>(size / kBlock32);
    importance_weights(x, row.importance + begin, row.variance, size, w);
    search(set, x, w, n_groups, &fits);
    for (int g = 0; g < n_groups; ++g, dst += block_bytes) {
      SimpleFit fit;
      set.codes_by_inverse(x + g * kBlock32, kBlock32, fits.inverse[g], fits.low[g], lowest, highest, fit.codes);
      finish(fits, g, fit);
      emit(fit, dst);
    }
  }
}

}  // namespace

SimpleFit fit_symmetric(const float* x, int levels) {
  float peak = 0, signed_peak = 0;
  for (int i = 0; i < kBlock32; ++i) {
    if (std::fabs(x[i]) > peak) {
      peak = std::fabs(x[i]);
      signed_peak = x[i];
    }
  }
  SimpleFit fit{};
  fit.scale = signed_peak / static_cast<float>(-levels);
  const float inverse = inverse_of(1, fit.scale), offset = static_cast<float>(levels) + 0.5f;
  for (int i = 0; i < kBlock32; ++i) {  // x * inverse is within levels * (1 + 2^-22), so the sum is positive
    fit.codes[i] = static_cast<uint8_t>(std::min(2 * levels - 1, static_cast<int>(x[i] * inverse + offset)));
  }
  return fit;
}

SimpleFit fit_affine(const float* x, int levels) {
  const auto [low, high] = std::minmax_element(x, x + kBlock32);
  SimpleFit fit{};
  fit.min = *low;
  fit.scale = (*high - *low) / static_cast<float>(levels);
  const float inverse = inverse_of(1, fit.scale);
  for (int i = 0; i < kBlock32; ++i) {
    fit.codes[i] = static_cast<uint8_t>(std::min(levels, static_cast<int>((x[i] - fit.min) * inverse + 0.5f)));
  }
  return fit;
}

void encode_symmetric_weighted(const float* src, std::byte* dst, size_t n, const float* importance, int levels,
                               size_t block_bytes, EmitBlock emit) {
  encode_weighted(
      {src, n, importance, mean_square(src, n)}, dst, -levels, levels - 1, block_bytes, emit,
      [&](const SearchSet& set, const float* x, const float* w, int n_groups, GroupFits* fits) {
        set.symmetric(x, w, n_groups, kBlock32, levels, fits);
      },
      [](const GroupFits& fits, int g, SimpleFit& fit) { fit.scale = fits.scale[g]; });
}

void encode_affine_weighted(const float* src, std::byte* dst, size_t n, const float* importance, int levels,
                            size_t block_bytes, EmitBlock emit) {
  const AffineSearch settings{levels, -0.9f, 0.05f, 36};
  encode_weighted(
      {src, n, importance, mean_square(src, n)}, dst, 0, levels, block_bytes, emit,
      [&](const SearchSet& set, const float* x, const float* w, int n_groups, GroupFits* fits) {
        set.affine(settings, x, w, n_groups, kBlock32, fits);
      },
      [](const GroupFits& fits, int g, SimpleFit& fit) {
        fit.scale = fits.scale[g];
        fit.min = -fits.min[g];
      });
}

}  // namespace aurea::codecs
