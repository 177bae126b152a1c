#include "quantization/self_calibration.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "core/error.h"
#include "engine/sampling/sampler.h"

namespace aurea::quantization {
namespace {

using engine::Model;

constexpr uint64_t kCacheBytes = uint64_t{1} << 30;  // of the sequences that are written side by side

engine::SamplingOptions sampling(uint64_t seed) {
  engine::SamplingOptions options;
  options.temperature = 1;
  options.top_k = 0;
  options.top_p = 1;
  options.min_p = 0;
  options.seed = seed;
  return options;
}

/// One sequence as it grows.
class Writer {
 public:
  /// `frame`: null for plain text.
  Writer(const Model& model, const Model::ChatFrame* frame, uint64_t seed)
      : model_(model),
        frame_(frame),
        sampler_(sampling(seed)),
        pending_(frame != nullptr ? frame->begin : plain_opening(seed)) {}

  /// The next token; a sampled one or the next of what is to follow anyway.
  int32_t take() {
    written_.push_back(pending_.front());
    pending_.erase(pending_.begin());
    return written_.back();
  }

  [[nodiscard]] bool needs_logits() const { return pending_.empty(); }

  void choose(std::span<const float> logits) {
    const int32_t token = sampler_.sample(logits);
    if (!model_.has_tokenizer() || !model_.tokenizer().ends_generation(token)) {
      pending_ = {token};
    } else if (frame_ != nullptr) {  // which ends the turn in its own way
      pending_ = users_turn_ ? frame_->to_assistant : frame_->to_user;
      users_turn_ = !users_turn_;
    } else {  // another text begins
      pending_ = {token};
      if (const auto bos = model_.tokenizer().vocabulary().bos; bos && *bos != token) pending_.push_back(*bos);
    }
  }

  [[nodiscard]] const Chunk& written() const { return written_; }

 private:
  [[nodiscard]] Chunk plain_opening(uint64_t seed) const {
    if (model_.has_tokenizer() && model_.tokenizer().vocabulary().bos) return {*model_.tokenizer().vocabulary().bos};
    engine::Random random(~seed);
    const uint64_t vocab = model_.source().params().vocab_size;
    const auto any = [&] { return static_cast<int32_t>(random.next() % vocab); };
    int32_t id = any();
    // Most ids are plain; a vocabulary without any would end the search after a while.
    for (int tries = 0; tries < 1000 && model_.has_tokenizer() &&
                        !is_plain(model_.tokenizer().vocabulary().tokens[static_cast<size_t>(id)].type);
         ++tries)
      id = any();
    return {id};
  }

  const Model& model_;
  const Model::ChatFrame* frame_;
  engine::Sampler sampler_;
  Chunk written_, pending_;
  bool users_turn_ = true;
};

/// How many sequences are written side by side: their keys and values stay within kCacheBytes.
size_t sequences_at_once(const models::Hyperparams& params, size_t length) {
  const uint64_t token_bytes = params.n_layers * 2 * params.n_kv_heads * params.head_dim * sizeof(float);
  return std::max<size_t>(1, kCacheBytes / (token_bytes * length));
}

/// Appends one token to each of the writers' sequences until they have `length`.
void write_together(engine::Engine& engine, std::span<Writer> writers, size_t length,
                    const std::function<void()>& after_step, const CancelToken* cancel) {
  std::vector<std::unique_ptr<engine::ScopedSequence>> sequences;
  for (size_t i = 0; i < writers.size(); ++i) sequences.push_back(std::make_unique<engine::ScopedSequence>(engine));
  std::vector<int32_t> tokens(writers.size());
  for (size_t at = 0; at < length; ++at) {
    std::vector<engine::StepItem> items;
    for (size_t i = 0; i < writers.size(); ++i) {
      tokens[i] = writers[i].take();
      const auto want = writers[i].needs_logits() ? engine::WantLogits::kLast : engine::WantLogits::kNone;
      items.push_back({sequences[i]->id(), {&tokens[i], 1}, want, length});
    }
    if (at + 1 < length) {  // nobody asks what would come after the last
      engine.step(
          items, [&](size_t item, size_t, std::span<const float> logits) { writers[item].choose(logits); }, cancel);
    }
    after_step();
  }
}

}  // namespace

std::string SelfCalibration::name() const {
  return fmt::format("auto:seed={},sequences={},length={}", seed, sequences, length);
}

std::vector<Chunk> write_calibration(const Model& model, engine::Engine& engine, const SelfCalibration& options,
                                     const std::function<void(uint64_t)>& progress, const CancelToken* cancel) {
  if (options.length < 2 || options.length > engine.context_size()) {
    fail(ErrorCode::kBadArgument, "sequences of {} tokens: from 2 to {} are possible here", options.length,
         engine.context_size());
  }
  const std::optional<Model::ChatFrame> frame = model.chat_frame();
  engine::Random seeds(options.seed);
  std::vector<Chunk> chunks;
  uint64_t done = 0;
  const size_t at_once = sequences_at_once(model.source().params(), options.length);
  while (chunks.size() < options.sequences) {
    const size_t n = std::min(at_once, options.sequences - chunks.size());
    std::vector<Writer> writers;
    for (size_t i = 0; i < n; ++i) {
      const bool chat = frame && (chunks.size() + i) % 2 == 1;
      writers.emplace_back(model, chat ? &*frame : nullptr, seeds.next());
    }
    write_together(
        engine, writers, options.length, [&] { progress(done += n); }, cancel);
    for (const Writer& writer : writers) chunks.push_back(writer.written());
  }
  return chunks;
}

}  // namespace aurea::quantization
