// The two matrices and the column weights on which the errors of the types are compared: values that everybody can make
// again. splitmix64, uniform u = ((draw >> 11) + 0.5) 2^-53, normal = sqrt(-2 ln u1) cos(2 pi u2), all in double.
// gauss: seed 1, normal / 64. student: seed 2, normal / sqrt(sum of 5 further squared normals / 5) / 64 (Student's t
// with 5 degrees of freedom). Weights: seed 3, exp(normal).
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <vector>

#include "core/error.h"

namespace aurea::tools {

inline constexpr size_t kMatrixCols = 4096, kMatrixRows = 4096;

class Generator {
 public:
  explicit Generator(uint64_t seed) : state_(seed) {}

  double normal() {
    const double u1 = uniform(), u2 = uniform();
    return std::sqrt(-2 * std::log(u1)) * std::cos(2 * std::numbers::pi * u2);
  }

  double student5() {
    const double value = normal();
    double squares = 0;
    for (int i = 0; i < 5; ++i) {
      const double other = normal();
      squares += other * other;
    }
    return value / std::sqrt(squares / 5);
  }

 private:
  double uniform() {
    state_ += 0x9E3779B97F4A7C15u;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    return (static_cast<double>(z >> 11) + 0.5) * 0x1p-53;
  }

  uint64_t state_;
};

struct Matrices {
  std::vector<float> gauss, student;  // [rows, kMatrixCols], row by row
  std::vector<float> weights;         // [kMatrixCols]
};

/// The first `rows` rows. Fails if the first values are not the known ones: then the mathematical functions of this
/// system differ too much for a comparison.
inline Matrices make_matrices(size_t rows) {
  Matrices made;
  Generator gauss(1), student(2), weights(3);
  for (size_t i = 0; i < rows * kMatrixCols; ++i) made.gauss.push_back(static_cast<float>(gauss.normal() / 64));
  for (size_t i = 0; i < rows * kMatrixCols; ++i) made.student.push_back(static_cast<float>(student.student5() / 64));
  for (size_t i = 0; i < kMatrixCols; ++i) made.weights.push_back(static_cast<float>(std::exp(weights.normal())));
  constexpr float kGauss[] = {-4.41402284e-4f, -3.56124248e-3f, 1.61079608e-3f, -7.90943857e-3f};
  constexpr float kStudent[] = {-1.17050411e-4f, -9.47622675e-3f, -5.51817007e-4f, 3.70746218e-2f};
  constexpr float kWeights[] = {0.526738226f, 2.429003f, 0.317626536f, 4.62393951f};
  const auto check = [](float value, float expected) {
    if (std::fabs(value - expected) > 1e-6f * std::fabs(expected)) {
      fail(ErrorCode::kInternal, "the generator gives {} instead of {}", value, expected);
    }
  };
  for (size_t i = 0; i < 4; ++i) {
    check(made.gauss[i], kGauss[i]);
    check(made.student[i], kStudent[i]);
    check(made.weights[i], kWeights[i]);
  }
  return made;
}

}  // namespace aurea::tools
