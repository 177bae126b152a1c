// Tiles for the gemm kernel, and the two algorithms over it. The tiles' sizes do not matter for the bits: each output
// of gemm is one chain, whoever computes it.
#include "quantization/linear_algebra.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/checked_math.h"

namespace aurea::quantization {
namespace {

using kernels::GemmArgs;
using kernels::KernelSet;

// Multiples of the kernels' tiles (6 x 16, 14 x 32); large enough that packing a and b hardly counts.
constexpr size_t kTileRows = 252, kTileCols = 384;
constexpr size_t kSmallTileRows = 84, kSmallTileCols = 96;  // where large ones are too few for all threads
constexpr size_t kFewTiles = 32;

constexpr size_t kChain = 256;  // rows of a float32 chain of add_gram
constexpr size_t kStrip = 16;   // columns of the factor that are computed in float64, at most
constexpr size_t kLanes = 16;   // rows of the factor that are solved side by side

struct Tile {
  size_t row, rows, col, cols;
};

/// Calls fn(tile, thread) for tiles that together are the elements (i, j) of [m, n] with i <= j + diagonal, and perhaps
/// some below.
template <class Function>
void for_tiles(ThreadPool& pool, size_t m, size_t n, size_t diagonal, Function fn) {
  const auto count = [](size_t total, size_t piece) { return (total + piece - 1) / piece; };
  const bool small = count(m, kTileRows) * count(n, kTileCols) < kFewTiles;
  const size_t rows = small ? kSmallTileRows : kTileRows, cols = small ? kSmallTileCols : kTileCols;
  const size_t across = count(n, cols);
  pool.parallel_for(count(m, rows) * across, 1, [&](size_t begin, size_t end, unsigned thread) {
    for (size_t t = begin; t < end; ++t) {
      const size_t row = t / across * rows, col = t % across * cols;
      const Tile tile = {row, std::min(rows, m - row), col, std::min(cols, n - col)};
      if (tile.row < tile.col + tile.cols + diagonal) fn(tile, thread);
    }
  });
}

/// multiply for the elements (i, j) with i <= j + diagonal; those below may be changed too.
void multiply_upper(const KernelSet& kernels, ThreadPool& pool, const GemmArgs& args, size_t diagonal) {
  for_tiles(pool, args.m, args.n, diagonal, [&](const Tile& tile, unsigned) {
    GemmArgs part = args;
    part.a += tile.row * args.a_row;
    part.b += tile.col * args.b_col;
    part.c += tile.row * args.c_row + tile.col;
    part.m = tile.rows;
    part.n = tile.cols;
    kernels.gemm(part);
  });
}

/// sum += x for kCount elements, a fixed number, so that compilers make vectors of the loop; `rest` is the part of each
/// sum that float32 has no room for.
template <size_t kCount>
void add_compensated(const float* __restrict x, float* __restrict sum, float* __restrict rest) {
  for (size_t i = 0; i < kCount; ++i) {
    const float old = sum[i], y = x[i] + rest[i], total = old + y, added = total - old;
    rest[i] = (old - (total - added)) + (y - added);  // what the sum lost: Knuth's two-sum
    sum[i] = total;
  }
}

void add_row(const float* x, size_t n, float* sum, float* rest) {
  constexpr size_t kStep = 16;
  size_t i = 0;
  for (; i + kStep <= n; i += kStep) add_compensated<kStep>(x + i, sum + i, rest + i);
  for (; i < n; ++i) add_compensated<1>(x + i, sum + i, rest + i);
}

/// h[i, j] of the square at the diagonal, columns [begin, begin + width): the factor, by the definition in float64.
bool factor_square(float* h, size_t n, size_t begin, size_t width) {
  double r[kStrip][kStrip];
  float* square = h + begin * n + begin;
  for (size_t j = width; j-- > 0;) {
    for (size_t i = j + 1; i-- > 0;) {  // the diagonal first
      double value = square[i * n + j];
      for (size_t l = j + 1; l < width; ++l) value -= r[i][l] * r[j][l];
      if (i == j && !(value > 0 && std::isfinite(value))) return false;
      r[i][j] = i == j ? std::sqrt(value) : value / r[j][j];
    }
  }
  for (size_t i = 0; i < width; ++i) {
    for (size_t j = i; j < width; ++j) square[i * n + j] = static_cast<float>(r[i][j]);
  }
  return true;
}

/// Rows [row, row + rows), at most kLanes, above the square of factor_square: X with X R^T = H, in float64.
void solve_rows(float* h, size_t n, size_t begin, size_t width, size_t row, size_t rows) {
  double x[kStrip][kLanes] = {};
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < width; ++j) x[j][i] = h[(row + i) * n + begin + j];
  }
  for (size_t j = width; j-- > 0;) {
    const float* r = h + (begin + j) * n + begin;
    double value[kLanes];
    for (size_t i = 0; i < kLanes; ++i) value[i] = x[j][i];
    for (size_t l = j + 1; l < width; ++l) {
      const double factor = r[l];
      for (size_t i = 0; i < kLanes; ++i) value[i] -= factor * x[l][i];
    }
    const double scale = 1.0 / r[j];
    for (size_t i = 0; i < kLanes; ++i) x[j][i] = value[i] * scale;
  }
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < width; ++j) h[(row + i) * n + begin + j] = static_cast<float>(x[j][i]);
  }
}

