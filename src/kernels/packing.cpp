#include "kernels/packing.h"

#include <algorithm>
#include <cstring>

#include "codecs/block_io.h"
#include "codecs/blocks.h"
#include "codecs/codebook_blocks.h"
#include "codecs/fp4_values.h"
#include "codecs/iq1_grid.h"

namespace aurea::kernels {
namespace {

using codecs::Grid;

// ---- types whose bytes are only moved

template <class Block>
Block load(const uint8_t* p) {
  Block block;
  std::memcpy(&block, p, sizeof block);
  return block;
}

/// Appends the bytes of a block's member to the columns.
class ColumnWriter {
 public:
  explicit ColumnWriter(uint32_t* columns) : to_(reinterpret_cast<uint8_t*>(columns)) {}
  template <class Bytes>
  ColumnWriter& operator<<(const Bytes& bytes) {
    static_assert(sizeof bytes % 4 == 0);
    std::memcpy(to_, &bytes, sizeof bytes);
    to_ += sizeof bytes;
    return *this;
  }

 private:
  uint8_t* to_;
};

template <auto... kMembers>
struct Members {};

/// Packs a block by moving its members: those of the first list are the factors, those of the second fill the columns.
template <class Block, auto... kFactors, auto... kColumns>
void move_members(const uint8_t* p, uint16_t* factors, uint32_t* columns, Members<kFactors...>, Members<kColumns...>) {
  const auto block = load<Block>(p);
  ((*factors++ = block.*kFactors), ...);
  ColumnWriter writer(columns);
  (writer << ... << (block.*kColumns));
}

template <class Block, class Factors, class Columns>
void pack_moved(const uint8_t* p, uint16_t* factors, uint32_t* columns) {
  move_members<Block>(p, factors, columns, Factors(), Columns());
}

template <class Block>  // d and qs
constexpr auto pack_codes = pack_moved<Block, Members<&Block::d>, Members<&Block::qs>>;

using codecs::BlockQ2_K, codecs::BlockQ3_K, codecs::BlockQ4_1, codecs::BlockQ4_K, codecs::BlockQ5_K, codecs::BlockQ6_K;
constexpr auto pack_q4_1 = pack_moved<BlockQ4_1, Members<&BlockQ4_1::d, &BlockQ4_1::m>, Members<&BlockQ4_1::qs>>;
constexpr auto pack_q2_k =
    pack_moved<BlockQ2_K, Members<&BlockQ2_K::d, &BlockQ2_K::dmin>, Members<&BlockQ2_K::scales, &BlockQ2_K::qs>>;
constexpr auto pack_q3_k =
    pack_moved<BlockQ3_K, Members<&BlockQ3_K::d>, Members<&BlockQ3_K::scales, &BlockQ3_K::hmask, &BlockQ3_K::qs>>;
constexpr auto pack_q4_k =
    pack_moved<BlockQ4_K, Members<&BlockQ4_K::d, &BlockQ4_K::dmin>, Members<&BlockQ4_K::scales, &BlockQ4_K::qs>>;
constexpr auto pack_q5_k = pack_moved<BlockQ5_K, Members<&BlockQ5_K::d, &BlockQ5_K::dmin>,
                                      Members<&BlockQ5_K::scales, &BlockQ5_K::qh, &BlockQ5_K::qs>>;
constexpr auto pack_q6_k =
    pack_moved<BlockQ6_K, Members<&BlockQ6_K::d>, Members<&BlockQ6_K::scales, &BlockQ6_K::ql, &BlockQ6_K::qh>>;

// ---- types whose codes are arranged anew

/// Q5_0 and Q5_1: the fifth bits of each group of 4 elements at the same place of four bytes.
template <class Block>
void pack_five_bits(const uint8_t* p, uint16_t* factors, uint32_t* columns) {
  const auto block = load<Block>(p);
  factors[0] = block.d;
  if constexpr (requires { block.m; }) factors[1] = block.m;
  const uint32_t bits = codecs::load_u32(p + offsetof(Block, qh));
  uint8_t fifth[4] = {};
  for (size_t i = 0; i < 32; ++i) fifth[i % 4] |= static_cast<uint8_t>((bits >> i & 1) << i / 4);
  ColumnWriter(columns) << fifth << block.qs;
}

void pack_mxfp4(const uint8_t* p, uint16_t* factors, uint32_t* columns) {
  const auto block = load<codecs::BlockMXFP4>(p);
  // 2^(e - 128) in bfloat16, whose exponent counts from 127; 2^-128 and 2^-127 are subnormal, 255 is not a number.
  factors[0] = block.e == 255 ? uint16_t{0x7FC0}
               : block.e >= 2 ? static_cast<uint16_t>((block.e - 1) << 7)
                              : static_cast<uint16_t>(0x0020 << block.e);
  ColumnWriter(columns) << block.qs;
}

/// 32 codes of four bits as bytes: element j low, element j + 16 high.
void write_nibbles(const uint8_t* codes, uint8_t* bytes) {
  for (size_t j = 0; j < 16; ++j) bytes[j] = static_cast<uint8_t>(codes[j] | codes[j + 16] << 4);
}

void pack_nvfp4(const uint8_t* p, uint16_t* factors, uint32_t* columns) {
  const auto block = load<codecs::BlockNVFP4>(p);
  for (size_t half = 0; half < 2; ++half) {
    uint8_t codes[32], bytes[16];
    for (size_t j = 0; j < 2; ++j) {
      const size_t run = 2 * half + j;  // of 16 elements
      factors[2 * half + j] = f32_to_f16(codecs::nvfp4_step(block.scales[run]));
      for (size_t i = 0; i < 8; ++i) {
        codes[16 * j + i] = block.qs[8 * run + i] & 15;
        codes[16 * j + i + 8] = block.qs[8 * run + i] >> 4;
      }
    }
    write_nibbles(codes, bytes);
    ColumnWriter(columns + 4 * half) << bytes;
  }
}

/// 32 codes of two bits as bytes: byte j, shift 2 s is element 8 s + j.
void write_two_bits(const uint8_t* codes, uint32_t* columns) {
  uint8_t bytes[8];
  for (size_t j = 0; j < 8; ++j) {
    bytes[j] = static_cast<uint8_t>(codes[j] | codes[8 + j] << 2 | codes[16 + j] << 4 | codes[24 + j] << 6);
  }
  ColumnWriter(columns) << bytes;
}

void pack_q2_0(const uint8_t* p, uint16_t* factors, uint32_t* columns) {
  const auto block = load<codecs::BlockQ2_0>(p);
  for (size_t b = 0; b < 2; ++b) {
    uint8_t codes[32];
    for (size_t i = 0; i < 32; ++i) codes[i] = block.qs[8 * b + i / 4] >> 2 * (i % 4) & 3;
    factors[b] = block.d;
    write_two_bits(codes, columns + 2 * b);
  }
}

void pack_q1_0(const uint8_t* p, uint16_t* factors, uint32_t* columns) {
  const auto block = load<codecs::BlockQ1_0>(p);
  for (size_t b = 0; b < 4; ++b) {
    uint8_t codes[32];
    for (size_t i = 0; i < 32; ++i) codes[i] = static_cast<uint8_t>((block.qs[4 * b + i / 8] >> i % 8 & 1) << 1);
    factors[b] = block.d;
    write_two_bits(codes, columns + 2 * b);
  }
}

/// Ternary codes 0, 1, 2 for -d, 0, d, as Q2_K: one step of d above a minimum of -d.
void write_ternary(const uint8_t* qs, uint16_t d, uint16_t* factors, uint32_t* columns) {
  factors[0] = factors[1] = d;
  uint8_t scales[16], bytes[64];
  std::memset(scales, 0x11, sizeof scales);
  std::memcpy(bytes, qs, sizeof bytes);
  ColumnWriter(columns) << scales << bytes;
}

void pack_tq2_0(const uint8_t* p, uint16_t* factors, uint32_t* columns) {
  const auto block = load<codecs::BlockTQ2_0>(p);
  write_ternary(block.qs, block.d, factors, columns);
}

void pack_tq1_0(const uint8_t* p, uint16_t* factors, uint32_t* columns) {
  const auto block = load<codecs::BlockTQ1_0>(p);
  constexpr uint8_t kPowers[5] = {1, 3, 9, 27, 81};
  uint8_t codes[256], qs[64] = {};
  const auto digit = [&](uint8_t byte, size_t n) {
    return static_cast<uint8_t>(static_cast<uint8_t>(byte * kPowers[n]) * 3 >> 8);
  };
  for (size_t i = 0; i < 160; ++i) codes[i] = digit(block.qs[i % 32], i / 32);
  for (size_t i = 0; i < 80; ++i) codes[160 + i] = digit(block.qs[32 + i % 16], i / 16);
  for (size_t i = 0; i < 16; ++i) codes[240 + i] = digit(block.qh[i % 4], i / 4);
  for (size_t i = 0; i < 256; ++i) qs[32 * (i / 128) + i % 32] |= static_cast<uint8_t>(codes[i] << 2 * (i % 128 / 32));
  write_ternary(qs, block.d, factors, columns);
}

// ---- codebook types: the codes of the values, for a kernel's table

/// codes [256] of four bits in the order of Q4_K behind eight signed scales.
void write_lookup4(uint16_t d, const int8_t (&scales)[8], const uint8_t* codes, uint16_t* factors, uint32_t* columns) {
  factors[0] = d;
  uint8_t qs[128];
  for (size_t i = 0; i < 128; ++i) {
    const uint8_t* pair = codes + i / 32 * 64 + i % 32;
    qs[i] = static_cast<uint8_t>(pair[0] | pair[32] << 4);
  }
  ColumnWriter(columns) << scales << qs;
}

/// codes [256] of three bits, scale codes [16] of four.
void write_lookup3(uint16_t d, const uint8_t* scales, const uint8_t* codes, uint16_t* factors, uint32_t* columns) {
  factors[0] = d;
  uint8_t packed_scales[8], high[32] = {}, low[64] = {};
  for (size_t b = 0; b < 8; ++b) {
    const uint8_t* four = scales + 8 * (b / 4) + b % 4;
    packed_scales[b] = static_cast<uint8_t>(four[0] | four[4] << 4);
  }
  for (size_t i = 0; i < 256; ++i) {
    high[i % 32] |= static_cast<uint8_t>((codes[i] >> 2) << i / 32);
    low[32 * (i / 128) + i % 32] |= static_cast<uint8_t>((codes[i] & 3) << 2 * (i % 128 / 32));
  }
  ColumnWriter(columns) << packed_scales << high << low;
}

void pack_iq4_xs(const uint8_t* p, uint16_t* factors, uint32_t* columns) {
  const auto block = load<codecs::BlockIQ4_XS>(p);
  int8_t scales[8];
  uint8_t codes[256];
  for (size_t g = 0; g < 8; ++g) {
    const int low = block.scales_l[g / 2] >> 4 * (g % 2) & 15, high = block.scales_h >> 2 * g & 3;
    scales[g] = static_cast<int8_t>((low | high << 4) - 32);
    for (size_t i = 0; i < 16; ++i) {
      codes[32 * g + i] = block.qs[16 * g + i] & 15;
      codes[32 * g + i + 16] = block.qs[16 * g + i] >> 4;
    }
  }
  write_lookup4(block.d, scales, codes, factors, columns);
}

/// codes[n] = level | the sign bit above `bits` level bits, for one grid entry.
void write_signed_levels(const Grid& grid, size_t index, unsigned signs, int bits, uint8_t* codes) {
  const int8_t* levels = grid.levels + index * static_cast<size_t>(grid.length);
  for (int i = 0; i < grid.length; ++i) {
    codes[i] = static_cast<uint8_t>(static_cast<unsigned>(levels[i]) | (signs >> i & 1u) << bits);
  }
}

void pack_iq3_xxs(const uint8_t* p, uint16_t* factors, uint32_t* columns) {
  const auto block = load<codecs::BlockIQ3_XXS>(p);
  int8_t scales[8];
  uint8_t codes[256];
  for (size_t g = 0; g < 8; ++g) {
    const uint32_t bits = codecs::load_u32(block.signs + 4 * g);
    scales[g] = static_cast<int8_t>(2 * (bits >> 28) + 1);
    for (size_t k = 0; k < 8; ++k) {
      const unsigned signs = codecs::ksigns(bits >> 7 * (k / 2));
      write_signed_levels(codecs::kGridIq3Xxs, block.qs[8 * g + k], signs >> 4 * (k % 2), 3, codes + 32 * g + 4 * k);
    }
  }
  write_lookup4(block.d, scales, codes, factors, columns);
}

void pack_iq3_s(const uint8_t* p, uint16_t* factors, uint32_t* columns) {
  const auto block = load<codecs::BlockIQ3_S>(p);
  int8_t scales[8];
  uint8_t codes[256];
  for (size_t g = 0; g < 8; ++g) scales[g] = static_cast<int8_t>(2 * (block.scales[g / 2] >> 4 * (g % 2) & 15) + 1);
  for (size_t k = 0; k < 64; ++k) {
    const size_t index = block.qs[k] | static_cast<size_t>(block.qh[k / 8] >> k % 8 & 1) << 8;
    write_signed_levels(codecs::kGridIq3S, index, block.signs[k / 2] >> 4 * (k % 2), 3, codes + 4 * k);
  }
  write_lookup4(block.d, scales, codes, factors, columns);
}

void pack_iq2_xxs(const uint8_t* p, uint16_t* factors, uint32_t* columns) {
  const auto block = load<codecs::BlockIQ2_XXS>(p);
  uint8_t scales[16], codes[256];
  for (size_t g = 0; g < 8; ++g) {
    const uint32_t bits = codecs::load_u32(block.qs + 8 * g + 4);
    scales[2 * g] = scales[2 * g + 1] = static_cast<uint8_t>(bits >> 28);
    for (size_t k = 0; k < 4; ++k) {
      write_signed_levels(codecs::kGridIq2Xxs, block.qs[8 * g + k], codecs::ksigns(bits >> 7 * k), 2,
                          codes + 32 * g + 8 * k);
    }
  }
  write_lookup3(block.d, scales, codes, factors, columns);
}

void pack_iq2_xs(const uint8_t* p, uint16_t* factors, uint32_t* columns) {
  const auto block = load<codecs::BlockIQ2_XS>(p);
  uint8_t scales[16], codes[256];
  for (size_t g = 0; g < 16; ++g) scales[g] = block.scales[g / 2] >> 4 * (g % 2) & 15;
  for (size_t k = 0; k < 32; ++k) {
    write_signed_levels(codecs::kGridIq2Xs, block.qs[k] & 511, codecs::ksigns(block.qs[k] >> 9), 2, codes + 8 * k);
  }
  write_lookup3(block.d, scales, codes, factors, columns);
}

void pack_iq2_s(const uint8_t* p, uint16_t* factors, uint32_t* columns) {
  const auto block = load<codecs::BlockIQ2_S>(p);
  uint8_t scales[16], codes[256];
  for (size_t g = 0; g < 16; ++g) scales[g] = block.scales[g / 2] >> 4 * (g % 2) & 15;
  for (size_t k = 0; k < 32; ++k) {
    const size_t index = block.qs[k] | static_cast<size_t>(block.qh[k / 4] >> 2 * (k % 4) & 3) << 8;
    write_signed_levels(codecs::kGridIq2S, index, block.signs[k], 2, codes + 8 * k);
  }
  write_lookup3(block.d, scales, codes, factors, columns);
}

void pack_iq1_s(const uint8_t* p, uint16_t* factors, uint32_t* columns) {
  const auto block = load<codecs::BlockIQ1_S>(p);
  uint8_t scales[16], codes[256];
  for (size_t g = 0; g < 8; ++g) {
    scales[2 * g] = scales[2 * g + 1] = block.qh[g] >> 12 & 7;
    const unsigned down = block.qh[g] >> 15 != 0 ? 255 : 0;
    for (size_t k = 0; k < 4; ++k) {
      const size_t index = block.qs[4 * g + k] | static_cast<size_t>(block.qh[g] >> 3 * k & 7) << 8;
      write_signed_levels(codecs::kGridIq1, index, down, 2, codes + 32 * g + 8 * k);
    }
  }
  write_lookup3(block.d, scales, codes, factors, columns);
}

void pack_iq1_m(const uint8_t* p, uint16_t* factors, uint32_t* columns) {
  const auto block = load<codecs::BlockIQ1_M>(p);
  uint8_t scales[16], codes[256];
  uint16_t d = 0;
  for (size_t k = 0; k < 4; ++k) d = static_cast<uint16_t>(d | block.scales[k] >> 12 << 4 * k);
  for (size_t g = 0; g < 16; ++g) scales[g] = block.scales[g / 4] >> 3 * (g % 4) & 7;
  for (size_t k = 0; k < 32; ++k) {
    const unsigned high = block.qh[k / 2] >> 4 * (k % 2) & 15;
    const size_t index = block.qs[k] | static_cast<size_t>(high & 7) << 8;
    write_signed_levels(codecs::kGridIq1, index, (high & 8) != 0 ? 255 : 0, 2, codes + 8 * k);
  }
  write_lookup3(d, scales, codes, factors, columns);
}

// ---- the table

struct Row {
  QuantType type;
  Packing packing;
};

constexpr Row kRows[] = {
    {QuantType::kQ4_0, {kPackedQ4_0, pack_codes<codecs::BlockQ4_0>}},
    {QuantType::kQ4_1, {kPackedQ4_1, pack_q4_1}},
    {QuantType::kQ5_0, {kPackedQ5_0, pack_five_bits<codecs::BlockQ5_0>}},
    {QuantType::kQ5_1, {kPackedQ5_1, pack_five_bits<codecs::BlockQ5_1>}},
    {QuantType::kQ8_0, {kPackedQ8_0, pack_codes<codecs::BlockQ8_0>}},
    {QuantType::kQ2_K, {kPackedQ2K, pack_q2_k}},
    {QuantType::kQ3_K, {kPackedQ3K, pack_q3_k}},
    {QuantType::kQ4_K, {kPackedQ4K, pack_q4_k}},
    {QuantType::kQ5_K, {kPackedQ5K, pack_q5_k}},
    {QuantType::kQ6_K, {kPackedQ6K, pack_q6_k}},
    {QuantType::kIQ1_S, {kPackedLookup3, pack_iq1_s}},
    {QuantType::kIQ1_M, {kPackedLookup3, pack_iq1_m}},
    {QuantType::kIQ2_XXS, {kPackedLookup3, pack_iq2_xxs}},
    {QuantType::kIQ2_XS, {kPackedLookup3, pack_iq2_xs}},
    {QuantType::kIQ2_S, {kPackedLookup3, pack_iq2_s}},
    {QuantType::kIQ3_XXS, {kPackedLookup4, pack_iq3_xxs}},
    {QuantType::kIQ3_S, {kPackedLookup4, pack_iq3_s}},
    {QuantType::kIQ4_XS, {kPackedLookup4, pack_iq4_xs}},
    {QuantType::kIQ4_NL, {kPackedIq4Nl, pack_codes<codecs::BlockIQ4_NL>}},
    {QuantType::kTQ1_0, {kPackedQ2K, pack_tq1_0}},
    {QuantType::kTQ2_0, {kPackedQ2K, pack_tq2_0}},
    {QuantType::kMXFP4, {kPackedMxfp4, pack_mxfp4}},
    {QuantType::kNVFP4, {kPackedNvfp4, pack_nvfp4}},
    {QuantType::kQ1_0, {kPackedTwoBit, pack_q1_0}},
    {QuantType::kQ2_0, {kPackedTwoBit, pack_q2_0}},
};

}  // namespace

const Packing* packing(QuantType type) {
  const auto* found = std::ranges::find(kRows, type, &Row::type);
  return found == std::end(kRows) ? nullptr : &found->packing;
}

size_t packed_bytes(QuantType type, size_t rows, size_t cols) {
  const Packing* to = packing(type);
  return to == nullptr ? 0 : packed_groups(rows) * packed_group_bytes(to->format, cols);
}

void pack_groups(QuantType type, const uint8_t* weights, size_t row_bytes, size_t rows, size_t cols, size_t group_begin,
                 size_t group_end, uint8_t* dst) {
  const Packing& to = *packing(type);
  const PackedFormat format = to.format;
  const QuantTypeInfo& stored = info(type);
  const size_t per_stored = stored.block_elements / format.block_elements;  // packed blocks of a stored one
  const size_t group_bytes = packed_group_bytes(format, cols);
  for (size_t group = group_begin; group < group_end; ++group) {
    uint8_t* factors = dst + group * group_bytes;
    uint8_t* columns = factors + packed_factor_bytes(format, cols);
    const size_t n_rows = std::min(kGroupRows, rows - group * kGroupRows);
    if (n_rows < kGroupRows) std::memset(factors, 0, group_bytes);
    for (size_t at = 0; at < cols / stored.block_elements; ++at) {
      for (size_t r = 0; r < n_rows; ++r) {
        uint16_t row_factors[2 * kMaxPackedBlocks];
        uint32_t row_columns[kMaxColumns];
        to.pack_block(weights + (group * kGroupRows + r) * row_bytes + at * stored.block_bytes, row_factors,
                      row_columns);
        for (size_t i = 0; i < per_stored * format.factors; ++i) {
          std::memcpy(factors + 2 * ((at * per_stored * format.factors + i) * kGroupRows + r), row_factors + i, 2);
        }
        for (size_t i = 0; i < per_stored * format.columns; ++i) {
          std::memcpy(columns + 4 * ((at * per_stored * format.columns + i) * kGroupRows + r), row_columns + i, 4);
        }
      }
    }
  }
}

}  // namespace aurea::kernels
