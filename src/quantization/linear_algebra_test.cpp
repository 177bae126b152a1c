// Against float64, by the error bounds of the header, and bit for bit between kernel sets and numbers of threads.
#include "quantization/linear_algebra.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "kernels/registry.h"

namespace aurea::quantization {
namespace {

using kernels::GemmArgs;
using kernels::KernelSet;

/// Numbers in [-1, 1), the same on every machine (splitmix64).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  float uniform() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return static_cast<float>(static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-52 - 1.0);
  }

 private:
  uint64_t state_;
};

/// Inputs as layers see them: channels of different size, some with a mean, all moved by a few common factors.
std::vector<float> activations(size_t n_rows, size_t n, size_t n_factors, float noise, uint64_t seed) {
  Random random(seed);
  std::vector<float> mix(n_factors * n), scale(n), x(n_rows * n);
  for (float& value : mix) value = random.uniform();
  for (float& value : scale) value = std::pow(10.0f, random.uniform());
  for (size_t r = 0; r < n_rows; ++r) {
    std::vector<float> factors(n_factors);
    for (float& value : factors) value = random.uniform();
    for (size_t i = 0; i < n; ++i) {
      float value = noise * random.uniform() + (i % 5 == 0 ? 0.7f : 0.0f);
      for (size_t f = 0; f < n_factors; ++f) value += mix[f * n + i] * factors[f];
      x[r * n + i] = scale[i] * value;
    }
  }
  return x;
}

std::vector<double> gram_f64(const std::vector<float>& x, size_t n) {
  std::vector<double> h(n * n);
  for (size_t r = 0; r < x.size() / n; ++r) {
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = i; j < n; ++j) h[i * n + j] += static_cast<double>(x[r * n + i]) * x[r * n + j];
    }
  }
  return h;
}

std::vector<float> to_f32(const std::vector<double>& values) { return {values.begin(), values.end()}; }

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

/// Calls check(kernels, pool) for the best set with one thread, then for all others with 1 to 3 threads.
template <class Check>
void on_all(Check check) {
  const auto sets = kernels::available_kernel_sets();
  for (size_t i = sets.size(); i-- > 0;) {
    for (const unsigned threads : {1u, 2u, 3u}) {
      ThreadPool pool(threads);
      SCOPED_TRACE(std::string(sets[i]->name) + ", " + std::to_string(threads) + " threads");
      check(*sets[i], pool);
    }
  }
}

TEST(Multiply, HasTheBitsOfOneCall) {
  constexpr size_t kM = 270, kN = 400, kK = 33;
  const std::vector<float> a = activations(kM, kK, 2, 1, 1), b = activations(kK, kN, 2, 1, 2);
  const std::vector<float> before = activations(kM, kN, 2, 1, 3);
  std::vector<float> want = before;
  GemmArgs args = {.a = a.data(),
                   .a_row = kK,
                   .a_col = 1,
                   .b = b.data(),
                   .b_row = kN,
                   .b_col = 1,
                   .c = want.data(),
                   .c_row = kN,
                   .m = kM,
                   .n = kN,
                   .k = kK,
                   .alpha = -1};
  kernels::available_kernel_sets().front()->gemm(args);
  ASSERT_FALSE(same_bits(before, want));
  on_all([&](const KernelSet& kernels, ThreadPool& pool) {
    std::vector<float> c = before;
    args.c = c.data();
    multiply(kernels, pool, args);
    EXPECT_TRUE(same_bits(c, want));
  });
}

/// The largest |gram - h| / sqrt(h[i, i] h[j, j]) of the upper triangle.
double gram_error(const std::vector<float>& gram, const std::vector<double>& h, size_t n) {
  double worst = 0;
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = i; j < n; ++j) {
      worst = std::max(worst, std::abs(gram[i * n + j] - h[i * n + j]) / std::sqrt(h[i * n + i] * h[j * n + j]));
    }
  }
  return worst;
}

TEST(AddGram, UpperTriangleOfAnySize) {
  ThreadPool pool(2);
  for (const size_t n : {1, 2, 3, 17, 97, 260, 389}) {
    const size_t stride = n + 3, n_rows = 300;
    std::vector<float> x = activations(n_rows, n, 3, 0.5f, n), wide(n_rows * stride, 1e9f);
    for (size_t r = 0; r < n_rows; ++r) std::copy_n(&x[r * n], n, &wide[r * stride]);
    std::vector<float> gram(gram_floats(n));
    add_gram(kernels::select_kernel_set(), pool, wide.data(), stride, n_rows, n, gram.data());
    EXPECT_LT(gram_error(gram, gram_f64(x, n), n), 1e-6) << n;
  }
}

