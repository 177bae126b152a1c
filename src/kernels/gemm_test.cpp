// The product of float32 matrices: every set against chains of std::fma, bit for bit, whatever strides and pieces.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/registry.h"
#include "kernels/test_matrices.h"

namespace aurea::kernels {
namespace {

struct Shape {
  size_t m, n, k;
};
// Around the tiles (6 x 16, 14 x 32), the blocks (256 deep, 384 wide) and the least rows for which b is packed (64).
constexpr Shape kShapes[] = {{1, 1, 1},    {1, 33, 7},    {2, 16, 8},   {5, 31, 9},    {6, 16, 257},
                             {7, 17, 15},  {13, 47, 64},  {14, 32, 16}, {15, 385, 3},  {29, 100, 300},
                             {63, 33, 17}, {64, 65, 130}, {65, 400, 5}, {70, 20, 513}, {130, 96, 40}};

/// A matrix inside a larger allocation that ends with its last element; `transposed` keeps its columns contiguous.
struct Matrix {
  size_t row_step, col_step;
  test::Bytes bytes;

  Matrix(size_t rows, size_t cols, size_t row_stride, size_t col_stride, uint64_t seed)
      : row_step(row_stride), col_step(col_stride), bytes(((rows - 1) * row_step + (cols - 1) * col_step + 1) * 4, 4) {
    test::Random random(seed);
    for (size_t i = 0; i < bytes.size() / 4; ++i) data()[i] = random.uniform() * std::ldexp(1.0f, i % 7 == 0 ? -20 : 2);
  }
  static Matrix packed(size_t rows, size_t cols, bool transposed, size_t padding, uint64_t seed) {
    return transposed ? Matrix(rows, cols, 1, rows + padding, seed) : Matrix(rows, cols, cols + padding, 1, seed);
  }
  float* data() { return reinterpret_cast<float*>(bytes.data()); }
  float& at(size_t i, size_t j) { return data()[i * row_step + j * col_step]; }
};

GemmArgs args_of(Matrix& a, Matrix& b, Matrix& c, const Shape& shape, float alpha) {
  return {.a = a.data(),
          .a_row = a.row_step,
          .a_col = a.col_step,
          .b = b.data(),
          .b_row = b.row_step,
          .b_col = b.col_step,
          .c = c.data(),
          .c_row = c.row_step,
          .m = shape.m,
          .n = shape.n,
          .k = shape.k,
          .alpha = alpha};
}

/// The definition, on a copy of c's bytes: what lies between the rows must stay.
std::vector<float> chains(Matrix& a, Matrix& b, Matrix& c, const Shape& shape, float alpha) {
  std::vector<float> want(c.data(), c.data() + c.bytes.size() / 4);
  for (size_t i = 0; i < shape.m; ++i) {
    for (size_t j = 0; j < shape.n; ++j) {
      float& sum = want[i * c.row_step + j];
      for (size_t k = 0; k < shape.k; ++k) sum = std::fma(alpha * a.at(i, k), b.at(k, j), sum);
    }
  }
  return want;
}

class Gemm : public ::testing::TestWithParam<const KernelSet*> {
 protected:
  const KernelSet& set_ = *GetParam();

  void check(Matrix a, Matrix b, const Shape& shape, size_t c_padding, float alpha) {
    Matrix c = Matrix::packed(shape.m, shape.n, false, c_padding, 3);
    const std::vector<float> want = chains(a, b, c, shape, alpha);
    set_.gemm(args_of(a, b, c, shape, alpha));
    ASSERT_EQ(std::memcmp(want.data(), c.data(), c.bytes.size()), 0)
        << fmt::format("set {} m {} n {} k {} a [{}, {}] b [{}, {}] alpha {}", set_.name, shape.m, shape.n, shape.k,
                       a.row_step, a.col_step, b.row_step, b.col_step, alpha);
  }
};

TEST_P(Gemm, EveryOutputIsOneChainOfFusedMultiplyAdds) {
  for (const Shape& shape : kShapes) {
    for (const bool a_transposed : {false, true}) {
      for (const bool b_transposed : {false, true}) {
        const size_t padding = shape.k % 3;
        check(Matrix::packed(shape.m, shape.k, a_transposed, padding, 1),
              Matrix::packed(shape.k, shape.n, b_transposed, padding, 2), shape, shape.n % 2 * 5,
              a_transposed == b_transposed ? 1.0f : -1.0f);
      }
    }
  }
}

TEST_P(Gemm, AnyStrides) {
  const Shape shape = {17, 35, 21};
  check(Matrix(shape.m, shape.k, 3, 3 * shape.m + 1, 1), Matrix(shape.k, shape.n, 2, 2 * shape.k, 2), shape, 1, 1);
  check(Matrix(shape.m, shape.k, 0, 1, 1), Matrix(shape.k, shape.n, 1, 0, 2), shape, 0,
        -1);  // a row, a column repeated
}

TEST_P(Gemm, TheProductIsNotRounded) {
  // c + a b = 1 + 2^-23 + 2^-24 - 2^-60 is just below the middle of two floats: a product rounded to float32, or a sum
  // rounded to float64 first, would go up.
  Matrix a(1, 1, 1, 1, 0), b(1, 1, 1, 1, 0), c(1, 1, 1, 1, 0);
  a.at(0, 0) = 0x1p-12f * (1 + 0x1p-18f);
  b.at(0, 0) = 0x1p-12f * (1 - 0x1p-18f);
  c.at(0, 0) = 1 + 0x1p-23f;
  set_.gemm(args_of(a, b, c, {1, 1, 1}, 1));
  EXPECT_EQ(c.at(0, 0), 1 + 0x1p-23f);
}

TEST_P(Gemm, NothingToAddLeavesEverything) {
  for (const Shape& shape : {Shape{0, 5, 5}, Shape{5, 0, 5}, Shape{5, 5, 0}}) {
    Matrix a(5, 5, 5, 1, 1), b(5, 5, 5, 1, 2), c(5, 5, 5, 1, 3), before(5, 5, 5, 1, 3);
    set_.gemm(args_of(a, b, c, shape, 1));
    EXPECT_EQ(std::memcmp(before.data(), c.data(), c.bytes.size()), 0);
  }
}

TEST_P(Gemm, ANumberThatIsNoneStaysInItsRow) {
  Matrix a(20, 40, 40, 1, 1), b(40, 50, 50, 1, 2), c(20, 50, 50, 1, 3);
  a.at(3, 17) = std::numeric_limits<float>::quiet_NaN();
  set_.gemm(args_of(a, b, c, {20, 50, 40}, 1));
  for (size_t i = 0; i < 20; ++i) {
    for (size_t j = 0; j < 50; ++j) EXPECT_EQ(std::isnan(c.at(i, j)), i == 3) << i << " " << j;
  }
}

INSTANTIATE_TEST_SUITE_P(Sets, Gemm,
                         ::testing::ValuesIn(available_kernel_sets().begin(), available_kernel_sets().end()),
                         [](const auto& set) { return std::string(set.param->name); });

}  // namespace
}  // namespace aurea::kernels
