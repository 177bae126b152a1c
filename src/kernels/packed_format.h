// How the matmul kernels want quantized weights: rows interleaved by sixteen, so that a vector holds the same elements
// of neighbouring rows and a matrix is one stream of memory. Every instruction set reads the same layout.
//
// A matrix [rows, cols] is a list of groups of 16 rows (the last one filled up with zeros), without gaps. A group is
//   factors   uint16 [cols / block_elements][factors][16 rows], filled up to a multiple of 64 bytes
//   columns   uint32 [cols / block_elements][columns][16 rows]: 64 bytes hold one dword of each row
// What the dwords of a block mean is said beside each format; "bytes" of a block are its dwords in order,
// little-endian. Which stored type becomes which format, and how: packing.h. Included by kernels: integer headers only.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace aurea::kernels {

inline constexpr size_t kGroupRows = 16;

struct PackedFormat {
  size_t block_elements;
  size_t factors;  // 16-bit numbers per block and row: binary16, in kPackedMxfp4 bfloat16
  size_t columns;  // dwords per block and row
};

// Blocks of 32. Codes of four bits: byte j holds element j (low nibble) and element j + 16 (high nibble).
inline constexpr PackedFormat kPackedQ4_0 = {32, 1, 4};    // d; value = d * (nibble - 8)
inline constexpr PackedFormat kPackedQ4_1 = {32, 2, 4};    // d, m; value = d * nibble + m
inline constexpr PackedFormat kPackedQ5_0 = {32, 1, 5};    // d * (code - 16); byte b of dword 0, bit g: fifth bit of 4 g + b
inline constexpr PackedFormat kPackedQ5_1 = {32, 2, 5};    // as kPackedQ5_0; value = d * code + m
inline constexpr PackedFormat kPackedQ8_0 = {32, 1, 8};    // signed bytes; value = d * byte
inline constexpr PackedFormat kPackedIq4Nl = {32, 1, 4};   // value = d * kIq4Values[nibble]
inline constexpr PackedFormat kPackedMxfp4 = {32, 1, 4};   // value = d * kFp4Values[nibble], d in bfloat16
inline constexpr PackedFormat kPackedNvfp4 = {32, 2, 4};   // factor h is that of elements 16 h ..; else as kPackedMxfp4
inline constexpr PackedFormat kPackedTwoBit = {32, 1, 2};  // byte j, shift 2 s: element 8 s + j; value = d * (code - 1)

// Super-blocks of 256. The codes' bytes, and where nothing else is said the scales', are those of the stored blocks
// (codecs/blocks.h).
inline constexpr PackedFormat kPackedQ2K = {256, 2, 20};      // d, dmin; scales (4 dwords), qs
inline constexpr PackedFormat kPackedQ3K = {256, 1, 27};      // d; scales (3), hmask, qs
inline constexpr PackedFormat kPackedQ4K = {256, 2, 35};      // d, dmin; scales (3), qs
inline constexpr PackedFormat kPackedQ5K = {256, 2, 43};      // d, dmin; scales (3), qh, qs
inline constexpr PackedFormat kPackedQ6K = {256, 1, 52};      // d; scales (4), ql, qh
inline constexpr PackedFormat kPackedLookup4 = {256, 1, 34};  // d; 8 signed scales (2), nibbles in the order of Q4_K
// d; 16 scale codes s (2): nibble h of byte b is that of sub-block 8 (b / 4) + 4 h + b mod 4, the scale is 2 s + 1;
// then 3-bit codes as in Q3_K: third bits (8), low bits (16)
inline constexpr PackedFormat kPackedLookup3 = {256, 1, 26};

/// Bytes of a group's factors; its columns start there.
constexpr size_t packed_factor_bytes(PackedFormat format, size_t cols) {
  return (cols / format.block_elements * format.factors * kGroupRows * 2 + 63) / 64 * 64;
}

constexpr size_t packed_group_bytes(PackedFormat format, size_t cols) {
  return packed_factor_bytes(format, cols) + cols / format.block_elements * format.columns * kGroupRows * 4;
}

constexpr size_t packed_groups(size_t rows) { return (rows + kGroupRows - 1) / kGroupRows; }

}  // namespace aurea::kernels
