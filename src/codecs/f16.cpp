// F16: IEEE binary16, little-endian. Values beyond 65504 have no finite half and are refused.
//
// The encoder works on strips of a fixed length, without branches where all values of the strip are ordinary, so that
// compilers turn them into vectors. A float16 checkpoint is read through here: float_lanes.inc.h.
#include "codecs/block_io.h"

namespace aurea::codecs {
namespace {

constexpr size_t kStrip = 32;
constexpr uint32_t kSmallestNormal = 0x38800000u;  // 2^-14 as binary32 bits
constexpr uint32_t kOverflow = 0x477FF000u;        // 65520: rounds to infinity

void decode(const std::byte* src, float* dst, size_t n) { search_set().f16_row(src, dst, n); }

/// Rounds all values as normal halves; false if one of them is not (zero, subnormal, overflow) and `bits` is void.
bool encode_normals(const float* __restrict src, uint16_t* __restrict bits) {
  uint32_t others = 0;
  for (size_t i = 0; i < kStrip; ++i) {
    const uint32_t wide = bits_from_f32(src[i]), magnitude = wide & 0x7FFFFFFFu;
    others |= magnitude - kSmallestNormal >= kOverflow - kSmallestNormal ? 1u : 0u;
    const uint32_t rounded = magnitude + 0xFFFu + ((magnitude >> 13) & 1u);
    bits[i] = static_cast<uint16_t>(((wide >> 16) & 0x8000u) | ((rounded - 0x38000000u) >> 13));
  }
  return others == 0;
}

uint16_t encode_value(const float* src, size_t i) {
  const uint16_t bits = f32_to_f16(src[i]);
  if (!is_finite_half(bits)) {
    fail(ErrorCode::kUnsupported, "F16: value {} of the row, {}, exceeds 65504; BF16 or F32 can hold it", i, src[i]);
  }
  return bits;
}

void encode(const float* src, std::byte* dst, size_t n, const float*) {
  check_row(QuantType::kF16, src, n, nullptr);
  size_t i = 0;
  for (; i + kStrip <= n; i += kStrip) {
    uint16_t bits[kStrip];
    if (!encode_normals(src + i, bits)) {
      for (size_t j = 0; j < kStrip; ++j) bits[j] = encode_value(src, i + j);
    }
    std::memcpy(dst + i * sizeof(uint16_t), bits, sizeof bits);
  }
  for (; i < n; ++i) {
    const uint16_t bits = encode_value(src, i);
    std::memcpy(dst + i * sizeof bits, &bits, sizeof bits);
  }
}

bool validate(const std::byte* src, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    uint16_t bits;
    std::memcpy(&bits, src + i * sizeof bits, sizeof bits);
    if (!is_finite_half(bits)) return false;
  }
  return true;
}

}  // namespace

extern const Codec kCodecF16 = {QuantType::kF16, decode, encode, validate};

}  // namespace aurea::codecs
