#include "make_checkpoint/weights.h"

#include <array>
#include <cmath>
#include <vector>

#include "core/half.h"

namespace aurea::tools {
namespace {

/// splitmix64: one 64-bit number per call.
struct Random {
  uint64_t state;
  uint64_t next() {
    uint64_t z = state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
};

uint64_t hash_name(std::string_view name) {
  uint64_t hash = 0xCBF29CE484222325u;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  return hash;
}

/// Quantile of the standard normal distribution, by bisection (the table is made once).
double normal_quantile(double p) {
  double low = -10, high = 10;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (0.5 * std::erfc(-middle / std::sqrt(2.0)) < p ? low : high) = middle;
  }
  return (low + high) / 2;
}

/// 65536 equally likely values of a normal distribution with heavier tails (Tukey's h = 0.05), scaled to variance 1.
const std::array<float, 65536>& value_table() {
  static const auto table = [] {
    std::array<float, 65536> values{};
    double squares = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      const double z = normal_quantile((static_cast<double>(i) + 0.5) / 65536.0);
      const double x = z * std::exp(0.05 * z * z / 2);
      values[i] = static_cast<float>(x);
      squares += x * x;
    }
    const auto scale = static_cast<float>(1.0 / std::sqrt(squares / 65536.0));
    for (float& value : values) value *= scale;
    return values;
  }();
  return table;
}

/// One column in 200 carries much larger weights, as trained models' channels do.
float column_scale(uint64_t tensor_seed, uint64_t column) {
  Random random{tensor_seed ^ (column * 0xD6E8FEB86659FD93u)};
  return random.next() % 200 == 0 ? 4.0f : 1.0f;
}

}  // namespace

void fill_rows(const models::TensorSpec& spec, uint64_t seed, uint64_t first_row, std::span<uint16_t> dst) {
  const auto& table = value_table();
  const uint64_t cols = spec.shape.back();
  const uint64_t tensor_seed = seed ^ hash_name(spec.name);
  const bool is_norm = spec.role == models::TensorRole::kNorm;
  const bool is_bias = spec.role == models::TensorRole::kBias;
  // Embeddings keep the size of training; matrices keep the size of what flows through them.
  const float sigma = spec.role == models::TensorRole::kTokenEmbedding || is_bias ? 0.05f : 0.8f / std::sqrt(static_cast<float>(cols));
  std::vector<float> columns(cols);
  for (uint64_t c = 0; c < cols; ++c) columns[c] = sigma * column_scale(tensor_seed, c);
  for (uint64_t r = 0; r * cols < dst.size(); ++r) {
    Random random{tensor_seed + (first_row + r) * 0xA0761D6478BD642Fu};
    const float row_scale = std::exp(0.2f * table[random.next() & 0xFFFF]);
    uint64_t bits = 0;
    for (uint64_t c = 0; c < cols; ++c) {
      if (c % 4 == 0) bits = random.next();
      const float z = table[bits & 0xFFFF];
      bits >>= 16;
      dst[r * cols + c] = f32_to_bf16(is_norm ? 1.0f + 0.2f * z : z * columns[c] * row_scale);
    }
  }
}

}  // namespace aurea::tools
