// Every matmul kernel of every set that this CPU has: against a double-precision product of the decoded weights and the
// dequantized activations, against the scalar set, and against itself with the work cut differently.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "codecs/codec.h"
#include "kernels/packing.h"
#include "kernels/registry.h"
#include "kernels/test_matrices.h"

namespace aurea::kernels {
namespace {

using test::Bytes;

struct Shape {
  size_t rows, units, tokens;  // a row has `units` blocks, or `units` elements of a float type
  size_t begin, end;           // the rows of the call
};

constexpr Shape kShapes[] = {
    // rows units tokens  begin end
    {1, 1, 1, 0, 1},      // the smallest
    {1, 1, 2, 0, 1},      //
    {5, 2, 1, 0, 5},      // fewer rows than lanes
    {17, 3, 1, 0, 17},    // a group and one
    {33, 1, 1, 1, 33},    // begins inside
    {70, 2, 1, 13, 64},   // begins and ends inside
    {64, 9, 1, 0, 64},    // whole groups
    {37, 5, 1, 36, 37},   // the last row alone
    {3, 4, 3, 1, 2},      //
    {35, 2, 4, 0, 35},    //
    {50, 7, 5, 17, 50},   //
    {8, 8, 6, 0, 8},      //
    {16, 13, 7, 3, 16},   //
    {97, 1, 8, 31, 97},   //
    {40, 17, 9, 0, 40},   //
    {33, 3, 33, 0, 33},   //
    {49, 2, 65, 5, 49},   //
    {17, 1, 514, 0, 17},  // more tokens than a chunk
    {2, 600, 2, 0, 2},    // long rows
};

size_t columns(QuantType type, const Shape& shape) {
  if (!is_float(type)) return shape.units * info(type).block_elements;
  constexpr size_t kOdd[] = {1, 7, 16, 31, 64, 257, 1025};  // float rows need no multiple of anything
  return shape.units < 100 ? kOdd[shape.units % 7] : 2 * shape.units + 3;
}

/// The first row of a call: kernels of packed types begin at a group.
size_t aligned_begin(QuantType type, size_t begin) {
  return packing(type) == nullptr ? begin : begin / kGroupRows * kGroupRows;
}

struct Problem {
  QuantType type;
  Shape shape;
  uint64_t seed;
  size_t cols, misalignment;
  Bytes w;
  std::vector<float> x;

  Problem(QuantType problem_type, const Shape& problem_shape, uint64_t problem_seed, size_t bytes_off = 0)
      : type(problem_type),
        shape(problem_shape),
        seed(problem_seed),
        cols(columns(type, shape)),
        misalignment(bytes_off),
        w(shape.rows * row_bytes(type, cols), bytes_off),
        x(test::random_activations(shape.tokens, cols, seed + 1)) {
    shape.begin = aligned_begin(type, shape.begin);
    test::fill_weights(type, w, seed);
  }

  /// The weights as the kernels want them.
  [[nodiscard]] Bytes kernel_weights() const {
    const Bytes& stored = w;
    if (packing(type) == nullptr) return test::copy_of(stored, misalignment);
    Bytes packed(packed_bytes(type, shape.rows, cols), misalignment);
    std::memset(packed.data(), 0xAA, packed.size());
    pack_groups(type, stored.data(), row_bytes(type, cols), shape.rows, cols, 0, packed_groups(shape.rows),
                packed.data());
    return packed;
  }
  [[nodiscard]] size_t kernel_row_bytes() const {
    return packing(type) == nullptr ? row_bytes(type, cols) : packed_group_bytes(packing(type)->format, cols);
  }

