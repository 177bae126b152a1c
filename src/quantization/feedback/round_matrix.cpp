#include "quantization/feedback/round_matrix.h"

#include <algorithm>
#include <cmath>

#include "codecs/codec.h"
#include "codecs/recoder.h"
#include "codecs/search.h"
#include "core/error.h"
#include "quantization/linear_algebra.h"

namespace aurea::quantization {
namespace {

using codecs::kRecodeColumns;
using codecs::kRecodeRows;

constexpr size_t kLanes = kRecodeRows;

/// A factor R with R R^T = the damped matrix, as unit columns: coefficient (k, j) = R_kj / R_jj, and the squared diagonal.
struct Factor {
  size_t n = 0;
  std::vector<float> coefficients;  // [n, n], above the diagonal
  std::vector<float> weight;        // [n] R_jj^2
};

Factor factorize(const std::vector<float>& sum, size_t n, double n_rows, float damping, const kernels::KernelSet& kernels, ThreadPool& pool) {
  Factor factor{n, std::vector<float>(n * n), std::vector<float>(n)};
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = i; j < n; ++j) factor.coefficients[i * n + j] = static_cast<float>(sum[i * n + j] / n_rows);
  }
  std::vector<float>& h = factor.coefficients;
  for (float share = damping;; share *= 4) {
    damp(h.data(), n, share);
    std::vector<float> trial = h;
    if (reverse_cholesky(kernels, pool, trial.data(), n)) {
      h = std::move(trial);
      break;
    }
    AUREA_CHECK(share < 1e6f);
  }
  for (size_t j = 0; j < n; ++j) factor.weight[j] = h[j * n + j] * h[j * n + j];
  for (size_t k = 0; k < n; ++k) {
    for (size_t j = k + 1; j < n; ++j) h[k * n + j] /= h[j * n + j];
  }
  return factor;
}

/// Row i of a group in the order of rounding: the rows of a strip lie far apart, because they do not see each other's errors.
size_t row_in_group(size_t i, size_t n_rows) {
  const size_t n_strips = n_rows / kLanes;
  return n_rows % kLanes != 0 ? i : i / kLanes + i % kLanes * n_strips;
}

/// A symmetric matrix (upper triangle) with rows and columns in the order of rounding.
std::vector<float> in_strip_order(const std::vector<float>& matrix, size_t n) {
  std::vector<float> result(n * n);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = i; j < n; ++j) {
      const size_t a = row_in_group(i, n), b = row_in_group(j, n);
      result[i * n + j] = matrix[std::min(a, b) * n + std::max(a, b)];
    }
  }
  return result;
}

/// What all rows share.
struct Shared {
  const TensorView& source;
  QuantType type;
  const codecs::Recoder& recoder;
  const kernels::KernelSet& kernels;
  const Factor& columns;
  std::vector<float> windows;  // [n_windows][256, 256] row j: coefficients (k, j) of the window, k < j
  std::vector<float> factors;  // [n_windows][256, 256] row k: R_kj of the window, j >= k
  std::vector<float> roots, curvatures;  // [n_in] R_jj; sum of R_kj^2 over the window
  std::span<std::byte> out;
  const RoundOptions& options;
};

/// 16 rows of the matrix, a row per lane.
struct Strip {
  std::vector<float> target, base, deviation;  // [n_in, 16]
  size_t rows[kLanes];
  float weight[kLanes];  // S_ii^2
  size_t n_rows = 0;
};

/// One attempt at a window: its blocks, what they leave over, and what that costs, lane by lane.
struct Attempt {
  std::vector<std::byte> blocks;  // [16, bytes of the window's blocks]
  float deviation[kRecodeColumns * kLanes];
  float cost[kLanes];
};

