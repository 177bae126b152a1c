// IQ3_S: super-blocks of 256, eight groups of 32 with 4-bit scales; 4 magnitudes are one of 512 grid entries, each
// element has its sign. value = (d * (1 + 2 s)) * grid * sign.
// Source of layout and search: llama.cpp v0.5.0, ggml-quants.c.
#include "codecs/codebook_blocks.h"
#include "codecs/codebook_tables.h"

namespace aurea::codecs {
namespace {

void decode_block(const BlockIQ3_S& block, float* dst) {
  const float d = f16_to_f32(block.d);
  for (int k = 0; k < 32; ++k, dst += 8) {  // two runs of 4, four such pairs to a group
    const int scale = block.scales[k / 8] >> 4 * (k / 4 % 2) & 15;
    const float step = d * static_cast<float>(1 + 2 * scale);
    const int high = block.qh[k / 4] >> 2 * (k % 4);
    const int8_t* first = kGridIq3S.values + 4 * (block.qs[2 * k] | (high & 1) << 8);
    const int8_t* second = kGridIq3S.values + 4 * (block.qs[2 * k + 1] | (high >> 1 & 1) << 8);
    decode_signed(step, first, second, block.signs[k], dst);
  }
}

BlockIQ3_S pack(const CodebookSuperBlock& fit) {
  BlockIQ3_S block{};
  block.d = fit.d;
  for (int k = 0; k < 64; ++k) {
    block.qs[k] = static_cast<uint8_t>(fit.indices[k]);
    block.qh[k / 8] |= static_cast<uint8_t>((fit.indices[k] >> 8) << k % 8);
  }
  std::memcpy(block.signs, fit.signs, sizeof block.signs);
  pack_nibbles(fit.scales, 8, block.scales);
  return block;
}

void encode(const float* src, std::byte* dst, size_t n, const float* importance) {
  static const CodebookTables tables(kGridIq3S, 3);
  static const Codebook book = tables.view();
  static const CodebookSettings settings = {
      .type = QuantType::kIQ3_S,
      .search = {&book, /*group=*/32, /*steps=*/9, /*step=*/0.2f, Refit::kAllIfAnyOff},
      .variance_factor = 2,
      .plain = PlainWeighting::kSquare,
      .even_signs = false,
      .searched_start = false,
      .tiny = 0,
      .d_factor = 1.033f,
      .unit = 2,
  };
  encode_codebook_row<BlockIQ3_S, pack>(settings, src, dst, n, importance);
}

}  // namespace

extern const Codec kCodecIQ3_S = {QuantType::kIQ3_S, decode_blocks<BlockIQ3_S, kBlock256, decode_block>, encode,
                                  scales_are_finite<BlockIQ3_S, kBlock256, &BlockIQ3_S::d>, /*uses_importance=*/true};

}  // namespace aurea::codecs
