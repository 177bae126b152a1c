// IQ2_S: super-blocks of 256, sixteen groups of 16 with 4-bit scales; 8 magnitudes are one of 1024 grid entries, each
// element has its sign. value = (d * (1/2 + s)) * 1/4 * grid * sign.
// Source of layout and search: llama.cpp v0.5.0, ggml-quants.c.
#include "codecs/codebook_blocks.h"
#include "codecs/codebook_tables.h"

namespace aurea::codecs {
namespace {

void decode_block(const BlockIQ2_S& block, float* dst) {
  const float d = f16_to_f32(block.d);
  for (int k = 0; k < 32; ++k, dst += 8) {  // runs of 8, two to a group
    const int scale = block.scales[k / 4] >> 4 * (k / 2 % 2) & 15;
    const float step = d * (0.5f + static_cast<float>(scale)) * 0.25f;
    const int index = block.qs[k] | (block.qh[k / 4] >> 2 * (k % 4) & 3) << 8;
    const int8_t* values = kGridIq2S.values + 8 * index;
    decode_signed(step, values, values + 4, block.signs[k], dst);
  }
}

BlockIQ2_S pack(const CodebookSuperBlock& fit) {
  BlockIQ2_S block{};
  block.d = fit.d;
  for (int k = 0; k < 32; ++k) {
    block.qs[k] = static_cast<uint8_t>(fit.indices[k]);
    block.qh[k / 4] |= static_cast<uint8_t>((fit.indices[k] >> 8) << 2 * (k % 4));
    block.signs[k] = fit.signs[k];
  }
  pack_nibbles(fit.scales, 16, block.scales);
  return block;
}

void encode(const float* src, std::byte* dst, size_t n, const float* importance) {
  static const CodebookTables tables(kGridIq2S, 1);
  static const Codebook book = tables.view();
  static const CodebookSettings settings = {
      .type = QuantType::kIQ2_S,
      .search = {&book, /*group=*/16, /*steps=*/9, /*step=*/0.1f, Refit::kOffGrid},
      .variance_factor = 2,
      .plain = PlainWeighting::kSquareAndVariance,
      .even_signs = false,
      .searched_start = false,
      .tiny = 1e-8f,
      .d_factor = 0.9875f,
      .unit = 0.25f,
  };
  encode_codebook_row<BlockIQ2_S, pack>(settings, src, dst, n, importance);
}

}  // namespace

extern const Codec kCodecIQ2_S = {QuantType::kIQ2_S, decode_blocks<BlockIQ2_S, kBlock256, decode_block>, encode,
                                  scales_are_finite<BlockIQ2_S, kBlock256, &BlockIQ2_S::d>, /*uses_importance=*/true};

}  // namespace aurea::codecs
