#include "models/hyperparams.h"

#include <cmath>

#include "core/error.h"

namespace aurea::models {
namespace {

// Generous: ten times what any published model of these families has. They bound every product of two or three fields.
constexpr uint64_t kMaxWidth = 1 << 20;
constexpr uint64_t kMaxVocab = 1 << 24;
constexpr uint64_t kMaxLayers = 512;  // llama.cpp's LLAMA_MAX_LAYERS: more could not be loaded there
constexpr uint64_t kMaxHeads = 1 << 12;
constexpr uint64_t kMaxContext = 1 << 28;
constexpr uint64_t kMaxExperts = 256;

void check_range(const char* what, uint64_t value, uint64_t low, uint64_t high) {
  if (value < low || value > high) fail_file("{} is {}, expected {} to {}", what, value, low, high);
}

void check_factors(const char* what, const std::vector<float>& factors, uint64_t pairs) {
  if (factors.size() != pairs) {
    fail_file("rope factors ({}): {} entries, expected {} (half of the {} rotated dimensions)", what, factors.size(), pairs,
              pairs * 2);
  }
  for (const float factor : factors) {
    if (!(factor > 0) || !std::isfinite(factor)) fail_file("rope factors ({}): {} is not a positive number", what, factor);
  }
}

}  // namespace

void validate(const Hyperparams& p) {
  check_range("vocabulary size", p.vocab_size, 1, kMaxVocab);
  check_range("hidden size", p.hidden, 1, kMaxWidth);
  check_range("number of layers", p.n_layers, 1, kMaxLayers);
  check_range("number of attention heads", p.n_heads, 1, kMaxHeads);
  check_range("number of key/value heads", p.n_kv_heads, 1, p.n_heads);
  check_range("head size", p.head_dim, 1, 1 << 14);
  check_range("inner width of the MLP", p.ffn, 1, kMaxWidth);
  check_range("context length", p.context_length, 1, kMaxContext);
  check_range("sliding window", p.sliding_window, 0, kMaxContext);
  check_range("rotary dimensions", p.rope.dims, 2, p.head_dim);
  if (p.rope.dims % 2 != 0) fail_file("rotary dimensions: {} is odd", p.rope.dims);
  if (p.n_heads % p.n_kv_heads != 0) {
    fail_file("{} attention heads cannot share {} key/value heads evenly", p.n_heads, p.n_kv_heads);
  }
  if (!(p.norm_eps > 0) || p.norm_eps > 1) fail_file("norm epsilon is {}, expected a small positive number", p.norm_eps);
  if (!(p.rope.theta > 1) || !std::isfinite(p.rope.theta)) fail_file("rope theta is {}, expected above 1", p.rope.theta);
  for (const double magnitude : {p.rope.short_magnitude, p.rope.long_magnitude}) {
    if (!(magnitude > 0) || magnitude > 100) fail_file("rope magnitude is {}, expected a small positive number", magnitude);
  }
  check_range("number of experts", p.n_experts, 0, kMaxExperts);
  if (!(p.router_jitter >= 0) || p.router_jitter > 1) fail_file("router jitter is {}, expected 0 to 1", p.router_jitter);
  if (p.rope.has_factors() || !p.rope.long_factors.empty()) {
    check_factors("short", p.rope.short_factors, p.rope.dims / 2);
    check_factors("long", p.rope.long_factors, p.rope.dims / 2);
    check_range("original context length", p.rope.original_context, 1, kMaxContext);
  }
}

std::vector<double> rope_frequencies(const RopeParams& rope, const std::vector<float>& factors) {
  std::vector<double> frequencies(rope.dims / 2);
  for (size_t i = 0; i < frequencies.size(); ++i) {
    const double factor = factors.empty() ? 1.0 : static_cast<double>(factors[i]);
    const double exponent = 2.0 * static_cast<double>(i) / static_cast<double>(rope.dims);
    frequencies[i] = 1.0 / (factor * std::pow(rope.theta, exponent));
  }
  return frequencies;
}

double longrope_magnitude(double scale, double original_context) {
  return scale <= 1 ? 1.0 : std::sqrt(1.0 + std::log(scale) / std::log(original_context));
}

}  // namespace aurea::models
