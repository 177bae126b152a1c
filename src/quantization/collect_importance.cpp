#include "quantization/collect_importance.h"

#include <algorithm>
#include <map>
#include <memory>

#include "core/error.h"

namespace aurea::quantization {
namespace {

using engine::MatrixInput;

constexpr size_t kColumnsAtOnce = 256;

/// Sums of one weight over one chunk.
struct ChunkSums {
  std::vector<double> squares;   // [n_mat, n_in]
  std::vector<uint64_t> counts;  // [n_mat]
};

/// Looks at the inputs of one step, which holds a few whole chunks in one pass or one chunk in several.
class Collector {
 public:
  Collector(engine::Engine& engine, bool with_output) : engine_(engine), with_output_(with_output) {
    engine.set_input_observer([this](const MatrixInput& input) { observe(input); });
  }
  ~Collector() { engine_.set_input_observer(nullptr); }
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  void start_step(std::span<const Chunk> chunks) {
    sums_.assign(chunks.size(), {});
    chunk_of_token_.clear();
    for (uint32_t c = 0; c < chunks.size(); ++c) chunk_of_token_.insert(chunk_of_token_.end(), chunks[c].size(), c);
  }

  void finish_step(Importance& importance) {
    for (const auto& chunk : sums_) {
      for (const auto& [id, sums] : chunk) add_to(importance, id, sums);
      ++importance.chunk_count;
    }
  }

 private:
  /// The matrices that a quantizer weights: all of the blocks', and the output's if asked for.
  [[nodiscard]] bool is_wanted(models::TensorId id) const {
    return with_output_ || engine_.source().description().tensors[id].layer >= 0;
  }

  void observe(const MatrixInput& input) {
    if (!is_wanted(input.weight)) return;
    const bool one_chunk = sums_.size() == 1;  // then a pass may be a part of it
    std::vector<uint32_t> chunk_of(input.n_rows, 0);
    std::vector<double*> target(sums_.size(), nullptr);
    for (size_t r = 0; r < input.n_rows; ++r) {
      if (!one_chunk) chunk_of[r] = chunk_of_token_[input.token_of(r)];
      ChunkSums& sums = sums_of(chunk_of[r], input);
      ++sums.counts[input.part];
      target[chunk_of[r]] = sums.squares.data() + input.part * input.n_cols;
    }
    // Threads share the columns, so that every sum runs through its rows in order.
    engine_.pool().parallel_for(input.n_cols, kColumnsAtOnce, [&](size_t begin, size_t end, unsigned) {
      for (size_t r = 0; r < input.n_rows; ++r) {
        const float* row = input.row(r);
        double* sums = target[chunk_of[r]];
        for (size_t j = begin; j < end; ++j) sums[j] += static_cast<double>(row[j]) * static_cast<double>(row[j]);
      }
    });
  }

  ChunkSums& sums_of(size_t chunk, const MatrixInput& input) {
    ChunkSums& sums = sums_[chunk][input.weight];
    if (sums.counts.empty()) {
      const uint64_t n_mat = engine_.source().description().tensors[input.weight].n_parts();
      sums.counts.resize(n_mat);
      sums.squares.resize(n_mat * input.n_cols);
    }
    return sums;
  }

  void add_to(Importance& importance, models::TensorId id, const ChunkSums& sums) const {
    ImportanceEntry entry{.n_mat = sums.counts.size(), .sums = {}, .counts = {}};
    for (const double square : sums.squares) entry.sums.push_back(static_cast<float>(square));
    for (const uint64_t count : sums.counts) entry.counts.push_back(static_cast<float>(count));
    try {
      importance.add(engine_.source().description().tensors[id].name, entry);
    } catch (Error& error) {
      throw error.add_context(fmt::format("chunk {}: what this matrix is multiplied with", importance.chunk_count + 1));
    }
  }

  engine::Engine& engine_;
  bool with_output_;
  std::vector<std::map<models::TensorId, ChunkSums>> sums_;  // by chunk of the step
  std::vector<uint32_t> chunk_of_token_;
};

/// How many chunks from `first` on fill one pass; at least one.
size_t chunks_of_a_step(std::span<const Chunk> chunks, size_t first, size_t batch_tokens) {
  size_t n = 1, tokens = chunks[first].size();
  while (first + n < chunks.size() && tokens + chunks[first + n].size() <= batch_tokens)
    tokens += chunks[first + n++].size();
  return n;
}

}  // namespace

void collect_importance(engine::Engine& engine, std::span<const Chunk> chunks, const CollectOptions& options,
                        Importance& sums, const std::function<void()>& after_step) {
  Collector collector(engine, options.output);
  while (sums.chunk_count < chunks.size()) {
    const auto step =
        chunks.subspan(sums.chunk_count, chunks_of_a_step(chunks, sums.chunk_count, engine.batch_tokens()));
    std::vector<std::unique_ptr<engine::ScopedSequence>> sequences;
    std::vector<engine::StepItem> items;
    for (const Chunk& chunk : step) {
      sequences.push_back(std::make_unique<engine::ScopedSequence>(engine));
      items.push_back(
          {sequences.back()->id(), chunk, options.output ? engine::WantLogits::kAll : engine::WantLogits::kNone});
    }
    collector.start_step(step);
    engine.step(
        items, [](size_t, size_t, std::span<const float>) {}, options.cancel);
    collector.finish_step(sums);
    after_step();
  }
}

uint64_t fingerprint(std::span<const Chunk> chunks, const CollectOptions& options) {
  uint64_t hash = 0xCBF29CE484222325;  // FNV-1a, 64 bits
  const auto mix = [&](uint64_t value) {
    for (int byte = 0; byte < 8; ++byte) hash = (hash ^ (value >> 8 * byte & 0xFF)) * 0x100000001B3;
  };
  mix(options.output ? 1 : 0);
  for (const Chunk& chunk : chunks) {
    mix(chunk.size());
    for (const int32_t id : chunk) mix(static_cast<uint64_t>(id));
  }
  return hash;
}

std::vector<Chunk> cut_into_chunks(std::span<const int32_t> tokens, size_t size, std::optional<int32_t> bos) {
  std::vector<Chunk> chunks;
  for (size_t first = 0; first + size <= tokens.size(); first += size) {
    const auto piece = tokens.subspan(first, size);
    chunks.emplace_back(piece.begin(), piece.end());
    if (bos) chunks.back().front() = *bos;
  }
  return chunks;
}

}  // namespace aurea::quantization
