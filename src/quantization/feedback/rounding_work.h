// What rounding has reached so far, in hidden files beside the output, so that a killed run goes on: the text, the curvature
// of the model's output, and the matrices that are done.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "core/resumable_output.h"
#include "quantization/calibration/output_curvature.h"

namespace aurea::quantization {

/// Sequences of `length` tokens, one after another.
struct CalibrationText {
  std::vector<int32_t> tokens;
  size_t length = 0;
};

class RoundingWork {
 public:
  /// `output`: the file that is made in the end; the work is called after it. `types` (by TensorId): of the matrices that
  /// may be added. `most_tokens`: of the text. `fingerprint`: of all that decides the text and the matrices. Throws as
  /// ResumableOutput.
  RoundingWork(const std::filesystem::path& output, const models::ModelSource& source, std::span<const std::optional<QuantType>> types,
               size_t most_tokens, const std::string& fingerprint, const CancelToken* cancel);
  /// Removes the files unless keep() was called.
  ~RoundingWork();
  RoundingWork(const RoundingWork&) = delete;
  RoundingWork& operator=(const RoundingWork&) = delete;

  /// First the text, then the curvature, each once; `text` and `has_curvature` say what an earlier run left.
  [[nodiscard]] const std::optional<CalibrationText>& text() const { return text_; }
  void put_text(CalibrationText text);
  [[nodiscard]] bool has_curvature() const { return output_.part() > 0; }
  void put_curvature(OutputCurvature curvature);
  /// All but the matrices' groups, which `load` brings.
  [[nodiscard]] OutputCurvature curvature() const;
  /// Nothing when no token reached the matrix, and of the embedding and the output matrix.
  [[nodiscard]] OutputCurvature::Matrix load(MatrixId id) const;

  /// A matrix [rows, cols], encoded; on record from then on. Throws kBadFile on a full disk.
  void add(MatrixId id, QuantType type, uint64_t rows, uint64_t cols, std::span<const std::byte> encoded);
  /// The matrices that are there.
  [[nodiscard]] const Replacements& matrices() const { return matrices_; }

  /// The files stay for a later run, if there is anything in them; false if not.
  bool keep() { return output_.keep(); }
  [[nodiscard]] const std::string& remark() const { return output_.remark(); }
  /// Of all that decides the matrices, the text included.
  [[nodiscard]] std::string fingerprint() const;

 private:
  struct Mapping {
    void* data;
    size_t bytes;
  };

  void map_matrix(MatrixId id, QuantType type, uint64_t rows, uint64_t cols, uint64_t end);
  void recover();
  void read(uint64_t offset, std::span<std::byte> bytes) const;

  const models::ModelSource& source_;
  const std::string fingerprint_;
  const size_t most_tokens_;
  const uint64_t begin_;                       // of the curvature in the first part: behind the text
  const std::map<MatrixId, uint64_t> places_;  // there, of the matrices' curvature
  ResumableOutput output_;
  std::optional<CalibrationText> text_;
  std::vector<Mapping> mappings_;
  Replacements matrices_;
};

}  // namespace aurea::quantization
