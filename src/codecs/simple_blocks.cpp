// The blocks of 32 with importance, and small values.
#include "codecs/simple_blocks.h"

#include <algorithm>

#include "codecs/coarse_scales.h"
#include "codecs/weights.h"

namespace aurea::codecs {
namespace {

struct RoundedBlock {
  float d, m;
  uint8_t codes[kBlock32];
};

/// Where the f16 scale is coarse and the block would be lost (coarse_scales.h): a scale and codes that keep it.
void keep_simple_values(const SimpleGrid& grid, const float* x, SimpleFit& fit) {
  if (!is_coarse(f32_to_f16(fit.scale))) return;
  const auto lowest = static_cast<float>(grid.lowest);
  RoundedBlock block{f16_to_f32(f32_to_f16(fit.scale)), f16_to_f32(f32_to_f16(fit.min)), {}};
  std::copy(fit.codes, fit.codes + kBlock32, block.codes);
  const auto decode = [&](const RoundedBlock& rounded, float* values) {
    for (int i = 0; i < kBlock32; ++i) {
      values[i] = (static_cast<float>(rounded.codes[i]) + lowest) * rounded.d + rounded.m;
    }
  };
  const auto make = [&](float step) {
    RoundedBlock candidate{step, block.m, {}};
    const float shift = -block.m;
    search_set().codes_by_division(x, 1, kBlock32, &step, &shift, grid.lowest, grid.highest, candidate.codes);
    return candidate;
  };
  block = keep_values<kBlock32>(x, block, fit.scale, kLostShare, decode, make);
  fit.scale = block.d;
  std::copy(block.codes, block.codes + kBlock32, fit.codes);
}

}  // namespace

void write_simple(QuantType type, const SimpleGrid& grid, const float* x, SimpleFit& fit, EmitBlock emit,
                  std::byte* dst) {
  keep_simple_values(grid, x, fit);
  emit(scale_bits(type, fit.scale), scale_bits(type, fit.min), fit.codes, dst);
}

void encode_weighted(QuantType type, const SimpleGrid& grid, const float* src, std::byte* dst, size_t n,
                     const float* importance, size_t block_bytes, EmitBlock emit) {
  constexpr size_t kChunk = kChunkBlocks * kBlock256;  // values that are searched together
  const AffineSearch affine{grid.highest, -0.9f, 0.05f, 36};
  const SearchSet& set = search_set();
  check_row(type, src, n, importance);
  const float variance = mean_square(src, n);
  float w[kChunk];
  GroupFits fits;
  for (size_t begin = 0; begin < n; begin += kChunk) {
    const size_t size = std::min(kChunk, n - begin);
    const float* x = src + begin;
    const int n_groups = static_cast<int>(size / kBlock32);
    importance_weights(x, importance + begin, variance, size, w);
    if (!grid.has_min) weigh_unused_groups(x, importance + begin, n_groups, kBlock32, w);
    if (grid.has_min) {
      set.affine(affine, x, w, n_groups, kBlock32, &fits);
    } else {
      set.symmetric(x, w, n_groups, kBlock32, -grid.lowest, &fits);
    }
    for (int g = 0; g < n_groups; ++g, dst += block_bytes) {
      SimpleFit fit;
      fit.scale = fits.scale[g];
      fit.min = grid.has_min ? -fits.min[g] : 0.0f;
      set.codes_by_inverse(x + g * kBlock32, kBlock32, fits.inverse[g], fits.low[g], grid.lowest, grid.highest,
                           fit.codes);
      write_simple(type, grid, x + g * kBlock32, fit, emit, dst);
    }
  }
}

}  // namespace aurea::codecs