/// Columns [begin, end) of the factor, all rows; those behind `end` have been subtracted already. In halves, so that
/// nearly all of the work is products of large matrices.
bool factor_columns(const KernelSet& kernels, ThreadPool& pool, float* h, size_t n, size_t begin, size_t end) {
  const size_t width = end - begin;
  if (width <= kStrip) {
    if (!factor_square(h, n, begin, width)) return false;
    pool.parallel_for((begin + kLanes - 1) / kLanes, 16, [&](size_t first, size_t last, unsigned) {
      for (size_t row = first * kLanes; row < std::min(last * kLanes, begin); row += kLanes) {
        solve_rows(h, n, begin, width, row, std::min(kLanes, begin - row));
      }
    });
    return true;
  }
  const size_t middle = begin + (width / 2 + kStrip - 1) / kStrip * kStrip;
  if (!factor_columns(kernels, pool, h, n, middle, end)) return false;
  // H[0..middle, begin..middle] -= R[0..middle, middle..end] R[begin..middle, middle..end]^T
  multiply_upper(kernels, pool,
                 {.a = h + middle,
                  .a_row = n,
                  .a_col = 1,
                  .b = h + begin * n + middle,
                  .b_row = 1,
                  .b_col = n,
                  .c = h + begin,
                  .c_row = n,
                  .m = middle,
                  .n = middle - begin,
                  .k = end - middle,
                  .alpha = -1},
                 begin);
  return factor_columns(kernels, pool, h, n, begin, middle);
}

}  // namespace

void multiply(const KernelSet& kernels, ThreadPool& pool, const GemmArgs& args) {
  multiply_upper(kernels, pool, args, args.m);
}

size_t gram_floats(size_t n) { return checked_mul(n, checked_add(n, 1, "Gram matrix"), "Gram matrix"); }

void add_gram(const KernelSet& kernels, ThreadPool& pool, const float* x, size_t stride, size_t n_rows, size_t n,
              float* gram) {
  std::vector<float> scratch(pool.size() * kTileRows * kTileCols);
  for_tiles(pool, n, n, 0, [&](const Tile& tile, unsigned thread) {
    float* sums = scratch.data() + thread * kTileRows * kTileCols;
    for (size_t first = 0; first < n_rows; first += kChain) {
      std::fill_n(sums, tile.rows * tile.cols, 0.0f);
      kernels.gemm({.a = x + first * stride + tile.row,
                    .a_row = 1,
                    .a_col = stride,
                    .b = x + first * stride + tile.col,
                    .b_row = stride,
                    .b_col = 1,
                    .c = sums,
                    .c_row = tile.cols,
                    .m = tile.rows,
                    .n = tile.cols,
                    .k = std::min(kChain, n_rows - first)});
      for (size_t i = tile.row; i < std::min(tile.row + tile.rows, tile.col + tile.cols); ++i) {
        const size_t j = std::max(i, tile.col);  // row i has n - i sums, and as many places has row n - i below
        add_row(sums + (i - tile.row) * tile.cols + (j - tile.col), tile.col + tile.cols - j, gram + i * n + j,
                gram + (n - i) * n + (j - i));
      }
    }
  });
}

void damp(float* h, size_t n, float share) {
  double sum = 0;
  for (size_t i = 0; i < n; ++i) sum += h[i * n + i];
  const double mean = n == 0 ? 0 : sum / static_cast<double>(n);
  for (size_t i = 0; i < n; ++i) {
    float& diagonal = h[i * n + i];
    if (diagonal != 0) {
      diagonal = static_cast<float>(diagonal + share * mean);
      continue;
    }
    for (size_t k = 0; k < i; ++k) h[k * n + i] = 0;
    std::fill(h + i * n + i, h + (i + 1) * n, 0.0f);
    diagonal = mean > 0 ? static_cast<float>(mean) : 1.0f;
  }
}

bool reverse_cholesky(const KernelSet& kernels, ThreadPool& pool, float* h, size_t n) {
  if (n > 0 && !factor_columns(kernels, pool, h, n, 0, n)) return false;
  for (size_t i = 1; i < n; ++i) std::fill_n(h + i * n, i, 0.0f);
  return true;
}

void solve_factored(const KernelSet& kernels, ThreadPool& pool, const float* r, size_t n, float* x, size_t m) {
  constexpr size_t kBlock = 64;
  const auto solve_block = [&](size_t begin, size_t end, bool transposed) {
    pool.parallel_for(m, 8, [&](size_t first, size_t last, unsigned) {
      for (size_t row = first; row < last; ++row) {
        float* y = x + row * n;
        if (transposed) {  // Y R^T = X: from the last column to the first
          for (size_t j = end; j-- > begin;) {
            y[j] /= r[j * n + j];
            for (size_t i = begin; i < j; ++i) y[i] -= y[j] * r[i * n + j];
          }
        } else {  // Z R = Y: from the first to the last
          for (size_t j = begin; j < end; ++j) {
            y[j] /= r[j * n + j];
            for (size_t k = j + 1; k < end; ++k) y[k] -= y[j] * r[j * n + k];
          }
        }
      }
    });
  };
  for (size_t end = n; end > 0;) {
    const size_t begin = (end - 1) / kBlock * kBlock;
    multiply(kernels, pool, {.a = x + end, .a_row = n, .a_col = 1, .b = r + begin * n + end, .b_row = 1, .b_col = n, .c = x + begin,
                             .c_row = n, .m = m, .n = end - begin, .k = n - end, .alpha = -1});
    solve_block(begin, end, true);
    end = begin;
  }
  for (size_t begin = 0; begin < n; begin += kBlock) {
    const size_t end = std::min(n, begin + kBlock);
    multiply(kernels, pool, {.a = x, .a_row = n, .a_col = 1, .b = r + begin, .b_row = n, .b_col = 1, .c = x + begin, .c_row = n, .m = m,
                             .n = end - begin, .k = begin, .alpha = -1});
    solve_block(begin, end, false);
  }
}

}  // namespace aurea::quantization
