// IQ2_XS: super-blocks of 256, sixteen groups of 16 with 4-bit scales; 8 magnitudes are one of 512 grid entries, 8
// signs are 7 bits. value = (d * (1/2 + s)) * 1/4 * grid * sign. Source of layout and search: llama.cpp v0.5.0,
// ggml-quants.c.
#include "codecs/codebook_blocks.h"
#include "codecs/codebook_tables.h"

namespace aurea::codecs {
namespace {

void decode_block(const BlockIQ2_XS& block, float* dst) {
  const float d = f16_to_f32(block.d);
  for (int k = 0; k < 32; ++k, dst += 8) {  // runs of 8, two to a group
    const int scale = block.scales[k / 4] >> 4 * (k / 2 % 2) & 15;
    const float step = d * (0.5f + static_cast<float>(scale)) * 0.25f;
    const int8_t* values = kGridIq2Xs.values + 8 * (block.qs[k] & 511);
    decode_signed(step, values, values + 4, ksigns(block.qs[k] >> 9), dst);
  }
}

BlockIQ2_XS pack(const CodebookSuperBlock& fit) {
  BlockIQ2_XS block;
  block.d = fit.d;
  for (int k = 0; k < 32; ++k) block.qs[k] = static_cast<uint16_t>(fit.indices[k] | (fit.signs[k] & 127) << 9);
  pack_nibbles(fit.scales, 16, block.scales);
  return block;
}

void encode(const float* src, std::byte* dst, size_t n, const float* importance) {
  static const CodebookTables tables(kGridIq2Xs, 2);
  static const Codebook book = tables.view();
  static const CodebookSettings settings = {
      .type = QuantType::kIQ2_XS,
      .search = {&book, /*group=*/16, /*steps=*/9, /*step=*/0.1f, Refit::kOffGrid},
      .variance_factor = 1,
      .plain = PlainWeighting::kEqualImportance,
      .even_signs = true,
      .searched_start = false,
      .tiny = 1e-15f,
      .d_factor = 1,
      .unit = 0.25f,
  };
  encode_codebook_row<BlockIQ2_XS, pack>(settings, src, dst, n, importance);
}

}  // namespace

extern const Codec kCodecIQ2_XS = {QuantType::kIQ2_XS,
                                   decode_blocks<BlockIQ2_XS, kBlock256, decode_block>,
                                   encode,
                                   scales_are_finite<BlockIQ2_XS, kBlock256, &BlockIQ2_XS::d>,
                                   /*uses_importance=*/true,
                                   /*needs_importance=*/true};

}  // namespace aurea::codecs
