// Multiplying with packed weights, and packing them on the way where there was no room for it.
#include "engine/matrix.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/registry.h"
#include "kernels/test_matrices.h"

namespace aurea::engine {
namespace {

/// out [n_tokens, rows], in calls of some rows each.
std::vector<float> product(const Matrix& matrix, const kernels::KernelSet& set, const std::vector<float>& x,
                           size_t n_tokens) {
  const size_t row_bytes = matrix.activation_row_bytes();
  std::vector<uint8_t> packed(n_tokens * row_bytes);
  for (size_t t = 0; t < n_tokens; ++t)
    matrix.pack_row(set, x.data() + t * matrix.cols(), packed.data() + t * row_bytes);
  std::vector<float> out(n_tokens * matrix.rows());
  const Matrix::Operands operands{.x = packed.data(),
                                  .x_row_bytes = row_bytes,
                                  .n_tokens = n_tokens,
                                  .out = out.data(),
                                  .out_stride = matrix.rows()};
  for (size_t row = 0; row < matrix.rows(); row += 48)
    matrix.multiply(0, operands, row, std::min(matrix.rows(), row + 48));
  return out;
}

TEST(Matrix, TheSameBitsPackedBeforeOrOnTheWay) {
  constexpr size_t kRows = 119, kTokens = 3;
  const kernels::KernelSet& set = kernels::select_kernel_set(std::nullopt);
  for (const QuantTypeInfo& type : kQuantTypes) {
    const size_t cols = 2 * 256;
    kernels::test::Bytes stored(kRows * row_bytes(type.type, cols));
    kernels::test::fill_weights(type.type, stored, 5);
    const TensorView view{type.type, {kRows, cols}, std::as_bytes(std::span(stored.data(), stored.size()))};
    Matrix matrix{.id = 0, .parts = {&view, 1}, .kernel = &set.matmul[static_cast<size_t>(type.type)], .packed = {}};
    const std::vector<float> x = kernels::test::random_activations(kTokens, cols, 6);
    const std::vector<float> on_the_way = product(matrix, set, x, kTokens);
    EXPECT_TRUE(std::ranges::any_of(on_the_way, [](float value) { return value != 0; })) << type.name;
    if (kernels::packing(type.type) == nullptr) continue;
    std::vector<uint8_t> packed(kernels::packed_bytes(type.type, kRows, cols));
    kernels::pack_groups(type.type, stored.data(), view.row_bytes(), kRows, cols, 0, kernels::packed_groups(kRows),
                         packed.data());
    matrix.packed = {packed.data()};
    EXPECT_EQ(product(matrix, set, x, kTokens), on_the_way) << type.name;
  }
}

}  // namespace
}  // namespace aurea::engine
