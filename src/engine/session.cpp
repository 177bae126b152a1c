#include "engine/session.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "core/error.h"
#include "engine/sampling/text_stream.h"

namespace aurea::engine {
namespace {

using Clock = std::chrono::steady_clock;

/// SentencePiece puts a space in front of a text; behind a control token that space is the encoder's, not the answer's.
bool starts_a_text(const tokenizers::Vocabulary& vocabulary, int32_t token_before) {
  return vocabulary.kind == tokenizers::TokenizerKind::kSentencePiece && vocabulary.add_space_prefix &&
         vocabulary.tokens[static_cast<size_t>(token_before)].type == tokenizers::TokenType::kControl;
}

double seconds_between(Clock::time_point begin, Clock::time_point end) {
  return std::chrono::duration<double>(end - begin).count();
}
double seconds_since(Clock::time_point start) { return seconds_between(start, Clock::now()); }

SamplingOptions sampling_options(const GenerateOptions& options, const tokenizers::Vocabulary& vocabulary) {
  SamplingOptions sampling = options.sampling;
  if (options.ignore_end) {
    for (const int32_t id : vocabulary.end_of_generation)
      sampling.logit_bias[id] = -std::numeric_limits<float>::infinity();
  }
  return sampling;
}

}  // namespace

/// An answer as it grows: a token is sampled, then taken.
class Session::Answer {
 public:
  Answer(const tokenizers::Tokenizer& tokenizer, std::span<const int32_t> prompt, const GenerateOptions& options,
         const std::function<void(std::string_view)>& on_text)
      : tokenizer_(tokenizer),
        max_tokens_(options.max_tokens),
        on_text_(on_text),
        stream_(options.stop),
        sampler_(sampling_options(options, tokenizer.vocabulary())),
        text_(prompt.begin(), prompt.end()),
        drop_space_(starts_a_text(tokenizer.vocabulary(), prompt.back())) {
    for (const int32_t id : prompt) sampler_.accept(id);
  }

  void sample(std::span<const float> logits) { next_ = sampler_.sample(logits); }
  [[nodiscard]] int32_t next() const { return next_; }

  /// Adds the sampled token. False when the answer ends with it.
  bool take() {
    sampler_.accept(next_);
    text_.push_back(next_);
    result.tokens.push_back(next_);
    if (tokenizer_.ends_generation(next_)) return stop();
    std::string bytes = tokenizer_.token_bytes(next_);
    if (std::exchange(drop_space_, false) && bytes.starts_with(' ')) bytes.erase(0, 1);
    show(stream_.push(bytes));
    if (stream_.stopped()) return stop();
    return tokens_left() > 0;
  }
  void finish() { show(stream_.finish()); }

  [[nodiscard]] size_t tokens_left() const { return max_tokens_ - result.tokens.size(); }
  [[nodiscard]] const std::vector<int32_t>& text() const { return text_; }

  GenerateResult result{.text = {}, .tokens = {}, .reason = FinishReason::kLength, .timings = {}};

 private:
  bool stop() {
    result.reason = FinishReason::kStop;
    return false;
  }
  void show(const std::string& text) {
    result.text += text;
    if (on_text_ && !text.empty()) on_text_(text);
  }

  const tokenizers::Tokenizer& tokenizer_;
  const size_t max_tokens_;
  const std::function<void(std::string_view)>& on_text_;
  TextStream stream_;
  Sampler sampler_;
  std::vector<int32_t> text_;  // the prompt and what was taken
  bool drop_space_;
  int32_t next_ = 0;
};

Session::Session(const Model& model, Engine& engine, Speculation speculation)
    : model_(model),
      engine_(engine),
      sequence_(engine.create_sequence()),
      speculation_(std::move(speculation)),
      draft_length_(speculation_.min_tokens, speculation_.max_tokens) {}
Session::~Session() { engine_.remove_sequence(sequence_); }

GenerateResult Session::generate(std::span<const int32_t> prompt, const GenerateOptions& options,
                                 const std::function<void(std::string_view)>& on_text, const CancelToken* cancel) {
  check_prompt(prompt);
  Answer answer(model_.tokenizer(), prompt, options, on_text);
  GenerateResult& result = answer.result;
  auto start = Clock::now();
  try {
    read_prompt(prompt, answer, cancel);
    result.timings.prompt_seconds = seconds_since(start);
    start = Clock::now();
    bool goes_on = options.max_tokens > 0 && answer.take();
    while (goes_on && engine_.tokens(sequence_).size() < engine_.context_size())
      goes_on = extend(answer, cancel) && answer.take();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kCancelled) throw;
    result.reason = FinishReason::kCancelled;
  }
  answer.finish();
  result.timings.generated_tokens = result.tokens.size();
  result.timings.generate_seconds = seconds_since(start);
  return std::move(result);
}

