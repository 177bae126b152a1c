#include "quantization/quantize_tensor.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <optional>
#include <vector>

#include "codecs/codec.h"
#include "core/error.h"

namespace aurea::quantization {
namespace {

constexpr uint64_t kMostRowsAtATime =
    4;  // that a lane takes for itself: many enough to be cheap, few enough for an even end

void check_finite(std::span<const float> values, uint64_t row) {
  if (codecs::all_finite(values.data(), values.size())) return;
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
      if (!codec.validate(source.row(row), source.cols()))
        fail_file("row {}: a value or a block's scale is not a finite number", row);
    }
  });
}

/// The errors of one row; what is compared is what a reader of the file will see.
ErrorSums row_errors(std::span<const float> source, std::span<const float> stored, const float* importance) {
  ErrorSums sums;
  for (size_t i = 0; i < source.size(); ++i) {
    const double value = source[i], difference = static_cast<double>(stored[i]) - value;
    const double weight = importance != nullptr ? importance[i] : 1;
    sums.error += difference * difference;
    sums.signal += value * value;
    sums.weighted_error += weight * difference * difference;
    sums.weighted_signal += weight * value * value;
  }
  return sums;
}

double root_of_share(double error, double signal) { return error == 0 ? 0 : std::sqrt(error / signal); }

/// How a tensor is cut: `lanes` threads with row buffers of their own, `piece_rows` rows between two writes.
struct Cut {
  uint64_t lanes, piece_rows;
};

/// A decoded row, and a second one for what was stored.
uint64_t lane_bytes(const TensorView& source) { return 2 * source.cols() * sizeof(float); }

/// The source's pages of a row and its encoded bytes.
uint64_t piece_row_bytes(const TensorView& source, QuantType type) {
  return source.row_bytes() + row_bytes(type, source.cols());
}

Cut cut_of(const TensorView& source, QuantType type, uint64_t working_bytes, unsigned threads) {
  const uint64_t lane = lane_bytes(source), row = piece_row_bytes(source, type);
  if (working_bytes < lane + row) {
    fail(ErrorCode::kBadArgument, "rows of {} elements need {} bytes of working memory; {} are allowed", source.cols(),
         lane + row, working_bytes);
  }
  // A lane without a row to work on would be of no use, so that each takes both.
  const uint64_t bytes = std::min(working_bytes, std::max(kAmpleWorkingBytes, threads * (lane + row)));
  const uint64_t lanes = std::clamp<uint64_t>(bytes / (lane + row), 1, threads);
  return {lanes, std::clamp<uint64_t>((bytes - lanes * lane) / row, 1, std::max<uint64_t>(source.rows(), 1))};
}

/// Encodes pieces of one tensor; holds the buffers.
class Encoder {
 public:
  Encoder(const TensorView& source, QuantType type, const QuantizeTensorOptions& options, const Cut& cut)
      : source_(source),
        options_(options),
        from_(codecs::codec(source.type)),
        to_(codecs::codec(type)),
        row_bytes_(row_bytes(type, source.cols())),
        encoded_(cut.piece_rows * row_bytes_),
        lanes_(cut.lanes) {
    if (options.errors != nullptr) errors_.resize(cut.piece_rows);
  }

  /// Rows [first, first + n); the result is valid until the next call.
  std::span<const std::byte> encode(uint64_t first, uint64_t n, ThreadPool& pool) {
    std::atomic<uint64_t> next{0};
    const uint64_t at_a_time = std::clamp<uint64_t>(n / (4 * lanes_.size()), 1, kMostRowsAtATime);
    pool.parallel_for(lanes_.size(), 1, [&](size_t begin, size_t end, unsigned) {
      for (size_t lane = begin; lane < end; ++lane) {
        for (uint64_t row; (row = next.fetch_add(at_a_time)) < n;) {
          for (uint64_t r = row; r < std::min(n, row + at_a_time); ++r) encode_row(lanes_[lane], first, r);
        }
      }
    });
    // Row by row and not as the threads came, so that the sums are the same every time.
    for (uint64_t r = 0; options_.errors != nullptr && r < n; ++r) options_.errors->add(errors_[r]);
    return std::span(encoded_).first(n * row_bytes_);
  }

