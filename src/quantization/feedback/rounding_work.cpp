#include "quantization/feedback/rounding_work.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sstream>

#include "core/checked_math.h"
#include "core/error.h"
#include "core/hash.h"
#include "quantization/calibration/calibrator.h"

namespace aurea::quantization {
namespace {

// The first part: the text (number of tokens, length of a sequence, room for the most tokens), then the curvature: n_tokens,
// logit_mean, the sums of the embedding and of the final rows [hidden, hidden], and for each matrix n_rows and its groups
// [n, n] in float32. Numbers are as this machine has them: the files never leave it.
constexpr uint64_t kNumberBytes = 8;

uint64_t text_bytes(size_t most_tokens) {
  return checked_add(2 * kNumberBytes, checked_mul(most_tokens, sizeof(int32_t), "calibration text"), "calibration text");
}

uint64_t square_bytes(uint64_t n) { return checked_mul(checked_mul(n, n, "curvature"), uint64_t{sizeof(float)}, "curvature"); }

uint64_t groups_bytes(uint64_t n_out) {
  uint64_t bytes = 0;
  for (uint64_t first = 0; first < n_out; first += kOutputGroup) bytes += square_bytes(std::min<uint64_t>(kOutputGroup, n_out - first));
  return bytes;
}

size_t hidden_width(const models::ModelSource& source) { return source.tensor(embedding_id(source).tensor).cols(); }

/// All matrices that rounding may have to do with, in one order.
std::vector<MatrixId> rounded_matrices(const models::ModelSource& source, std::span<const std::optional<QuantType>> types) {
  std::vector<MatrixId> ids;
  for (models::TensorId tensor = 0; tensor < types.size(); ++tensor) {
    if (!types[tensor] || is_float(*types[tensor])) continue;
    for (size_t part = 0; part < source.parts(tensor).size(); ++part) ids.push_back({tensor, part});
  }
  return ids;
}

/// The embedding and the output matrix have no groups.
std::map<MatrixId, uint64_t> lay_out(const models::ModelSource& source, std::span<const std::optional<QuantType>> types, uint64_t begin) {
  std::map<MatrixId, uint64_t> places;
  const MatrixId embedding = embedding_id(source), output{std::get<models::Linear>(source.description().graph.nodes.back().op).weight};
  for (const MatrixId id : rounded_matrices(source, types)) {
    if (id == embedding || id == output) continue;
    places[id] = begin;
    begin = checked_add(begin, kNumberBytes + groups_bytes(source.parts(id.tensor)[id.part].rows()), "curvature");
  }
  return places;
}

std::vector<OutputPart> parts_of(const std::filesystem::path& output, const models::ModelSource& source,
                                 std::span<const std::optional<QuantType>> types, const std::map<MatrixId, uint64_t>& places, uint64_t begin) {
  uint64_t curvature = begin, encoded = 0;
  for (const auto& [id, place] : places) {
    curvature = std::max(curvature, place + kNumberBytes + groups_bytes(source.parts(id.tensor)[id.part].rows()));
  }
  for (const MatrixId id : rounded_matrices(source, types)) {
    const TensorView& matrix = source.parts(id.tensor)[id.part];
    encoded = checked_add(encoded, checked_mul(row_bytes(*types[id.tensor], matrix.cols()), matrix.rows(), "size of a matrix"), "size of all matrices");
  }
  std::filesystem::path first = output, second = output;
  return {{first += ".curvature", "", curvature}, {second += ".matrices", "", encoded}};
}

uint64_t matrices_begin(const models::ModelSource& source, size_t most_tokens) {
  return checked_add(text_bytes(most_tokens), 2 * kNumberBytes + 2 * square_bytes(hidden_width(source)), "curvature");
}

template <typename Value>
std::span<const std::byte> bytes_of(const Value& value) {
  return std::as_bytes(std::span(&value, 1));
}

/// Floats [n, n] of a Gram matrix; what add_gram keeps behind them is done with.
std::span<const std::byte> square(const std::vector<float>& gram, size_t n) { return std::as_bytes(std::span(gram).first(n * n)); }

}  // namespace

RoundingWork::RoundingWork(const std::filesystem::path& output, const models::ModelSource& source,
                           std::span<const std::optional<QuantType>> types, size_t most_tokens, const std::string& fingerprint,
                           const CancelToken* cancel)
    : source_(source),
      fingerprint_(fingerprint),
      most_tokens_(most_tokens),
      begin_(text_bytes(most_tokens)),
      places_(lay_out(source, types, matrices_begin(source, most_tokens))),
      output_(std::filesystem::path(output) += ".rounding", parts_of(output, source, types, places_, matrices_begin(source, most_tokens)), true,
              fingerprint, cancel) {
  recover();
}

RoundingWork::~RoundingWork() {
  for (const Mapping& mapping : mappings_) ::munmap(mapping.data, mapping.bytes);
}

/// The notes of the journal say what lies where.
void RoundingWork::recover() {
  uint64_t begin = 0;
  size_t n_first = 0;  // records of the first part
  for (const JournalRecord& record : output_.recovered()) {
    if (record.part == 0) {
      ++n_first;
      continue;
    }
    std::istringstream note(record.note);
    MatrixId id{};
    uint64_t rows = 0, cols = 0;
    std::string type;
    note >> id.tensor >> id.part >> type >> rows >> cols;
    AUREA_CHECK(!note.fail() && record.end > begin);  // written by this version: the fingerprint says so
    map_matrix(id, find_quant_type(type).value(), rows, cols, record.end);
    begin = record.end;
  }
  if (n_first > 0) {
    uint64_t n_tokens = 0, length = 0;
    read(0, std::as_writable_bytes(std::span(&n_tokens, 1)));
    read(kNumberBytes, std::as_writable_bytes(std::span(&length, 1)));
    AUREA_CHECK(n_tokens <= most_tokens_);
    text_ = CalibrationText{std::vector<int32_t>(n_tokens), length};
    read(2 * kNumberBytes, std::as_writable_bytes(std::span(text_->tokens)));
  }
  if (n_first == 2 && output_.part() == 0) output_.next_part();  // ended right behind the curvature
}

void RoundingWork::put_text(CalibrationText text) {
  AUREA_CHECK(text.tokens.size() <= most_tokens_);
  const uint64_t n_tokens = text.tokens.size(), length = text.length;
  text_ = text;
  text.tokens.resize(most_tokens_);
  output_.write(bytes_of(n_tokens));
  output_.write(bytes_of(length));
  output_.write(std::as_bytes(std::span(text.tokens)));
  output_.record("text");
}

std::string RoundingWork::fingerprint() const {
  FastHash hash;
  hash.update(fingerprint_);
  if (text_) hash.update(std::as_bytes(std::span(text_->tokens)));
  return hash.hex();
}

void RoundingWork::put_curvature(OutputCurvature curvature) {
  const size_t width = hidden_width(source_);
  const auto n_tokens = static_cast<uint64_t>(curvature.n_tokens);
  output_.write(bytes_of(n_tokens));
  output_.write(bytes_of(curvature.logit_mean));
  output_.write(square(curvature.embedding, width));
  output_.write(square(curvature.final_rows, width));
  for (const auto& [id, place] : places_) {
    const size_t n_out = source_.parts(id.tensor)[id.part].rows();
    OutputCurvature::Matrix& matrix = curvature.matrices[id];
    output_.write(bytes_of(matrix.n_rows));
    for (size_t first = 0, g = 0; first < n_out; first += kOutputGroup, ++g) {
      const size_t n = std::min(kOutputGroup, n_out - first);
      if (matrix.n_rows == 0) matrix.groups.emplace_back(n * n, 0.0f);
      output_.write(square(matrix.groups[g], n));
      matrix.groups[g] = {};
    }
  }
  output_.record("curvature");
  output_.next_part();
}

void RoundingWork::read(uint64_t offset, std::span<std::byte> bytes) const {
  const std::filesystem::path path = output_.hidden_path(0);
  const int fd = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  size_t done = 0;
  while (fd >= 0 && done < bytes.size()) {
    const ssize_t n = ::pread(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (n <= 0) break;
    done += static_cast<size_t>(n);
  }
  if (fd >= 0) ::close(fd);
  if (done < bytes.size()) fail_file("{}: the unfinished work cannot be read", path.string());
}

OutputCurvature RoundingWork::curvature() const {
  OutputCurvature curvature;
  const size_t width = hidden_width(source_);
  curvature.embedding.resize(width * width);
  curvature.final_rows.resize(width * width);
  read(begin_, std::as_writable_bytes(std::span(&curvature.n_tokens, 1)));
  read(begin_ + kNumberBytes, std::as_writable_bytes(std::span(&curvature.logit_mean, 1)));
  read(begin_ + 2 * kNumberBytes, std::as_writable_bytes(std::span(curvature.embedding)));
  read(begin_ + 2 * kNumberBytes + square_bytes(width), std::as_writable_bytes(std::span(curvature.final_rows)));
  return curvature;
}

OutputCurvature::Matrix RoundingWork::load(MatrixId id) const {
  OutputCurvature::Matrix matrix;
  const auto found = places_.find(id);
  if (found == places_.end()) return matrix;
  uint64_t place = found->second;
  read(place, std::as_writable_bytes(std::span(&matrix.n_rows, 1)));
  if (matrix.n_rows == 0) return matrix;
  place += kNumberBytes;
  const size_t n_out = source_.parts(id.tensor)[id.part].rows();
  for (size_t first = 0; first < n_out; first += kOutputGroup) {
    const size_t n = std::min(kOutputGroup, n_out - first);
    read(place, std::as_writable_bytes(std::span(matrix.groups.emplace_back(n * n))));
    place += square_bytes(n);
  }
  return matrix;
}

void RoundingWork::add(MatrixId id, QuantType type, uint64_t rows, uint64_t cols, std::span<const std::byte> encoded) {
  output_.write(encoded);
  output_.record(fmt::format("{} {} {} {} {}", id.tensor, id.part, name(type), rows, cols));
  map_matrix(id, type, rows, cols, output_.position());
}

/// The matrix whose bytes end at `end` of the second part.
void RoundingWork::map_matrix(MatrixId id, QuantType type, uint64_t rows, uint64_t cols, uint64_t end) {
  const uint64_t bytes = row_bytes(type, cols) * rows, begin = end - bytes, page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  const uint64_t aligned = begin / page * page;
  const std::filesystem::path path = output_.hidden_path(1);
  const int fd = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  void* data = fd < 0 ? MAP_FAILED : ::mmap(nullptr, end - aligned, PROT_READ, MAP_SHARED, fd, static_cast<off_t>(aligned));
  const int reason = errno;
  if (fd >= 0) ::close(fd);
  if (data == MAP_FAILED) fail_file("{}: cannot map {} bytes: {}", path.string(), bytes, std::strerror(reason));
  mappings_.push_back({data, end - aligned});
  matrices_[id] = TensorView{type, {rows, cols}, {static_cast<const std::byte*>(data) + (begin - aligned), bytes}};
}

}  // namespace aurea::quantization
