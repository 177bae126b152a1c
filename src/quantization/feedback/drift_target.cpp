#include "quantization/feedback/drift_target.h"

#include <algorithm>

#include "codecs/codec.h"
#include "core/error.h"
#include "quantization/linear_algebra.h"

namespace aurea::quantization {
namespace {

// Measured on the demonstration model with 2,000 to 49,000 tokens, text of another kind included.
constexpr double kRidge = 0.01, kRidgePerRatio = 3;  // of the mean diagonal; per n_in / n_rows
constexpr float kResidualShare = 0.5f;

}  // namespace

std::vector<float> drift_target(const TensorView& matrix, const MatrixInputs& inputs, const kernels::KernelSet& kernels, ThreadPool& pool) {
  const size_t n_in = matrix.cols(), n_out = matrix.rows();
  AUREA_CHECK(inputs.n_in == n_in && inputs.n_rows > 0);
  std::vector<float> target(n_out * n_in);
  const auto decode = codecs::codec(matrix.type).decode;
  pool.parallel_for(n_out, 16, [&](size_t begin, size_t end, unsigned) {
    for (size_t row = begin; row < end; ++row) decode(matrix.row(row), target.data() + row * n_in, n_in);
  });
  if (std::ranges::all_of(inputs.drift, [](float value) { return value == 0; })) return target;

  std::vector<float> change(n_out * n_in);
  if (!inputs.residual_drift.empty()) {
    std::ranges::transform(inputs.residual_drift, change.begin(), [](float value) { return kResidualShare * value; });
  }
  multiply(kernels, pool, {.a = target.data(), .a_row = n_in, .a_col = 1, .b = inputs.drift.data(), .b_row = n_in, .b_col = 1,
                           .c = change.data(), .c_row = n_in, .m = n_out, .n = n_in, .k = n_in, .alpha = 1});
  std::vector<float> factor;
  const double ratio = static_cast<double>(n_in) / static_cast<double>(inputs.n_rows);
  for (double ridge = kRidge + kRidgePerRatio * ratio;; ridge *= 4) {
    factor.assign(inputs.gram.begin(), inputs.gram.begin() + static_cast<std::ptrdiff_t>(n_in * n_in));
    damp(factor.data(), n_in, static_cast<float>(ridge));
    if (reverse_cholesky(kernels, pool, factor.data(), n_in)) break;
    AUREA_CHECK(ridge < 1e6);
  }
  solve_factored(kernels, pool, factor.data(), n_in, change.data(), n_out);
  for (size_t i = 0; i < target.size(); ++i) target[i] += change[i];
  return target;
}

}  // namespace aurea::quantization