/// Scales from the ordinary search on `values` [n, 16], then codes with feedback.
void attempt_window(const Shared& shared, const Strip& strip, size_t begin, size_t n, const float* values, Attempt& result) {
  const codecs::Recoder& type = shared.recoder;
  const auto block = static_cast<size_t>(type.block);
  const size_t block_bytes = info(shared.type).block_bytes, n_blocks = n / block, window_bytes = n_blocks * block_bytes;
  const size_t groups = n / static_cast<size_t>(type.group), per_block = static_cast<size_t>(type.groups());
  float row[kRecodeColumns], d[8 * kLanes], dmin[8 * kLanes], scale[16 * kLanes], min[16 * kLanes];
  const codecs::Codec& codec = codecs::codec(shared.type);
  result.blocks.resize(kLanes * window_bytes);
  codecs::RecodeScales scales;
  for (size_t lane = 0; lane < kLanes; ++lane) {
    std::byte* bytes = result.blocks.data() + lane * window_bytes;
    for (size_t j = 0; j < n; ++j) row[j] = values[j * kLanes + lane];
    codec.encode(row, bytes, n, shared.columns.weight.data() + begin);
    for (size_t b = 0; b < n_blocks; ++b) {
      type.get_scales(bytes + b * block_bytes, scales);
      d[b * kLanes + lane] = scales.d;
      dmin[b * kLanes + lane] = scales.dmin;
      for (size_t g = 0; g < per_block; ++g) {
        scale[(b * per_block + g) * kLanes + lane] = scales.scale[g];
        min[(b * per_block + g) * kLanes + lane] = scales.min[g];
      }
    }
  }
  AUREA_CHECK(groups <= 16 && n_blocks <= 8);
  uint16_t codes[kRecodeColumns * kLanes];
  uint8_t signs[kRecodeColumns / 8 * kLanes];
  codecs::search_set().recode({.recoder = &type, .n = static_cast<int>(n), .sweeps = shared.options.sweeps, .target = strip.target.data() + begin * kLanes,
                               .base = strip.base.data() + begin * kLanes, .factor = shared.factors.data() + begin * kRecodeColumns,
                               .coefficients = shared.windows.data() + begin * kRecodeColumns, .root = shared.roots.data() + begin,
                               .curvature = shared.curvatures.data() + begin, .d = d, .dmin = dmin, .scale = scale, .min = min,
                               .codes = codes, .signs = signs, .deviation = result.deviation, .cost = result.cost});
  const auto run = static_cast<size_t>(type.run());
  for (size_t lane = 0; lane < kLanes; ++lane) {
    std::byte* bytes = result.blocks.data() + lane * window_bytes;
    uint16_t own[kRecodeColumns];
    uint8_t own_signs[kRecodeColumns / 8];
    for (size_t i = 0; i < n / run; ++i) own[i] = codes[i * kLanes + lane];
    for (size_t i = 0; type.grid != nullptr && i < n / 8; ++i) own_signs[i] = signs[i * kLanes + lane];
    for (size_t b = 0; b < n_blocks; ++b) {
      scales = {d[b * kLanes + lane], dmin[b * kLanes + lane], {}, {}};
      for (size_t g = 0; g < per_block; ++g) {
        scales.scale[g] = static_cast<int16_t>(scale[(b * per_block + g) * kLanes + lane]);
        scales.min[g] = static_cast<int16_t>(min[(b * per_block + g) * kLanes + lane]);
      }
      type.set_scales(bytes + b * block_bytes, scales);
      type.set_codes(bytes + b * block_bytes, own + b * block / run, own_signs + b * block / 8);
    }
  }
}

/// What the columns of a window wanted to be when their turn came: base and the feedback inside the window.
void wanted_values(const Shared& shared, const Strip& strip, size_t begin, size_t n, const Attempt& attempt, float* wanted) {
  const float* coefficients = shared.windows.data() + begin * kRecodeColumns;
  std::copy_n(strip.base.data() + begin * kLanes, n * kLanes, wanted);
  shared.kernels.gemm({.a = coefficients, .a_row = n, .a_col = 1, .b = attempt.deviation, .b_row = kLanes, .b_col = 1, .c = wanted,
                       .c_row = kLanes, .m = n, .n = kLanes, .k = n, .alpha = 1});
}