void Session::check_prompt(std::span<const int32_t> prompt) const {
  if (prompt.empty()) fail(ErrorCode::kBadArgument, "the prompt is empty");
  if (prompt.size() >= engine_.context_size()) {
    fail(ErrorCode::kBadArgument,
         "the prompt has {} tokens, the context holds {}: no room for an answer; shorten it by {}, or raise --ctx-size",
         prompt.size(), engine_.context_size(), prompt.size() + 1 - engine_.context_size());
  }
  const uint64_t vocab = model_.source().params().vocab_size;
  for (const int32_t id : prompt) {
    if (id < 0 || static_cast<uint64_t>(id) >= vocab)
      fail(ErrorCode::kBadArgument, "token id {} is outside the vocabulary of {}", id, vocab);
  }
}

/// Computes what the engine does not hold yet, and samples the first token.
void Session::read_prompt(std::span<const int32_t> prompt, Answer& answer, const CancelToken* cancel) {
  const std::vector<int32_t>& held = engine_.tokens(sequence_);
  const auto common = static_cast<size_t>(std::ranges::mismatch(held, prompt).in1 - held.begin());
  engine_.truncate(sequence_, std::min(common, prompt.size() - 1));  // the last token's logits are always needed
  const StepItem item{sequence_, prompt.subspan(held.size()), WantLogits::kLast};
  answer.result.timings.prompt_tokens = item.tokens.size();
  engine_.step(
      {&item, 1}, [&](size_t, size_t, std::span<const float> logits) { answer.sample(logits); }, cancel);
  if (speculation_.drafter) speculation_.drafter->begin(prompt, cancel);
}

std::vector<int32_t> Session::draft(const Answer& answer, const CancelToken* cancel) {
  const size_t room = std::min(answer.tokens_left() - 1, room_for_draft(engine_, answer.text().size()));
  const size_t wanted = std::min(speculation_.adapt ? draft_length_.choose() : speculation_.max_tokens, room);
  if (wanted == 0 || wanted < speculation_.min_tokens) return {};
  std::vector<int32_t> tokens = speculation_.drafter->draft(answer.text(), wanted, cancel);
  const auto end = std::ranges::find_if(tokens, [&](int32_t id) { return model_.tokenizer().ends_generation(id); });
  if (end != tokens.end()) tokens.erase(end + 1, tokens.end());  // nothing comes behind it
  if (tokens.size() < speculation_.min_tokens) tokens.clear();
  return tokens;
}

/// Steps the token taken last, with a draft behind it, takes what is right of the draft, and samples the token after
/// that. False when the answer ended on the way. The sequence then holds the answer but for its last token, as it does
/// without a draft.
bool Session::extend(Answer& answer, const CancelToken* cancel) {
  const auto start = Clock::now();
  std::vector<int32_t> tokens = {answer.next()};
  if (speculation_.drafter) {
    const std::vector<int32_t> guessed = draft(answer, cancel);
    tokens.insert(tokens.end(), guessed.begin(), guessed.end());
  }
  const auto drafted = Clock::now();
  const size_t held = engine_.tokens(sequence_).size();
  size_t right = 0;  // tokens of the draft
  bool ended = false;
  const LogitsSink sink = [&](size_t, size_t index, std::span<const float> logits) {
    if (ended || index != right) return;  // behind the end, or behind a wrong guess
    if (index > 0 && cancel != nullptr && cancel->requested()) {
      answer.result.reason = FinishReason::kCancelled;
      ended = true;
      return;
    }
    answer.sample(logits);
    if (index + 1 == tokens.size() || answer.next() != tokens[index + 1]) return;
    ++right;
    ended = !answer.take();
  };
  const StepItem item{sequence_, tokens, WantLogits::kAll};
  engine_.step({&item, 1}, sink, cancel);
  engine_.truncate(sequence_, held + right + (ended ? 0 : 1));
  if (speculation_.drafter) {
    if (speculation_.adapt)
      draft_length_.record(tokens.size() - 1, right, seconds_between(start, drafted), seconds_since(drafted));
    answer.result.timings.drafted_tokens += tokens.size() - 1;
    answer.result.timings.accepted_tokens += right;
  }
  return !ended;
}

}  // namespace aurea::engine