  [[nodiscard]] std::string repro(const std::string& kernel) const {
    return fmt::format("kernel {} type {} rows {} cols {} tokens {} range {}..{} seed {} misalignment {}", kernel,
                       name(type), shape.rows, cols, shape.tokens, shape.begin, shape.end, seed, misalignment);
  }
};

constexpr float kUntouched = -12345.0f;

/// out [tokens, rows]; rows outside the range stay kUntouched.
std::vector<float> run(const MatmulKernel& kernel, const Problem& p, const Bytes& packed, size_t begin, size_t end) {
  std::vector<float> out(p.shape.tokens * p.shape.rows, kUntouched);
  const Bytes weights = p.kernel_weights();
  const MatmulArgs args = {.weights = weights.data(),
                           .row_bytes = p.kernel_row_bytes(),
                           .cols = p.cols,
                           .x = packed.data(),
                           .x_row_bytes = activation_row_bytes(kernel.activation, p.cols),
                           .n_tokens = p.shape.tokens,
                           .out = out.data(),
                           .out_stride = p.shape.rows};
  kernel.run(args, begin, end);
  return out;
}

std::vector<float> run(const KernelSet& set, const MatmulKernel& kernel, const Problem& p) {
  const Bytes packed = test::pack_activations(set, kernel.activation, p.x, p.cols, p.misalignment);
  return run(kernel, p, packed, p.shape.begin, p.shape.end);
}

const MatmulKernel& kernel_of(const KernelSet& set, QuantType type) { return set.matmul[static_cast<size_t>(type)]; }

/// Holds `out` against a float64 evaluation. The bound, relative to the sum of the products' magnitudes, is for the
/// rounding of float32 sums of up to a thousand terms.
void expect_near_reference(const Problem& p, ActivationFormat format, const Bytes& packed,
                           const std::vector<float>& out, const std::string& kernel) {
  const size_t w_bytes = row_bytes(p.type, p.cols), x_bytes = activation_row_bytes(format, p.cols);
  std::vector<float> w(p.cols);
  for (size_t t = 0; t < p.shape.tokens; ++t) {
    const std::vector<double> x = test::unpack_activations(format, packed.data() + t * x_bytes, p.cols);
    for (size_t r = 0; r < p.shape.rows; ++r) {
      const float got = out[t * p.shape.rows + r];
      if (r < p.shape.begin || r >= p.shape.end) {
        ASSERT_EQ(got, kUntouched) << "row " << r << " is outside the range: " << p.repro(kernel);
        continue;
      }
      std::vector<uint8_t> aligned(p.w.data() + r * w_bytes, p.w.data() + (r + 1) * w_bytes);
      codecs::codec(p.type).decode(reinterpret_cast<const std::byte*>(aligned.data()), w.data(), p.cols);
      double sum = 0, magnitude = 0;
      for (size_t i = 0; i < p.cols; ++i) {
        sum += static_cast<double>(w[i]) * x[i];
        magnitude += std::abs(static_cast<double>(w[i]) * x[i]);
      }
      ASSERT_NEAR(got, sum, 1e-5 * magnitude) << "token " << t << " row " << r << ": " << p.repro(kernel);
    }
  }
}

template <class Check>
void for_all_problems(Check check) {
  for (const QuantTypeInfo& type : kQuantTypes) {
    uint64_t seed = 1000;
    for (const Shape& shape : kShapes) {
      check(Problem(type.type, shape, ++seed));
      if (::testing::Test::HasFatalFailure()) return;
    }
  }
}

class Matmul : public ::testing::TestWithParam<const KernelSet*> {};

TEST_P(Matmul, IsTheProductOfTheDecodedWeights) {
  const KernelSet& set = *GetParam();
  for_all_problems([&](const Problem& p) {
    const MatmulKernel& kernel = kernel_of(set, p.type);
    const Bytes packed = test::pack_activations(set, kernel.activation, p.x, p.cols);
    expect_near_reference(p, kernel.activation, packed, run(kernel, p, packed, p.shape.begin, p.shape.end),
                          kernel.name);
  });
}

TEST_P(Matmul, QuantizedTypesHaveTheScalarBits) {
  const KernelSet& set = *GetParam();
  const KernelSet& scalar = *available_kernel_sets().front();
  for_all_problems([&](const Problem& p) {
    if (is_float(p.type)) return;  // sums in float32, in each set's own order
    ASSERT_EQ(run(set, kernel_of(set, p.type), p), run(scalar, kernel_of(scalar, p.type), p))
        << p.repro(kernel_of(set, p.type).name);
  });
}

TEST_P(Matmul, BytePointersNeedNoAlignment) {
  const KernelSet& set = *GetParam();
  for (const QuantTypeInfo& type : kQuantTypes) {
    for (const size_t misalignment : {1, 2, 63}) {
      const Shape shape = {.rows = 37, .units = 5, .tokens = 3, .begin = 1, .end = 37};
      const Problem aligned(type.type, shape, 7), moved(type.type, shape, 7, misalignment);
      const MatmulKernel& kernel = kernel_of(set, type.type);
      ASSERT_EQ(run(set, kernel, aligned), run(set, kernel, moved)) << moved.repro(kernel.name);
    }
  }
}

/// A batch gives each token the bits that it gets alone, and so does any split of the rows.
TEST_P(Matmul, BitsDependNeitherOnTheBatchNorOnTheSplit) {
  const KernelSet& set = *GetParam();
  for (const QuantTypeInfo& type : kQuantTypes) {
    const MatmulKernel& kernel = kernel_of(set, type.type);
    for (const size_t tokens : {1, 2, 3, 4, 5, 6, 7, 8, 9, 33, 70}) {
      const Shape shape = {.rows = 75, .units = 3, .tokens = tokens, .begin = 0, .end = 75};
      const Problem p(type.type, shape, 100 + tokens);
      const Bytes packed = test::pack_activations(set, kernel.activation, p.x, p.cols);
      const std::vector<float> together = run(kernel, p, packed, 0, shape.rows);

      test::Random random(tokens);
      std::vector<float> split(together.size(), kUntouched);
      for (size_t begin = 0; begin < shape.rows;) {
        const size_t next = begin + 1 + random.below(40);
        const size_t end = std::min(shape.rows, std::max(aligned_begin(type.type, next), begin + kGroupRows));
        const std::vector<float> part = run(kernel, p, packed, begin, end);
        for (size_t i = 0; i < part.size(); ++i) {
          if (i % shape.rows >= begin && i % shape.rows < end) split[i] = part[i];
        }
        begin = end;
      }
      ASSERT_EQ(together, split) << "split rows: " << p.repro(kernel.name);

      for (size_t t = 0; t < tokens; ++t) {
        Problem alone(type.type, {.rows = 75, .units = 3, .tokens = 1, .begin = 0, .end = 75}, 100 + tokens);
        alone.x.assign(p.x.begin() + static_cast<ptrdiff_t>(t * p.cols),
                       p.x.begin() + static_cast<ptrdiff_t>((t + 1) * p.cols));
        const std::vector<float> one = run(set, kernel, alone);
        for (size_t r = 0; r < shape.rows; ++r) {
          ASSERT_EQ(together[t * shape.rows + r], one[r]) << "token " << t << " alone: " << p.repro(kernel.name);
        }
      }
    }
  }
}

/// The largest codes and scales with activations of +-127: no sum may overflow or saturate.
TEST_P(Matmul, ExtremeCodesDoNotOverflow) {
  const KernelSet& set = *GetParam();
  for (const QuantTypeInfo& type : kQuantTypes) {
    if (is_float(type.type)) continue;
    const MatmulKernel& kernel = kernel_of(set, type.type);
    for (const uint8_t fill : {0x00, 0x7F, 0x80, 0xFF}) {
      for (const int pattern : {0, 1, 2, 3}) {
        for (const size_t tokens : {1, 6}) {
          Problem p(type.type, {.rows = 33, .units = 4, .tokens = tokens, .begin = 0, .end = 33}, fill);
          std::memset(p.w.data(), fill, p.w.size());
          for (size_t i = 0; i < p.w.size(); i += type.block_bytes) {
            for (const size_t offset : test::half_offsets(type.type)) test::write_half(p.w.data() + i + offset, 1.0f);
          }
          const auto* blocks = reinterpret_cast<const std::byte*>(p.w.data());
          if (!codecs::codec(type.type).validate(blocks, p.shape.rows * p.cols)) continue;
          for (size_t i = 0; i < p.x.size(); ++i) {  // all codes +-127: constant, alternating, by fours
            const bool negative = pattern == 1 || (pattern == 2 && i % 2 == 1) || (pattern == 3 && i / 4 % 2 == 1);
            p.x[i] = negative ? -127.0f : 127.0f;
          }
          const Bytes packed = test::pack_activations(set, kernel.activation, p.x, p.cols);
          const std::vector<float> out = run(kernel, p, packed, 0, p.shape.rows);
          const std::string what = fmt::format("{} fill {} pattern {}", kernel.name, fill, pattern);
          expect_near_reference(p, kernel.activation, packed, out, what);
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

TEST_P(Matmul, ZeroRowsAndZeroActivationsGiveZero) {
  const KernelSet& set = *GetParam();
  for (const QuantTypeInfo& type : kQuantTypes) {
    const MatmulKernel& kernel = kernel_of(set, type.type);
    Problem p(type.type, {.rows = 20, .units = 3, .tokens = 2, .begin = 0, .end = 20}, 5);
    std::fill(p.x.begin(), p.x.end(), 0.0f);
    for (const float value : run(set, kernel, p)) ASSERT_EQ(value, 0.0f) << p.repro(kernel.name);
    Problem zero(type.type, p.shape, 6);
    std::memset(zero.w.data(), 0, zero.w.size());  // all factors 0
    for (const float value : run(set, kernel, zero)) ASSERT_EQ(value, 0.0f) << zero.repro(kernel.name);
  }
}

TEST_P(Matmul, NotANumberAmongTheActivationsReachesTheResult) {
  const KernelSet& set = *GetParam();
  for (const QuantTypeInfo& type : kQuantTypes) {
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
      const MatmulKernel& kernel = kernel_of(set, type.type);
      Problem p(type.type, {.rows = 18, .units = 4, .tokens = 2, .begin = 0, .end = 18}, 8);
      p.x[p.cols / 2] = bad;
      const std::vector<float> out = run(set, kernel, p);
      for (size_t r = 0; r < p.shape.rows; ++r) {
        ASSERT_FALSE(std::isfinite(out[r])) << p.repro(kernel.name);
        ASSERT_TRUE(std::isfinite(out[p.shape.rows + r])) << p.repro(kernel.name);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sets, Matmul,
                         ::testing::ValuesIn(available_kernel_sets().begin(), available_kernel_sets().end()),
                         [](const auto& set) { return std::string(set.param->name); });

}  // namespace
}  // namespace aurea::kernels
