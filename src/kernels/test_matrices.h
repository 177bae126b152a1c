// Random weights and activations for the kernels' tests.
#pragma once

#include <sys/mman.h>

#include <cstdint>
#include <cstring>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "codecs/codec.h"
#include "core/half.h"
#include "core/quant_type.h"
#include "kernels/kernel_set.h"

namespace aurea::kernels::test {

/// splitmix64: the same numbers on every machine.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t bits() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
  /// In [0, n).
  size_t below(size_t n) { return static_cast<size_t>(bits() % n); }
  /// In [-1, 1).
  float uniform() { return static_cast<float>(static_cast<double>(bits() >> 11) * 0x1p-52 - 1.0); }

 private:
  uint64_t state_;
};

/// Bytes that end where nothing is mapped any more (or, with a misalignment, less than a line before it), so that a
/// read beyond them ends the test in every build, and that start `misalignment` bytes after an aligned address.
class Bytes {
 public:
  explicit Bytes(size_t size, size_t misalignment = 0) : size_(size) {
    constexpr size_t kPage = 4096, kLine = 64;
    const size_t slack = (misalignment == 0 ? 0 : (2 * kLine - size % kLine - misalignment) % kLine);
    mapped_ = (size + slack + kPage - 1) / kPage * kPage + kPage;
    void* address = ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (address == MAP_FAILED || ::mprotect(static_cast<uint8_t*>(address) + mapped_ - kPage, kPage, PROT_NONE) != 0) {
      throw std::bad_alloc();
    }
    map_ = static_cast<uint8_t*>(address);
    data_ = map_ + mapped_ - kPage - slack - size;
  }
  ~Bytes() {
    if (map_ != nullptr) ::munmap(map_, mapped_);
  }
  Bytes(Bytes&& other) noexcept
      : map_(std::exchange(other.map_, nullptr)), data_(other.data_), mapped_(other.mapped_), size_(other.size_) {}
  Bytes& operator=(Bytes&& other) noexcept {
    std::swap(map_, other.map_);
    std::swap(data_, other.data_);
    std::swap(mapped_, other.mapped_);
    std::swap(size_, other.size_);
    return *this;
  }
  [[nodiscard]] uint8_t* data() { return data_; }
  [[nodiscard]] const uint8_t* data() const { return data_; }
  [[nodiscard]] size_t size() const { return size_; }

 private:
  uint8_t* map_ = nullptr;
  uint8_t* data_ = nullptr;
  size_t mapped_ = 0, size_;
};

inline Bytes copy_of(const Bytes& bytes, size_t misalignment) {
  Bytes copy(bytes.size(), misalignment);
  std::memcpy(copy.data(), bytes.data(), bytes.size());
  return copy;
}

/// Offsets of the binary16 numbers of a block (codecs/blocks.h); empty for types that are not listed.
inline std::vector<size_t> half_offsets(QuantType type) {
  switch (type) {
    case QuantType::kQ4_0:
    case QuantType::kQ5_0:
    case QuantType::kQ8_0:
    case QuantType::kQ1_0:
    case QuantType::kQ2_0:
    case QuantType::kIQ1_S:
    case QuantType::kIQ4_NL:
    case QuantType::kIQ4_XS:
      return {0};
    case QuantType::kQ4_1:
    case QuantType::kQ5_1:
    case QuantType::kQ4_K:
    case QuantType::kQ5_K:
      return {0, 2};
    case QuantType::kQ2_K:
      return {80, 82};
    case QuantType::kQ3_K:
      return {108};
    case QuantType::kQ6_K:
      return {208};
    case QuantType::kTQ1_0:
      return {52};
    case QuantType::kTQ2_0:
      return {64};
    default:
      return {};
  }
}

inline void write_half(uint8_t* p, float value) {
  const uint16_t half = f32_to_f16(value);
  std::memcpy(p, &half, sizeof half);
}

