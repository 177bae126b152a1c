#include "engine/engine.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/mapped_file.h"
#include "core/process_memory.h"

namespace aurea::engine {
namespace {

// Rows of logits computed at once: enough to read the output matrix once for many tokens, few enough that 32 rows of a
// 200,000-word vocabulary stay at 26 MB.
constexpr size_t kLogitRows = 32;

size_t checked_context(const models::Hyperparams& params, size_t wanted) {
  if (wanted == 0) return params.context_length;
  if (wanted > params.context_length) {
    fail(ErrorCode::kBadArgument, "--ctx-size {}: this model was made for at most {} tokens", wanted,
         params.context_length);
  }
  return wanted;
}

/// Bytes of packed weights that the system has room for, leaving some for keys, values and everybody else.
size_t packing_limit() {
  const uint64_t available = available_memory();
  return static_cast<size_t>(available - available / 8);
}

std::optional<std::string_view> as_view(const std::optional<std::string>& text) {
  return text ? std::optional<std::string_view>(*text) : std::nullopt;
}

}  // namespace

struct Engine::Row {
  int32_t id;
  uint32_t position;
  Sequence* sequence;
  size_t item, index;
  bool wanted;
};

Engine::Engine(const models::ModelSource& source, const EngineOptions& options)
    : source_(source),
      kernels_(kernels::select_kernel_set(as_view(options.kernel_set))),
      pool_(options.pool ? options.pool : std::make_shared<ThreadPool>(options.n_threads)),
      context_size_(checked_context(source.params(), options.context_size)),
      batch_tokens_(
          std::clamp<size_t>(options.batch_tokens, 1, std::min<size_t>(4096, std::max<size_t>(context_size_, 1)))),
      cache_(source.params(), options.kv_type),
      weights_(source, *pool_, packing_limit(), options.pack_cache ? packed_file(source) : std::filesystem::path()),
      plan_(source, kernels_, weights_, batch_tokens_, std::min(kLogitRows, batch_tokens_), pool_->size()),
      scratch_(plan_.scratch_bytes()),
      short_frequencies_(rope_frequencies(source.params().rope, source.params().rope.short_factors)),
      long_frequencies_(rope_frequencies(source.params().rope, source.params().rope.long_factors)),
      rope_cos_(batch_tokens_ * short_frequencies_.size()),
      rope_sin_(rope_cos_.size()) {
  for (models::TensorId id = 0; id < source.description().tensors.size(); ++id) {
    // What is packed was read just now; of experts that are not, only those that a text needs are read from the disk.
    if (source.parts(id).size() > 1 || kernels::packing(source.tensor(id).type) != nullptr) continue;
    MappedFile::prefetch(source.tensor(id).data);
  }
}

Engine::~Engine() {
  while (!sequences_.empty()) remove_sequence(sequences_.begin()->first);
}

SequenceId Engine::create_sequence() {
  sequences_.emplace(next_id_, std::make_unique<Sequence>());
  return next_id_++;
}

void Engine::remove_sequence(SequenceId id) {
  const auto found = sequences_.find(id);
  AUREA_CHECK(found != sequences_.end());
  for (uint8_t* page : found->second->pages) cache_.release_page(page);
  sequences_.erase(found);
}

const std::vector<int32_t>& Engine::tokens(SequenceId id) const { return sequences_.at(id)->tokens; }

void Engine::truncate(SequenceId id, size_t n_tokens) {
  Sequence& sequence = *sequences_.at(id);
  if (n_tokens >= sequence.tokens.size()) return;
  sequence.tokens.resize(n_tokens);
  sequence.cached = std::min(sequence.cached, n_tokens);
}

void Engine::check_item(const StepItem& item) const {
  const Sequence& sequence = *sequences_.at(item.sequence);
  const size_t total = sequence.tokens.size() + item.tokens.size();
  if (total > context_size_) {
    fail(ErrorCode::kBadArgument, "{} tokens do not fit into a context of {} ({} too many)", total, context_size_,
         total - context_size_);
  }
  for (const int32_t id : item.tokens) {
    if (id < 0 || static_cast<uint64_t>(id) >= source_.params().vocab_size) {
      fail(ErrorCode::kBadArgument, "token id {} is outside the vocabulary of {}", id, source_.params().vocab_size);
    }
  }
}

void Engine::step(std::span<const StepItem> items, const LogitsSink& sink, const CancelToken* cancel) {
  for (const StepItem& item : items) check_item(item);
  const models::RopeParams& rope = source_.params().rope;
  std::vector<Row> rows;
  std::vector<size_t> before(items.size());
  for (size_t i = 0; i < items.size(); ++i) {
    Sequence& sequence = *sequences_.at(items[i].sequence);
    before[i] = sequence.tokens.size();
    sequence.tokens.insert(sequence.tokens.end(), items[i].tokens.begin(), items[i].tokens.end());
    const size_t total = sequence.tokens.size();
    // The factors go by the length of the whole sequence; keys rotated with the other list are of no use any more.
    const bool long_factors = rope.has_factors() && std::max(total, items[i].final_length) > rope.original_context;
    if (long_factors != sequence.long_factors) sequence.cached = 0;
    sequence.long_factors = long_factors;
    for (size_t at = sequence.cached; at < total; ++at) {
      const bool is_new = at >= before[i];
      const bool wanted =
          is_new && (items[i].logits == WantLogits::kAll || (items[i].logits == WantLogits::kLast && at + 1 == total));
      rows.push_back(
          {sequence.tokens[at], static_cast<uint32_t>(at), &sequence, i, is_new ? at - before[i] : 0, wanted});
    }
  }
  try {
    for (const StepItem& item : items) reserve_pages(*sequences_.at(item.sequence));
    for (size_t begin = 0; begin < rows.size(); begin += batch_tokens_) {
      if (cancel != nullptr) cancel->check();
      const auto pass = std::span(rows).subspan(begin, std::min(batch_tokens_, rows.size() - begin));
      run_pass(pass, sink);
      for (const Row& row : pass) row.sequence->cached = size_t{row.position} + 1;
    }
  } catch (...) {
    for (size_t i = 0; i < items.size(); ++i) truncate(items[i].sequence, before[i]);
    throw;
  }
}

void Engine::reserve_pages(Sequence& sequence) {
  const size_t needed = (sequence.tokens.size() + KvCache::kPageTokens - 1) / KvCache::kPageTokens;
  while (sequence.pages.size() < needed) sequence.pages.push_back(cache_.allocate_page());
}

void Engine::run_pass(std::span<const Row> rows, const LogitsSink& sink) {
  std::vector<BatchToken> tokens;
  std::vector<uint32_t> wanted;
  for (const Row& row : rows) {
    if (row.wanted) wanted.push_back(static_cast<uint32_t>(tokens.size()));
    tokens.push_back({row.id, row.position, row.sequence});
  }
  fill_rope(tokens);
  Pass pass{.tokens = tokens,
            .selected = {},
            .n_rows = tokens.size(),
            .rope_cos = rope_cos_.data(),
            .rope_sin = rope_sin_.data(),
            .cache = cache_,
            .kernels = kernels_,
            .pool = *pool_,
            .scratch = scratch_,
            .observe_input = input_observer_};
  run_nodes(plan_.body(), pass);
  for (size_t begin = 0; begin < wanted.size(); begin += kLogitRows) {
    pass.selected = std::span(wanted).subspan(begin, std::min(kLogitRows, wanted.size() - begin));
    pass.n_rows = pass.selected.size();
    run_nodes(plan_.head(), pass);
    for (size_t r = 0; r < pass.n_rows; ++r) {
      const Row& row = rows[pass.selected[r]];
      sink(row.item, row.index, {plan_.logits().row(r), plan_.logits().width});
    }
  }
}

void Engine::run_nodes(std::span<const PlanNode> nodes, Pass& pass) {
  const models::Graph& graph = source_.description().graph;
  for (const PlanNode& node : nodes) {
    node.run(node, pass);
    if (observer_) observer_(graph.values[node.source->output].name, node.out, pass.n_rows);
  }
}

void Engine::fill_rope(std::span<const BatchToken> tokens) {
  const size_t half = short_frequencies_.size();
  const models::RopeParams& rope = source_.params().rope;
  pool_->parallel_for(tokens.size(), 16, [&](size_t begin, size_t end, unsigned) {
    for (size_t t = begin; t < end; ++t) {
      const bool is_long = tokens[t].sequence->long_factors;
      const std::vector<double>& frequencies = is_long ? long_frequencies_ : short_frequencies_;
      const double magnitude = is_long ? rope.long_magnitude : rope.short_magnitude;
      for (size_t i = 0; i < half; ++i) {
        const double angle = tokens[t].position * frequencies[i];
        rope_cos_[t * half + i] = static_cast<float>(std::cos(angle) * magnitude);
        rope_sin_[t * half + i] = static_cast<float>(std::sin(angle) * magnitude);
      }
    }
  });
}

std::vector<std::string> Engine::describe_dispatch() const {
  std::vector<std::string> lines;
  const models::ModelDescription& description = source_.description();
  for (const auto nodes : {plan_.body(), plan_.head()}) {
    for (const PlanNode& node : nodes) {
      if (matrices_of(description, *node.source).empty()) continue;
      for (const Matrix& matrix : node.matrices) {
        const TensorView& part = matrix.parts.front();
        lines.push_back(fmt::format("{:<28} {:<6} [{}]  {}", description.tensors[matrix.id].name, name(part.type),
                                    fmt::join(description.tensors[matrix.id].shape, ", "), matrix.kernel->name));
      }
    }
  }
  return lines;
}

}  // namespace aurea::engine
