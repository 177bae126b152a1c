// IQ2_XXS: super-blocks of 256, eight groups of 32 with 4-bit scales; 8 magnitudes are one of 256 grid entries, 8 signs
// are 7 bits. value = (d * (1/2 + s)) * 1/4 * grid * sign. Source of layout and search: llama.cpp v0.5.0,
// ggml-quants.c.
#include "codecs/codebook_blocks.h"
#include "codecs/codebook_tables.h"

namespace aurea::codecs {
namespace {

void decode_block(const BlockIQ2_XXS& block, float* dst) {
  const float d = f16_to_f32(block.d);
  for (int group = 0; group < 8; ++group) {
    const uint8_t* entries = block.qs + 8 * group;
    const uint32_t bits = load_u32(entries + 4);
    const float step = d * (0.5f + static_cast<float>(bits >> 28)) * 0.25f;
    for (int k = 0; k < 4; ++k, dst += 8) {
      const int8_t* values = kGridIq2Xxs.values + 8 * entries[k];
      decode_signed(step, values, values + 4, ksigns(bits >> 7 * k), dst);
    }
  }
}

BlockIQ2_XXS pack(const CodebookSuperBlock& fit) {
  BlockIQ2_XXS block;
  block.d = fit.d;
  for (int group = 0; group < 8; ++group) {
    uint32_t bits = static_cast<uint32_t>(fit.scales[group]) << 28;
    for (int k = 0; k < 4; ++k) {
      block.qs[8 * group + k] = static_cast<uint8_t>(fit.indices[4 * group + k]);
      bits |= (fit.signs[4 * group + k] & 127u) << 7 * k;
    }
    store_u32(block.qs + 8 * group + 4, bits);
  }
  return block;
}

void encode(const float* src, std::byte* dst, size_t n, const float* importance) {
  static const CodebookTables tables(kGridIq2Xxs, 2);
  static const Codebook book = tables.view();
  static const CodebookSettings settings = {
      .type = QuantType::kIQ2_XXS,
      .search = {&book, /*group=*/32, /*steps=*/6, /*step=*/0.1f, Refit::kAll},
      .variance_factor = 1,
      .plain = PlainWeighting::kEqualImportance,
      .even_signs = true,
      .searched_start = true,
      .tiny = 1e-15f,
      .d_factor = 1,
      .unit = 0.25f,
  };
  encode_codebook_row<BlockIQ2_XXS, pack>(settings, src, dst, n, importance);
}

}  // namespace

extern const Codec kCodecIQ2_XXS = {QuantType::kIQ2_XXS,
                                    decode_blocks<BlockIQ2_XXS, kBlock256, decode_block>,
                                    encode,
                                    scales_are_finite<BlockIQ2_XXS, kBlock256, &BlockIQ2_XXS::d>,
                                    /*uses_importance=*/true,
                                    /*needs_importance=*/true};

}  // namespace aurea::codecs