/// Takes over the lanes in which `other` is better.
void keep_better(Attempt& best, const Attempt& other, size_t n) {
  const size_t window_bytes = best.blocks.size() / kLanes;
  for (size_t lane = 0; lane < kLanes; ++lane) {
    if (!(other.cost[lane] < best.cost[lane])) continue;
    best.cost[lane] = other.cost[lane];
    std::copy_n(other.blocks.begin() + static_cast<std::ptrdiff_t>(lane * window_bytes), window_bytes, best.blocks.begin() + static_cast<std::ptrdiff_t>(lane * window_bytes));
    for (size_t j = 0; j < n; ++j) best.deviation[j * kLanes + lane] = other.deviation[j * kLanes + lane];
  }
}

double round_window(const Shared& shared, Strip& strip, size_t begin, size_t n) {
  Attempt best, other;
  std::vector<float> values(n * kLanes);
  attempt_window(shared, strip, begin, n, strip.base.data() + begin * kLanes, best);
  for (int round = 0; round < shared.options.rounds; ++round) {
    wanted_values(shared, strip, begin, n, best, values.data());
    attempt_window(shared, strip, begin, n, values.data(), other);
    keep_better(best, other, n);
  }
  const codecs::Codec& codec = codecs::codec(shared.type);
  const size_t window_bytes = best.blocks.size() / kLanes;
  double sum = 0;
  float row[kRecodeColumns];
  for (size_t lane = 0; lane < kLanes; ++lane) {  // what the blocks really decode to
    const std::byte* bytes = best.blocks.data() + lane * window_bytes;
    codec.decode(bytes, row, n);
    for (size_t j = 0; j < n; ++j) {
      const size_t at = (begin + j) * kLanes + lane;
      strip.deviation[at] = strip.target[at] - row[j];
    }
    if (lane >= strip.n_rows) continue;
    const uint64_t place = strip.rows[lane] * row_bytes(shared.type, shared.source.cols()) + row_bytes(shared.type, begin);
    std::copy_n(bytes, window_bytes, shared.out.begin() + static_cast<std::ptrdiff_t>(place));
    sum += best.cost[lane] * strip.weight[lane];
  }
  return sum;
}

/// Columns from the first to the last; base gets the feedback of all windows before.
double round_strip(const Shared& shared, Strip& strip) {
  const size_t n_in = shared.columns.n;
  strip.base = strip.target;
  double sum = 0;
  for (size_t begin = 0; begin < n_in; begin += kRecodeColumns) {
    const size_t n = std::min<size_t>(kRecodeColumns, n_in - begin);
    if (begin > 0) {
      shared.kernels.gemm({.a = shared.columns.coefficients.data() + begin, .a_row = 1, .a_col = n_in, .b = strip.deviation.data(),
                           .b_row = kLanes, .b_col = 1, .c = strip.base.data() + begin * kLanes, .c_row = kLanes, .m = n, .n = kLanes,
                           .k = begin, .alpha = 1});
    }
    sum += round_window(shared, strip, begin, n);
  }
  return sum;
}

/// One group of rows that share a block of G; rows are taken in strips of 16 that lie far apart.
double round_group(const Shared& shared, size_t first, size_t n_rows, const Factor* outputs) {
  const size_t n_in = shared.columns.n, n_strips = (n_rows + kLanes - 1) / kLanes;
  const auto decode = codecs::codec(shared.source.type).decode;
  Strip strip{std::vector<float>(n_in * kLanes), {}, std::vector<float>(n_in * kLanes), {}, {}, 0};
  std::vector<float> lost(outputs != nullptr ? n_rows * n_in : 0);  // [row in order, n_in]: source - result
  std::vector<float> row(n_in), share(outputs != nullptr ? n_rows * kLanes : 0);
  double sum = 0;
  for (size_t s = 0; s < n_strips; ++s) {
    const size_t begin = s * kLanes;
    strip.n_rows = std::min(kLanes, n_rows - begin);
    std::ranges::fill(strip.target, 0.0f);
    for (size_t lane = 0; lane < strip.n_rows; ++lane) {
      strip.rows[lane] = first + row_in_group(begin + lane, n_rows);
      strip.weight[lane] = outputs != nullptr ? outputs->weight[begin + lane] : 1;
      decode(shared.source.row(strip.rows[lane]), row.data(), n_in);
      for (size_t j = 0; j < n_in; ++j) strip.target[j * kLanes + lane] = row[j];
    }
    std::vector<float> original = strip.target;
    if (outputs != nullptr && begin > 0) {
      for (size_t p = 0; p < begin; ++p) {
        for (size_t lane = 0; lane < kLanes; ++lane) {
          share[p * kLanes + lane] = lane < strip.n_rows ? outputs->coefficients[p * n_rows + begin + lane] : 0.0f;
        }
      }
      shared.kernels.gemm({.a = lost.data(), .a_row = 1, .a_col = n_in, .b = share.data(), .b_row = kLanes, .b_col = 1, .c = strip.target.data(),
                           .c_row = kLanes, .m = n_in, .n = kLanes, .k = begin, .alpha = 1});
    }
    sum += round_strip(shared, strip);
    if (outputs == nullptr) continue;
    for (size_t lane = 0; lane < strip.n_rows; ++lane) {
      for (size_t j = 0; j < n_in; ++j) {
        const size_t at = j * kLanes + lane;
        lost[(begin + lane) * n_in + j] = original[at] - (strip.target[at] - strip.deviation[at]);
      }
    }
  }
  return sum;
}

}  // namespace

