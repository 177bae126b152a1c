// NVFP4: 64 values in four groups of 16 with an 8-bit float (UE4M3) as scale each, 4-bit floats (E2M1).
// value = level * scale / 2, levels doubled (fp4_values.h). Source of the layout: llama.cpp v0.5.0, ggml-common.h.
//
// The reference encoder scales by max|x| / 6. This one takes the best of that scale and its neighbours. There is no
// second factor for the tensor here: weights below 2^-9 use the coarse subnormal scales.
#include <algorithm>

#include "codecs/block_io.h"
#include "codecs/fp4_values.h"
#include "codecs/weights.h"

namespace aurea::codecs {
namespace {

constexpr int kBlock = 64, kGroup = 16, kGroups = kBlock / kGroup;
constexpr int kChunk = kChunkBlocks * kBlock256, kMaxChunkGroups = kChunk / kGroup;
constexpr int kScaleSteps[] = {0, 1, -1, 2, -2, 3, -3, 4, -4, 5, 6};  // beside that of the reference, which comes first
constexpr int kSteps = std::size(kScaleSteps);
constexpr int kSmallestScale = 1, kLargestScale = 0x7E;  // 2^-9 .. 448

/// Nearest UE4M3 number, halves up, within the scales that can be used. Positive numbers order like their bits.
int scale_near(float value) {
  if (!(value > 0)) return kSmallestScale;
  if (value < 0x1p-6f) return std::max(kSmallestScale, static_cast<int>(value * 512.0f + 0.5f));
  const auto bits = static_cast<int>(bits_from_f32(value) + (1u << 19)) >> 20;
  return std::min(bits - ((127 - 7) << 3), kLargestScale);
}

void decode_block(const BlockNVFP4& block, float* dst) {
  for (int j = 0; j < kGroups; ++j, dst += kGroup) {
    const float step = nvfp4_step(block.scales[j]);
    for (int i = 0; i < kGroup / 2; ++i) {
      const uint8_t pair = block.qs[8 * j + i];
      dst[i] = static_cast<float>(kFp4Values[pair & 15]) * step;
      dst[i + kGroup / 2] = static_cast<float>(kFp4Values[pair >> 4]) * step;
    }
  }
}

void store_group(const float* x, uint8_t scale, int j, BlockNVFP4& block) {
  uint8_t codes[kGroup];
  search_set().fp4_codes(x, kGroup, nvfp4_step(scale), codes);
  block.scales[j] = scale;
  for (int i = 0; i < kGroup / 2; ++i) {
    block.qs[8 * j + i] = static_cast<uint8_t>(codes[i] | codes[i + kGroup / 2] << 4);
  }
}

void encode(const float* src, std::byte* dst, size_t n, const float* importance) {
  check_row(QuantType::kNVFP4, src, n, importance);
  float buffer[kChunk], steps[kSteps * kMaxChunkGroups];
  uint8_t scales[kSteps * kMaxChunkGroups], chosen[kMaxChunkGroups];
  for (size_t begin = 0; begin < n; begin += kChunk) {
    const int n_groups = static_cast<int>(std::min<size_t>(kChunk, n - begin) / kGroup);
    const float* x = src + begin;
    for (int g = 0; g < n_groups; ++g) {
      float peak = 0;
      for (int i = 0; i < kGroup; ++i) peak = std::max(peak, std::fabs(x[g * kGroup + i]));
      if (peak > 448 * 6) fail(ErrorCode::kUnsupported, "NVFP4: the value {} is too large; at most 2688", peak);
      const int first = scale_near(peak / 6.0f);
      for (int s = 0; s < kSteps; ++s) {
        const int scale = std::clamp(first + kScaleSteps[s], kSmallestScale, kLargestScale);
        scales[s * n_groups + g] = static_cast<uint8_t>(scale);
        steps[s * n_groups + g] = nvfp4_step(scale);
      }
    }
    const float* w = group_weights(x, importance == nullptr ? nullptr : importance + begin, n_groups, kGroup,
                                   Weighting::kEqual, buffer);
    search_set().fp4(x, w, n_groups, kGroup, steps, kSteps, chosen);
    for (int g = 0; g < n_groups; g += kGroups, dst += sizeof(BlockNVFP4)) {
      BlockNVFP4 block;
      for (int j = 0; j < kGroups; ++j) {
        store_group(x + (g + j) * kGroup, scales[chosen[g + j] * n_groups + g + j], j, block);
      }
      std::memcpy(dst, &block, sizeof block);
    }
  }
}

/// Every scale is a number.
bool validate(const std::byte*, size_t) { return true; }

}  // namespace

extern const Codec kCodecNVFP4 = {QuantType::kNVFP4, decode_blocks<BlockNVFP4, kBlock, decode_block>, encode, validate,
                                  true};

}  // namespace aurea::codecs