/// Fills `w` with valid blocks: random codes and scales, ordinary factors where half_offsets knows them.
inline void fill_weights(QuantType type, Bytes& w, uint64_t seed) {
  Random random(seed);
  const size_t block_bytes = info(type).block_bytes;
  if (is_float(type)) {
    for (size_t i = 0; i < w.size(); i += block_bytes) {
      const float value = random.uniform();
      if (type == QuantType::kF32) std::memcpy(w.data() + i, &value, 4);
      if (type == QuantType::kF16) write_half(w.data() + i, value);
      if (type == QuantType::kBF16) {
        const uint16_t bits = f32_to_bf16(value);
        std::memcpy(w.data() + i, &bits, 2);
      }
    }
    return;
  }
  for (size_t i = 0; i < w.size(); i += block_bytes) {
    std::vector<uint8_t> block(block_bytes);
    do {
      for (uint8_t& byte : block) byte = static_cast<uint8_t>(random.bits());
      for (const size_t offset : half_offsets(type)) write_half(block.data() + offset, 0.02f * random.uniform());
      if (type == QuantType::kMXFP4) block[0] = static_cast<uint8_t>(118 + random.below(8));  // the exponent
    } while (
        !codecs::codec(type).validate(reinterpret_cast<const std::byte*>(block.data()), info(type).block_elements));
    std::memcpy(w.data() + i, block.data(), block_bytes);
  }
}

/// [n_tokens, cols] with rows of different magnitude.
inline std::vector<float> random_activations(size_t n_tokens, size_t cols, uint64_t seed) {
  Random random(seed);
  std::vector<float> x(n_tokens * cols);
  for (size_t t = 0; t < n_tokens; ++t) {
    const float scale = 0.1f + static_cast<float>(random.below(100));
    for (size_t i = 0; i < cols; ++i) x[t * cols + i] = scale * random.uniform() * random.uniform();
  }
  return x;
}

/// The activations in the kernel's format.
inline Bytes pack_activations(const KernelSet& set, ActivationFormat format, const std::vector<float>& x, size_t cols,
                              size_t misalignment = 0) {
  const size_t n_tokens = x.size() / cols, row_bytes = activation_row_bytes(format, cols);
  Bytes packed(n_tokens * row_bytes, misalignment);
  for (size_t t = 0; t < n_tokens; ++t) {
    const float* row = x.data() + t * cols;
    if (format == ActivationFormat::kF32) std::memcpy(packed.data() + t * row_bytes, row, row_bytes);
    if (format == ActivationFormat::kQ8x32) {
      std::vector<BlockQ8x32> blocks(cols / 32);
      set.quantize_q8x32(row, blocks.data(), cols);
      std::memcpy(packed.data() + t * row_bytes, blocks.data(), row_bytes);
    }
    if (format == ActivationFormat::kQ8x256) {
      std::vector<BlockQ8x256> blocks(cols / 256);
      set.quantize_q8x256(row, blocks.data(), cols);
      std::memcpy(packed.data() + t * row_bytes, blocks.data(), row_bytes);
    }
  }
  return packed;
}

/// What the packed activations of one token stand for.
inline std::vector<double> unpack_activations(ActivationFormat format, const uint8_t* row, size_t cols) {
  std::vector<double> x(cols);
  for (size_t i = 0; i < cols; ++i) {
    if (format == ActivationFormat::kF32) {
      float value;
      std::memcpy(&value, row + 4 * i, sizeof value);
      x[i] = value;
    } else {
      const size_t length = format == ActivationFormat::kQ8x32 ? 32 : 256;
      const size_t bytes = length == 32 ? sizeof(BlockQ8x32) : sizeof(BlockQ8x256);
      const size_t codes = length == 32 ? offsetof(BlockQ8x32, q) : offsetof(BlockQ8x256, q);
      const uint8_t* block = row + i / length * bytes;
      float d;
      std::memcpy(&d, block, sizeof d);
      x[i] = static_cast<double>(d) * static_cast<int8_t>(block[codes + i % length]);
    }
  }
  return x;
}

}  // namespace aurea::kernels::test
