#include "cli/bench/limits.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>

#include "core/error.h"

namespace aurea::cli::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kBufferBytes = size_t{512} << 20;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// A matrix as a pass of the model reads it.
struct Matrix {
  double bytes, elements;  // of all experts
  double share;            // that one token multiplies with
  bool output;             // for rows with logits only
};

std::vector<Matrix> matrices_of(const models::ModelSource& source) {
  std::vector<Matrix> matrices;
  const models::ModelDescription& description = source.description();
  for (const models::Node& node : description.graph.nodes) {
    for (const models::MatrixUse& use : models::matrices_of(description, node)) {
      Matrix matrix{.bytes = 0, .elements = 0, .share = use.share, .output = node.output == description.graph.logits};
      for (const TensorView& part : source.parts(use.weight)) {
        matrix.bytes += static_cast<double>(part.data.size());
        matrix.elements += static_cast<double>(part.elements());
      }
      matrices.push_back(matrix);
    }
  }
  return matrices;
}

/// One pass of `rows` tokens through the body, or of `rows` rows through the output matrix.
void add_pass(Floor& floor, std::span<const Matrix> matrices, bool output, size_t rows) {
  const auto n = static_cast<double>(rows);
  for (const Matrix& matrix : matrices) {
    if (matrix.output != output) continue;
    floor.bytes += matrix.bytes * (1 - std::pow(1 - matrix.share, n));
    floor.operations += 2 * matrix.elements * matrix.share * n;
  }
}

void add_step(Floor& floor, std::span<const Matrix> matrices, size_t tokens, size_t outputs, size_t batch_tokens) {
  for (size_t begin = 0; begin < tokens; begin += batch_tokens) {
    add_pass(floor, matrices, false, std::min(batch_tokens, tokens - begin));
  }
  if (outputs > 0) add_pass(floor, matrices, true, outputs);
}

}  // namespace

LimitMeter::LimitMeter(const kernels::KernelSet& set, ThreadPool& pool)
    : set_(set), pool_(pool), buffer_(kBufferBytes) {
  std::memset(buffer_.data(), 1, buffer_.size());  // without a value of its own every page would be the same one
}

void LimitMeter::measure() {
  std::vector<uint64_t> sums(pool_.size());
  auto start = Clock::now();
  pool_.parallel_for(kBufferBytes, size_t{1} << 20, [&](size_t begin, size_t end, unsigned thread) {
    sums[thread] += set_.read_all(buffer_.data() + begin, end - begin);
  });
  best_.memory_read_gb_per_s =
      std::max(best_.memory_read_gb_per_s, static_cast<double>(kBufferBytes) / seconds_since(start) / 1e9);

  constexpr size_t kPieces = 64, kRounds = 20000;
  std::vector<uint32_t> sinks(pool_.size());
  std::vector<uint64_t> operations(pool_.size());
  start = Clock::now();
  pool_.parallel_for(kPieces, 1, [&](size_t, size_t, unsigned thread) {
    operations[thread] += set_.int8_peak(kRounds, &sinks[thread]);
  });
  const double seconds = seconds_since(start);
  uint64_t total = 0;
  for (const uint64_t count : operations) total += count;
  best_.int8_gops = std::max(best_.int8_gops, static_cast<double>(total) / seconds / 1e9);
}

double Floor::seconds(const Limits& limits) const {
  return std::max(memory_seconds(limits), arithmetic_seconds(limits));
}

std::string_view Floor::bound(const Limits& limits) const {
  return memory_seconds(limits) >= arithmetic_seconds(limits) ? "memory" : "arithmetic";
}

uint64_t cache_bytes_per_token(const models::Hyperparams& params, engine::KvTypes types) {
  const uint64_t block = kernels::kv_block_bytes(types.keys, params.head_dim) + kernels::kv_block_bytes(types.values, params.head_dim);
  return params.n_layers * params.n_kv_heads * block / kernels::kKvBlockTokens;
}

Floor floor_of(const Workload& work, const models::ModelSource& source, engine::KvTypes cache, size_t batch_tokens) {
  Floor floor;
  const std::vector<Matrix> matrices = matrices_of(source);
  if (work.kind == Kind::kPrefill) {
    add_step(floor, matrices, work.prompt, 1, batch_tokens);
    return floor;
  }
  const models::Hyperparams& params = source.params();
  const auto token_bytes = static_cast<double>(cache_bytes_per_token(params, cache));
  for (size_t i = 0; i < work.generate; ++i) {
    const size_t begin = i * work.chunk;  // of the prompt; both 0 for kDecode
    const size_t read = work.kind == Kind::kMixed ? std::min(work.chunk, work.prompt - begin) : 0;
    const bool prompt_ends = read > 0 && begin + read == work.prompt;
    add_step(floor, matrices, work.batch + read, work.batch + (prompt_ends ? 1 : 0), batch_tokens);
    const size_t all = work.depth + i + 1;
    const size_t visible = params.sliding_window > 0 ? std::min<size_t>(all, params.sliding_window) : all;
    floor.bytes += static_cast<double>(work.batch * visible) * token_bytes;
  }
  return floor;
}

}  // namespace aurea::cli::bench
