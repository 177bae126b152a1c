// Float32 linear algebra for calibration and error-feedback rounding: Gram matrices, their damping, their Cholesky
// factors, on all threads. Every result has the same bits on every kernel set and number of threads.
//
// Matrices are row-major and dense; of symmetric ones only the upper triangle (row <= column) is read and written.
#pragma once

#include <cstddef>

#include "core/thread_pool.h"
#include "kernels/kernel_set.h"

namespace aurea::quantization {

/// KernelSet::gemm on all threads: the very bits of one call.
void multiply(const kernels::KernelSet& kernels, ThreadPool& pool, const kernels::GemmArgs& args);

/// Floats that a Gram matrix [n, n] takes while rows are added: n * (n + 1). Its upper triangle lies at [i * n + j] as
/// in any matrix [n, n]; the places below the diagonal and one row more hold what the sums above lost in rounding.
/// Throws kBadFile when the number does not fit.
size_t gram_floats(size_t n);

/// gram += X^T X for x [n_rows, n], row r at x + r * stride. `gram` has gram_floats(n) elements, all 0 before the first
/// call; the functions below take it as it is.
///
/// A float32 chain over T rows would lose about 3e-8 sqrt(T / 3) of a sum of squares. Here a chain is at most 256 rows
/// long, and chains are added to the matrix by compensated summation (Kahan, "Further remarks on reducing truncation
/// errors", CACM 1965). So the error of element (i, j) stays near 2e-7 / sqrt(T / 256) of sqrt(gram[i, i] gram[j, j]),
/// plus half a unit in the last place, however long the text is. The bits depend on how the rows are cut into calls;
/// fastest with multiples of 256 rows.
void add_gram(const kernels::KernelSet& kernels, ThreadPool& pool, const float* x, size_t stride, size_t n_rows,
              size_t n, float* gram);

/// Adds share * mean(diagonal of h [n, n]) to the diagonal. A column whose diagonal is 0 (an input that never moved)
/// gets its row and column cleared and the mean on the diagonal, or 1 where the mean is 0.
void damp(float* h, size_t n, float share);

/// In place: h [n, n], symmetric and positive definite, becomes R, upper triangular with a positive diagonal and zeros
/// below, with H = R R^T: the Cholesky factor whose columns are taken from the last to the first. (With P the reversal
/// of rows, P H P = L L^T and R = P L P; the inverse of H is U^T U with U = R^-1 upper triangular.) |H - R R^T| <= (n +
/// 1) 2^-24 sqrt(H[i, i] H[j, j]) for each element (Higham, "Accuracy and Stability of Numerical Algorithms",
/// theorem 10.3). False, and h of no use any more, when a pivot is not a positive number.
[[nodiscard]] bool reverse_cholesky(const kernels::KernelSet& kernels, ThreadPool& pool, float* h, size_t n);

/// In place: x [m, n] becomes X (R R^T)^-1 with r [n, n] as reverse_cholesky leaves it. Backward stable, row by row (Higham,
/// theorem 10.4).
void solve_factored(const kernels::KernelSet& kernels, ThreadPool& pool, const float* r, size_t n, float* x, size_t m);

}  // namespace aurea::quantization
