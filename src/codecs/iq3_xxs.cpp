// IQ3_XXS: super-blocks of 256, eight groups of 32 with 4-bit scales; 4 magnitudes are one of 256 grid entries, 8 signs
// are 7 bits. value = (d * (1/2 + s)) * 1/2 * grid * sign. Source of layout and search: llama.cpp v0.5.0,
// ggml-quants.c.
#include "codecs/codebook_blocks.h"
#include "codecs/codebook_tables.h"

namespace aurea::codecs {
namespace {

void decode_block(const BlockIQ3_XXS& block, float* dst) {
  const float d = f16_to_f32(block.d);
  for (int group = 0; group < 8; ++group) {
    const uint32_t bits = load_u32(block.signs + 4 * group);
    const float step = d * (0.5f + static_cast<float>(bits >> 28)) * 0.5f;
    for (int k = 0; k < 4; ++k, dst += 8) {
      const uint8_t* entries = block.qs + 8 * group + 2 * k;
      decode_signed(step, kGridIq3Xxs.values + 4 * entries[0], kGridIq3Xxs.values + 4 * entries[1],
                    ksigns(bits >> 7 * k), dst);
    }
  }
}

BlockIQ3_XXS pack(const CodebookSuperBlock& fit) {
  BlockIQ3_XXS block;
  block.d = fit.d;
  for (int k = 0; k < 64; ++k) block.qs[k] = static_cast<uint8_t>(fit.indices[k]);
  for (int group = 0; group < 8; ++group) {
    uint32_t bits = static_cast<uint32_t>(fit.scales[group]) << 28;
    for (int k = 0; k < 4; ++k) bits |= (fit.signs[4 * group + k] & 127u) << 7 * k;
    store_u32(block.signs + 4 * group, bits);
  }
  return block;
}

void encode(const float* src, std::byte* dst, size_t n, const float* importance) {
  static const CodebookTables tables(kGridIq3Xxs, 2);
  static const Codebook book = tables.view();
  static const CodebookSettings settings = {
      .type = QuantType::kIQ3_XXS,
      .search = {&book, /*group=*/32, /*steps=*/15, /*step=*/0.2f, Refit::kOffGrid},
      .variance_factor = 2,
      .plain = PlainWeighting::kSquare,
      .even_signs = true,
      .searched_start = false,
      .tiny = 1e-8f,
      .d_factor = 1.0125f,
      .unit = 0.5f,
  };
  encode_codebook_row<BlockIQ3_XXS, pack>(settings, src, dst, n, importance);
}

}  // namespace

extern const Codec kCodecIQ3_XXS = {QuantType::kIQ3_XXS, decode_blocks<BlockIQ3_XXS, kBlock256, decode_block>, encode,
                                    scales_are_finite<BlockIQ3_XXS, kBlock256, &BlockIQ3_XXS::d>,
                                    /*uses_importance=*/true};

}  // namespace aurea::codecs
