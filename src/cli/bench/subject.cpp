#include "cli/bench/subject.h"

#include <algorithm>
#include <chrono>

#include "core/error.h"
#include "quantization/recipes.h"

namespace aurea::cli::bench {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::string type_of(const models::ModelSource& source) {
  if (source.gguf() != nullptr) {
    const auto number = source.gguf()->metadata().optional_uint("general.file_type");
    for (const quantization::Recipe& recipe : quantization::recipes()) {
      if (number && recipe.file_type == *number && !recipe.copies()) return std::string(recipe.name);
    }
  }
  std::map<QuantType, uint64_t> bytes;
  for (models::TensorId id = 0; id < source.description().tensors.size(); ++id) {
    for (const TensorView& part : source.parts(id)) bytes[part.type] += part.data.size();
  }
  return std::string(name(std::ranges::max_element(bytes, {}, [](const auto& row) { return row.second; })->first));
}

/// Token ids without meaning: speed does not depend on them.
std::vector<int32_t> any_tokens(size_t n, uint64_t vocab, uint64_t salt) {
  std::vector<int32_t> ids(n);
  for (size_t i = 0; i < n; ++i) ids[i] = static_cast<int32_t>((i * 7919 + salt * 104729 + 13) % vocab);
  return ids;
}

}  // namespace

Subject::Subject(const std::string& path, std::string label, const engine::EngineOptions& options)
    : label_(std::move(label)) {
  const auto start = Clock::now();
  model_ = std::make_unique<engine::Model>(engine::Model::load(path));
  engine_ = std::make_unique<engine::Engine>(source(), options);
  load_seconds_ = seconds_since(start);
  type_ = type_of(source());
}

void Subject::check_room(const Workload& work) const {
  const size_t room = engine_->context_size();
  if (work.longest() <= room) return;
  if (work.prompt > room)
    fail(ErrorCode::kBadArgument, "--prompt {}: the context of {} holds {} tokens", work.prompt, label_, room);
  fail(ErrorCode::kBadArgument, "--depth {} and {} tokens written do not fit into the context of {}, which holds {}",
       work.depth, work.generate, label_, room);
}

void Subject::step(const std::vector<engine::StepItem>& items, const CancelToken& cancel) {
  engine_->step(
      items, [](size_t, size_t, std::span<const float>) {}, &cancel);
}

void Subject::fill(std::span<const Workload> workloads, const CancelToken& cancel,
                   const std::function<void(size_t)>& fed) {
  for (const Workload& work : workloads) {
    if (work.kind == Kind::kPrefill) continue;
    size_t& longest = sequences_[work.depth].longest;
    longest = std::max(longest, work.depth + work.generate);
  }
  for (const auto& [depth, batch] : largest_batches(workloads)) {
    Sequences& sequences = sequences_[depth];
    while (sequences.ids.size() < batch) {
      const engine::SequenceId id = sequences.ids.emplace_back(engine_->create_sequence());
      const std::vector<int32_t> tokens = any_tokens(depth, source().params().vocab_size, sequences.ids.size());
      for (size_t begin = 0; begin < depth;) {
        const size_t n = std::min(engine_->batch_tokens(), depth - begin);
        step({{.sequence = id,
               .tokens = {&tokens[begin], n},
               .logits = engine::WantLogits::kNone,
               .final_length = sequences.longest}},
             cancel);
        begin += n;
        fed(n);
      }
    }
  }
}

double Subject::run(const Workload& work, const CancelToken& cancel) {
  const double seconds = work.kind == Kind::kPrefill ? prefill_seconds(work, cancel) : decode_seconds(work, cancel);
  return static_cast<double>(work.tokens()) / seconds;
}

double Subject::prefill_seconds(const Workload& work, const CancelToken& cancel) {
  const engine::ScopedSequence sequence(*engine_);
  const std::vector<int32_t> tokens = any_tokens(work.prompt, source().params().vocab_size, 0);
  const auto start = Clock::now();
  step({{.sequence = sequence.id(), .tokens = tokens}}, cancel);
  return seconds_since(start);
}

double Subject::decode_seconds(const Workload& work, const CancelToken& cancel) {
  const Sequences& sequences = sequences_.at(work.depth);
  const std::vector<engine::SequenceId>& ids = sequences.ids;
  AUREA_CHECK(ids.size() >= work.batch);
  const engine::ScopedSequence reader(*engine_);  // of the prompt of kMixed
  const std::vector<int32_t> prompt = any_tokens(work.prompt, source().params().vocab_size, 0);
  const std::vector<int32_t> tokens = any_tokens(work.generate + work.batch, source().params().vocab_size, 99);
  const auto start = Clock::now();
  for (size_t i = 0; i < work.generate; ++i) {
    std::vector<engine::StepItem> items;
    for (size_t b = 0; b < work.batch; ++b) {
      items.push_back({.sequence = ids[b], .tokens = {&tokens[i + b], 1}, .final_length = sequences.longest});
    }
    if (work.kind == Kind::kMixed) {
      const size_t begin = i * work.chunk, n = std::min(work.chunk, work.prompt - begin);
      const auto wanted = begin + n == work.prompt ? engine::WantLogits::kLast : engine::WantLogits::kNone;
      items.push_back(
          {.sequence = reader.id(), .tokens = {&prompt[begin], n}, .logits = wanted, .final_length = work.prompt});
    }
    step(items, cancel);
  }
  const double seconds = seconds_since(start);
  for (size_t b = 0; b < work.batch; ++b) engine_->truncate(ids[b], work.depth);
  return seconds;
}

}  // namespace aurea::cli::bench