RoundResult round_matrix(const TensorView& source, const Curvature& curvature, QuantType type, const RoundOptions& options,
                         const kernels::KernelSet& kernels, ThreadPool& pool, std::span<std::byte> out) {
  const codecs::Recoder* recoder = codecs::recoder(type);
  const size_t n_in = source.cols(), n_out = source.rows();
  AUREA_CHECK(recoder != nullptr && n_in == curvature.n_in && n_out == curvature.n_out);
  AUREA_CHECK(out.size() == n_out * row_bytes(type, n_in));
  const auto n_tokens = static_cast<double>(curvature.n_rows);
  const double ratio = static_cast<double>(n_in) / n_tokens;
  const Factor columns = factorize(curvature.input, n_in, n_tokens, options.damping + options.few_tokens * static_cast<float>(ratio), kernels, pool);
  Shared shared{source, type, *recoder, kernels, columns, {}, {}, {}, {}, out, options};
  shared.windows.resize((n_in + kRecodeColumns - 1) / kRecodeColumns * kRecodeColumns * kRecodeColumns);
  shared.factors.resize(shared.windows.size());
  shared.curvatures.resize(n_in);
  for (const float weight : columns.weight) shared.roots.push_back(std::sqrt(weight));
  for (size_t begin = 0; begin < n_in; begin += kRecodeColumns) {
    const size_t n = std::min<size_t>(kRecodeColumns, n_in - begin);
    for (size_t k = 0; k < n; ++k) {
      double sum = 0;
      for (size_t j = k; j < n; ++j) {
        const float unit = j == k ? 1 : columns.coefficients[(begin + k) * n_in + begin + j];
        const float value = unit * shared.roots[begin + j];
        shared.factors[begin * kRecodeColumns + k * n + j] = value;
        sum += static_cast<double>(value) * value;
      }
      shared.curvatures[begin + k] = static_cast<float>(sum);
    }
    for (size_t j = 0; j < n; ++j) {
      for (size_t k = 0; k < j; ++k) shared.windows[begin * kRecodeColumns + j * n + k] = columns.coefficients[(begin + k) * n_in + begin + j];
    }
  }
  std::vector<Factor> outputs;
  for (size_t g = 0; g < curvature.output.size(); ++g) {
    const size_t n = std::min(curvature.group, n_out - g * curvature.group);
    outputs.push_back(factorize(in_strip_order(curvature.output[g], n), n, static_cast<double>(curvature.n_output_rows), options.output_damping, kernels, pool));
  }
  const size_t n_groups = (n_out + curvature.group - 1) / curvature.group;
  std::vector<double> losses(n_groups);
  pool.parallel_for(n_groups, 1, [&](size_t begin, size_t end, unsigned) {
    for (size_t g = begin; g < end; ++g) {
      const size_t first = g * curvature.group;
      losses[g] = round_group(shared, first, std::min(curvature.group, n_out - first), outputs.empty() ? nullptr : &outputs[g]);
    }
  });
  RoundResult result;
  for (const double loss : losses) result.loss += loss / 2;
  if (outputs.empty()) result.loss *= curvature.output_mean;
  return result;
}

}  // namespace aurea::quantization