 private:
  struct Lane {
    std::vector<float> values, stored;
  };

  void encode_row(Lane& lane, uint64_t first, uint64_t r) {
    const uint64_t cols = source_.cols();
    std::byte* encoded = encoded_.data() + r * row_bytes_;
    lane.values.resize(cols);
    from_.decode(source_.row(first + r), lane.values.data(), cols);
    check_finite(lane.values, first + r);
    if (options_.encoded != nullptr) {
      std::memcpy(encoded, options_.encoded->row(first + r), row_bytes_);
    } else {
      to_.encode(lane.values.data(), encoded, cols, options_.importance);
    }
    if (!to_.validate(encoded, cols)) {
      fail(ErrorCode::kInternal, "row {}: the encoder of {} made a block with a scale that is not finite; please report this", first + r, name(to_.type));
    }
    if (options_.errors == nullptr) return;
    lane.stored.resize(cols);
    to_.decode(encoded, lane.stored.data(), cols);
    errors_[r] = row_errors(lane.values, lane.stored, options_.importance);
  }

  const TensorView& source_;
  const QuantizeTensorOptions& options_;
  const codecs::Codec &from_, &to_;
  uint64_t row_bytes_;
  std::vector<std::byte> encoded_;
  std::vector<ErrorSums> errors_;
  std::vector<Lane> lanes_;
};

/// A copy has no error; the signal is still wanted. One row at a time: this is rare.
void add_copied_signal(const TensorView& source, uint64_t first, uint64_t n, const QuantizeTensorOptions& options) {
  std::vector<float> values(source.cols());
  for (uint64_t row = first; row < first + n; ++row) {
    codecs::codec(source.type).decode(source.row(row), values.data(), values.size());
    options.errors->add(row_errors(values, values, options.importance));
  }
}

}  // namespace

void ErrorSums::add(const ErrorSums& other) {
  error += other.error;
  signal += other.signal;
  weighted_error += other.weighted_error;
  weighted_signal += other.weighted_signal;
}

double ErrorSums::relative() const { return root_of_share(error, signal); }
double ErrorSums::weighted_relative() const { return root_of_share(weighted_error, weighted_signal); }

uint64_t least_working_bytes(const TensorView& source, QuantType type) {
  return lane_bytes(source) + piece_row_bytes(source, type);
}

void quantize_tensor(const TensorView& source, QuantType type, const QuantizeTensorOptions& options, ThreadPool& pool,
                     const std::function<void(std::span<const std::byte>)>& write) {
  AUREA_CHECK(source.cols() % info(type).block_elements == 0);
  const uint64_t rows = source.rows();
  const Cut cut = cut_of(source, type, options.working_bytes, pool.size());
  const auto stored = [&](uint64_t row, uint64_t n) {
    return source.data.subspan(row * source.row_bytes(), n * source.row_bytes());
  };

  const bool copy = source.type == type;
  std::optional<Encoder> encoder;
  if (!copy) encoder.emplace(source, type, options, cut);
  for (uint64_t first = options.first_row; first < rows; first += cut.piece_rows) {
    if (options.cancel != nullptr) options.cancel->check();
    const uint64_t n = std::min(cut.piece_rows, rows - first);
    if (options.prefetch) options.prefetch(stored(first + n, std::min(cut.piece_rows, rows - first - n)));
    if (copy) {
      check_stored(source, first, n, pool);
      if (options.errors != nullptr) add_copied_signal(source, first, n, options);
      write(stored(first, n));
    } else {
      write(encoder->encode(first, n, pool));
    }
    if (options.release) options.release(stored(first, n));
  }
}

}  // namespace aurea::quantization
