#include "engine/session.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "core/error.h"
#include "engine/sampling/text_stream.h"

namespace aurea::engine {
namespace {

/// SentencePiece puts a space in front of a text; behind a control token that space is the encoder's, not the answer's.
bool starts_a_text(const tokenizers::Vocabulary& vocabulary, int32_t token_before) {
  return vocabulary.kind == tokenizers::TokenizerKind::kSentencePiece && vocabulary.add_space_prefix &&
         vocabulary.tokens[static_cast<size_t>(token_before)].type == tokenizers::TokenType::kControl;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

Session::Session(const Model& model, Engine& engine) : model_(model), engine_(engine), sequence_(engine.create_sequence()) {}
Session::~Session() { engine_.remove_sequence(sequence_); }

GenerateResult Session::generate(std::span<const int32_t> prompt, const GenerateOptions& options,
                                 const std::function<void(std::string_view)>& on_text, const CancelToken* cancel) {
  if (prompt.empty()) fail(ErrorCode::kBadArgument, "the prompt is empty");
  if (prompt.size() >= engine_.context_size()) {
    fail(ErrorCode::kBadArgument, "the prompt has {} tokens, the context holds {}: no room for an answer; shorten it by {}, or raise --ctx-size",
         prompt.size(), engine_.context_size(), prompt.size() + 1 - engine_.context_size());
  }
  const uint64_t vocab = model_.source().params().vocab_size;
  for (const int32_t id : prompt) {
    if (id < 0 || static_cast<uint64_t>(id) >= vocab) fail(ErrorCode::kBadArgument, "token id {} is outside the vocabulary of {}", id, vocab);
  }
  const std::vector<int32_t>& held = engine_.tokens(sequence_);
  const auto common = static_cast<size_t>(std::ranges::mismatch(held, prompt).in1 - held.begin());
  engine_.truncate(sequence_, std::min(common, prompt.size() - 1));  // the last token's logits are always needed
  prompt = prompt.subspan(engine_.tokens(sequence_).size());

  GenerateResult result;
  const tokenizers::Tokenizer& tokenizer = model_.tokenizer();
  TextStream stream(options.stop);
  SamplingOptions sampling = options.sampling;
  if (options.ignore_end) {
    for (const int32_t id : tokenizer.vocabulary().end_of_generation) sampling.logit_bias[id] = -std::numeric_limits<float>::infinity();
  }
  Sampler sampler(std::move(sampling));
  for (const int32_t id : engine_.tokens(sequence_)) sampler.accept(id);
  for (const int32_t id : prompt) sampler.accept(id);
  bool drop_space = starts_a_text(tokenizer.vocabulary(), prompt.back());
  const auto show = [&](const std::string& text) {
    result.text += text;
    if (on_text && !text.empty()) on_text(text);
  };

  int32_t next = 0;
  const LogitsSink sample = [&](size_t, size_t, std::span<const float> logits) { next = sampler.sample(logits); };
  result.timings.prompt_tokens = prompt.size();
  auto start = std::chrono::steady_clock::now();
  try {
    const StepItem item{sequence_, prompt, WantLogits::kLast};
    engine_.step({&item, 1}, sample, cancel);
    result.timings.prompt_seconds = seconds_since(start);
    start = std::chrono::steady_clock::now();
    result.reason = FinishReason::kLength;
    while (result.tokens.size() < options.max_tokens) {
      sampler.accept(next);
      result.tokens.push_back(next);
      if (tokenizer.ends_generation(next)) {
        result.reason = FinishReason::kStop;
        break;
      }
      std::string bytes = tokenizer.token_bytes(next);
      if (std::exchange(drop_space, false) && bytes.starts_with(' ')) bytes.erase(0, 1);
      show(stream.push(bytes));
      if (stream.stopped()) {
        result.reason = FinishReason::kStop;
        break;
      }
      if (result.tokens.size() == options.max_tokens || engine_.tokens(sequence_).size() == engine_.context_size()) break;
      const StepItem one{sequence_, {&next, 1}, WantLogits::kLast};
      engine_.step({&one, 1}, sample, cancel);
    }
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kCancelled) throw;
    result.reason = FinishReason::kCancelled;
  }
  show(stream.finish());
  result.timings.generated_tokens = result.tokens.size();
  result.timings.generate_seconds = seconds_since(start);
  return result;
}

}  // namespace aurea::engine