TEST(AddGram, ALongTextInPiecesOfAnyLength) {
  constexpr size_t kRows = 60000, kN = 20;
  const std::vector<float> x = activations(kRows, kN, 3, 0.5f, 7);
  const std::vector<double> want = gram_f64(x, kN);
  ThreadPool pool(1);
  for (const size_t piece : {size_t{7}, size_t{512}, kRows}) {
    std::vector<float> gram(gram_floats(kN));
    for (size_t first = 0; first < kRows; first += piece) {
      add_gram(kernels::select_kernel_set(), pool, &x[first * kN], kN, std::min(piece, kRows - first), kN, gram.data());
    }
    EXPECT_LT(gram_error(gram, want, kN), 1.5e-7) << piece;  // 0.6e-7 is half a unit in the last place
  }
}

TEST(AddGram, SameBitsOnAllSetsAndThreads) {
  constexpr size_t kN = 270;
  const std::vector<float> x = activations(300, kN, 3, 0.5f, 9);
  std::vector<float> want;
  on_all([&](const KernelSet& kernels, ThreadPool& pool) {
    std::vector<float> gram(gram_floats(kN));
    add_gram(kernels, pool, x.data(), kN, 290, kN, gram.data());
    add_gram(kernels, pool, x.data() + 290 * kN, kN, 10, kN, gram.data());
    add_gram(kernels, pool, x.data(), kN, 0, kN, gram.data());
    if (want.empty()) want = gram;
    EXPECT_TRUE(same_bits(gram, want));
  });
}

TEST(Damp, RaisesTheDiagonalAndReplacesDeadColumns) {
  std::vector<float> h = {4, 1, 5, 2,  //
                          9, 0, 6, 7,  //
                          9, 9, 8, 3,  //
                          9, 9, 9, 12};
  damp(h.data(), 4, 0.5f);
  EXPECT_EQ(h, (std::vector<float>{7, 0, 5, 2,   //
                                   9, 6, 0, 0,   //
                                   9, 9, 11, 3,  //
                                   9, 9, 9, 15}));
  std::vector<float> nothing(9);
  damp(nothing.data(), 3, 0.01f);
  EXPECT_EQ(nothing, (std::vector<float>{1, 0, 0, 0, 1, 0, 0, 0, 1}));
}

/// The largest |H - R R^T| / sqrt(H[i, i] H[j, j]); fails when R is not upper triangular with a positive diagonal.
double reconstruction_error(const std::vector<float>& r, const std::vector<float>& h, size_t n) {
  double worst = 0;
  for (size_t i = 0; i < n; ++i) {
    EXPECT_GT(r[i * n + i], 0) << i;
    for (size_t j = 0; j < i; ++j) EXPECT_EQ(r[i * n + j], 0) << i << " " << j;
    for (size_t j = i; j < n; ++j) {
      double sum = 0;
      for (size_t k = j; k < n; ++k) sum += static_cast<double>(r[i * n + k]) * r[j * n + k];
      const double scale = std::sqrt(static_cast<double>(h[i * n + i]) * h[j * n + j]);
      worst = std::max(worst, std::abs(sum - h[i * n + j]) / scale);
    }
  }
  return worst;
}

/// With the triangle below filled with what must not be read.
std::vector<float> without_lower(std::vector<float> h, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < i; ++j) h[i * n + j] = std::numeric_limits<float>::quiet_NaN();
  }
  return h;
}

TEST(ReverseCholesky, ReconstructsTheMatrix) {
  ThreadPool pool(2);
  for (const size_t n : {1, 2, 15, 31, 32, 33, 64, 65, 100, 257, 530}) {
    for (const bool few_rows : {false, true}) {  // few rows: of low rank, only the damping makes it definite
      const std::vector<float> x = activations(few_rows ? n / 4 + 1 : 3 * n, n, 3, few_rows ? 1e-3f : 1.0f, n);
      std::vector<float> h = without_lower(to_f32(gram_f64(x, n)), n);
      damp(h.data(), n, few_rows ? 1e-4f : 0.01f);
      std::vector<float> r = h;
      ASSERT_TRUE(reverse_cholesky(kernels::select_kernel_set(), pool, r.data(), n)) << n << few_rows;
      EXPECT_LE(reconstruction_error(r, h, n), static_cast<double>(n + 1) * 0x1p-24) << n << few_rows;
    }
  }
}

