#include "quantization/quantize_tensor.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "codecs/codec.h"
#include "core/error.h"
#include "core/mapped_file.h"

namespace aurea::quantization {
namespace {

void check_finite(std::span<const float> values, uint64_t row) {
  // A sum is finite only if all terms are (or overflows, which is then looked at closely).
  float sum = 0;
  for (const float value : values) sum += value * 0.0f;
  if (sum == 0) return;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      fail_file("row {}, column {}: the value is {}; expected a finite number", row, i, values[i]);
    }
  }
}

/// The stored bytes of rows [first, first + n) go on as they are, once their scales are known to be sound.
void check_stored(const TensorView& source, uint64_t first, uint64_t n, ThreadPool& pool) {
  const codecs::Codec& codec = codecs::codec(source.type);
  pool.parallel_for(n, 64, [&](size_t begin, size_t end, unsigned) {
    for (uint64_t row = first + begin; row < first + end; ++row) {
      if (!codec.validate(source.row(row), source.cols())) fail_file("row {}: a value or a block's scale is not a finite number", row);
    }
  });
}

}  // namespace

void quantize_tensor(const TensorView& source, bool source_is_mapped, QuantType type, const float* importance, ThreadPool& pool,
                     const CancelToken* cancel, const std::function<void(std::span<const std::byte>)>& write) {
  const uint64_t rows = source.rows(), cols = source.cols();
  const codecs::Codec& from = codecs::codec(source.type);
  const codecs::Codec& to = codecs::codec(type);
  AUREA_CHECK(cols % info(type).block_elements == 0);
  const uint64_t dst_row_bytes = row_bytes(type, cols);
  const uint64_t piece_rows = std::clamp<uint64_t>(kPieceBytes / (cols * sizeof(float)), 1, std::max<uint64_t>(rows, 1));

  const auto stored = [&](uint64_t row, uint64_t n) {
    return source.data.subspan(row * source.row_bytes(), n * source.row_bytes());
  };

  const bool copy = source.type == type;
  std::vector<std::byte> encoded(copy ? 0 : piece_rows * dst_row_bytes);
  std::vector<std::vector<float>> row_values(pool.size());
  for (uint64_t first = 0; first < rows; first += piece_rows) {
    if (cancel != nullptr) cancel->check();
    const uint64_t n = std::min(piece_rows, rows - first);
    if (source_is_mapped) MappedFile::prefetch(stored(first + n, std::min(piece_rows, rows - first - n)));
    if (copy) {
      check_stored(source, first, n, pool);
      write(stored(first, n));
      if (source_is_mapped) MappedFile::release(stored(first, n));
      continue;
    }
    pool.parallel_for(n, 4, [&](size_t begin, size_t end, unsigned thread) {
      std::vector<float>& values = row_values[thread];
      values.resize(cols);
      for (size_t r = begin; r < end; ++r) {
        from.decode(source.row(first + r), values.data(), cols);
        check_finite(values, first + r);
        std::byte* dst = encoded.data() + r * dst_row_bytes;
        to.encode(values.data(), dst, cols, importance);
        if (!to.validate(dst, cols)) {
          fail(ErrorCode::kInternal, "row {}: the encoder of {} made a block with a scale that is not finite; please report this", first + r, name(type));
        }
      }
    });
    write(std::span(encoded).first(n * dst_row_bytes));
    if (source_is_mapped) MappedFile::release(stored(first, n));
  }
}

}  // namespace aurea::quantization
