// F32: the values themselves, little-endian.
#include "codecs/block_io.h"

namespace aurea::codecs {
namespace {

void decode(const std::byte* src, float* dst, size_t n) { std::memcpy(dst, src, n * sizeof(float)); }

void encode(const float* src, std::byte* dst, size_t n, const float*) {
  check_row(QuantType::kF32, src, n, nullptr);
  std::memcpy(dst, src, n * sizeof(float));
}

bool validate(const std::byte* src, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    float value;
    std::memcpy(&value, src + i * sizeof value, sizeof value);
    if (!std::isfinite(value)) return false;
  }
  return true;
}

}  // namespace

extern const Codec kCodecF32 = {QuantType::kF32, decode, encode, validate};

}  // namespace aurea::codecs