TEST(ReverseCholesky, IsTheFactorOfFloat64) {
  constexpr size_t kN = 200;
  std::vector<float> h = to_f32(gram_f64(activations(3 * kN, kN, 2, 1, 5), kN));
  std::vector<double> want(kN * kN);
  for (size_t j = kN; j-- > 0;) {
    for (size_t i = j + 1; i-- > 0;) {
      double value = h[i * kN + j];
      for (size_t k = j + 1; k < kN; ++k) value -= want[i * kN + k] * want[j * kN + k];
      want[i * kN + j] = i == j ? std::sqrt(value) : value / want[j * kN + j];
    }
  }
  ThreadPool pool(2);
  ASSERT_TRUE(reverse_cholesky(kernels::select_kernel_set(), pool, h.data(), kN));
  for (size_t i = 0; i < kN; ++i) {
    double norm = 0;
    for (size_t j = i; j < kN; ++j) norm += want[i * kN + j] * want[i * kN + j];
    for (size_t j = i; j < kN; ++j)
      ASSERT_NEAR(h[i * kN + j], want[i * kN + j], 1e-5 * std::sqrt(norm)) << i << " " << j;
  }
}

TEST(ReverseCholesky, SameBitsOnAllSetsAndThreads) {
  constexpr size_t kN = 300;
  const std::vector<float> h = to_f32(gram_f64(activations(kN + 50, kN, 3, 0.5f, 11), kN));
  std::vector<float> want;
  on_all([&](const KernelSet& kernels, ThreadPool& pool) {
    std::vector<float> r = h;
    ASSERT_TRUE(reverse_cholesky(kernels, pool, r.data(), kN));
    if (want.empty()) want = r;
    EXPECT_TRUE(same_bits(r, want));
  });
}

TEST(SolveFactored, GivesTheRowsBack) {
  ThreadPool pool(2);
  constexpr size_t kRows = 19;
  for (const size_t n : {1, 2, 63, 64, 65, 130, 257}) {
    std::vector<float> r = without_lower(to_f32(gram_f64(activations(3 * n, n, 3, 1, n), n)), n);
    damp(r.data(), n, 0.05f);
    ASSERT_TRUE(reverse_cholesky(kernels::select_kernel_set(), pool, r.data(), n));
    const std::vector<float> want = activations(kRows, n, 2, 1, 3);
    std::vector<float> x(kRows * n);  // want R R^T
    for (size_t row = 0; row < kRows; ++row) {
      std::vector<double> product(n);
      for (size_t k = 0; k < n; ++k) {
        for (size_t i = 0; i <= k; ++i) product[k] += static_cast<double>(want[row * n + i]) * r[i * n + k];
      }
      for (size_t j = 0; j < n; ++j) {
        double sum = 0;
        for (size_t k = j; k < n; ++k) sum += product[k] * r[j * n + k];
        x[row * n + j] = static_cast<float>(sum);
      }
    }
    solve_factored(kernels::select_kernel_set(), pool, r.data(), n, x.data(), kRows);
    double error = 0, norm = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      error += std::pow(x[i] - want[i], 2);
      norm += std::pow(want[i], 2);
    }
    EXPECT_LT(std::sqrt(error / norm), 2e-3) << n;  // 24 bits, less the condition of R R^T
  }
}

TEST(SolveFactored, SameBitsOnAllSetsAndThreads) {
  constexpr size_t kN = 150, kRows = 40;
  std::vector<float> r = to_f32(gram_f64(activations(kN + 50, kN, 3, 0.5f, 11), kN));
  ThreadPool pool(1);
  damp(r.data(), kN, 0.01f);
  ASSERT_TRUE(reverse_cholesky(kernels::select_kernel_set(), pool, r.data(), kN));
  const std::vector<float> rows = activations(kRows, kN, 2, 1, 3);
  std::vector<float> want;
  on_all([&](const KernelSet& kernels, ThreadPool& threads) {
    std::vector<float> x = rows;
    solve_factored(kernels, threads, r.data(), kN, x.data(), kRows);
    if (want.empty()) want = x;
    EXPECT_TRUE(same_bits(x, want));
  });
}

TEST(ReverseCholesky, RefusesWhatIsNotPositiveDefinite) {
  constexpr size_t kN = 90;
  ThreadPool pool(2);
  std::vector<float> h(kN * kN);
  for (size_t i = 0; i < kN; ++i) h[i * kN + i] = 1;
  const auto factored = [&](size_t i, size_t j, float value) {
    std::vector<float> changed = h;
    changed[i * kN + j] = value;
    return reverse_cholesky(kernels::select_kernel_set(), pool, changed.data(), kN);
  };
  EXPECT_TRUE(factored(5, 5, 0.25f));
  for (const size_t i : {size_t{0}, size_t{40}, kN - 1}) {
    for (const float value :
         {0.0f, -1.0f, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
      EXPECT_FALSE(factored(i, i, value)) << i << " " << value;
    }
  }
  EXPECT_TRUE(factored(3, 80, 0.999f));
  EXPECT_FALSE(factored(3, 80, 1.0f));  // two equal columns
  EXPECT_FALSE(factored(3, 80, 2.0f));
}

}  // namespace
}  // namespace aurea::quantization
