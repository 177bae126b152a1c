#include "engine/speculation/draft_model.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace aurea::engine {

void check_same_vocabulary(const Model& model, const Model& draft) {
  const std::string path = draft.source().path().string(), other = model.source().path().string();
  if (!draft.has_tokenizer()) {
    fail(ErrorCode::kUnsupported, "{}: this draft model has no tokenizer that could be compared with that of {}", path,
         other);
  }
  const auto& ours = model.tokenizer().vocabulary().tokens;
  const auto& theirs = draft.tokenizer().vocabulary().tokens;
  if (model.source().params().vocab_size != draft.source().params().vocab_size || ours.size() != theirs.size()) {
    fail(ErrorCode::kUnsupported,
         "{}: this draft model has a vocabulary of {} tokens, {} one of {}; a draft model needs the same vocabulary",
         path, draft.source().params().vocab_size, other, model.source().params().vocab_size);
  }
  for (size_t id = 0; id < ours.size(); ++id) {
    if (ours[id].text == theirs[id].text) continue;
    fail(ErrorCode::kUnsupported,
         "{}: token {} of this draft model is '{}', that of {} is '{}'; a draft model needs the same vocabulary", path,
         id, theirs[id].text, other, ours[id].text);
  }
}

DraftModel::DraftModel(Model model, const EngineOptions& options, float p_min)
    : model_(std::move(model)), engine_(model_.source(), options), sequence_(engine_.create_sequence()), p_min_(p_min) {
  if (!(p_min >= 0 && p_min <= 1))
    fail(ErrorCode::kBadArgument, "the draft's least probability is {}, expected 0 to 1", p_min);
}

/// Takes back what the sequence has beyond its common beginning with the text.
void DraftModel::keep_common(std::span<const int32_t> text) {
  const std::vector<int32_t>& held = engine_.tokens(sequence_);
  while (known_ < std::min(held.size(), text.size()) && held[known_] == text[known_]) ++known_;
  engine_.truncate(sequence_, known_);
}

void DraftModel::begin(std::span<const int32_t> text, const CancelToken* cancel) {
  known_ = 0;
  keep_common(text);
  // The last token waits for draft(), which needs its logits.
  if (text.size() > engine_.context_size() || known_ + 1 >= text.size()) return;
  const StepItem item{sequence_, text.subspan(known_, text.size() - 1 - known_), WantLogits::kNone, text.size()};
  engine_.step({&item, 1}, nullptr, cancel);
  known_ = text.size() - 1;
}

std::vector<int32_t> DraftModel::draft(std::span<const int32_t> text, size_t max_tokens, const CancelToken* cancel) {
  if (max_tokens == 0 || text.size() > engine_.context_size()) return {};
  keep_common(text);
  known_ = std::min(known_, text.size() - 1);
  engine_.truncate(sequence_, known_);
  max_tokens =
      std::min(max_tokens, room_for_draft(engine_, text.size()) + 1);  // the last one is not put behind the text
  std::vector<int32_t> draft;
  std::span<const int32_t> next = text.subspan(known_);
  Guess best;
  const LogitsSink sink = [&](size_t, size_t, std::span<const float> logits) { best = guess(logits); };
  while (draft.size() < max_tokens) {
    const StepItem item{sequence_, next, WantLogits::kLast};
    engine_.step({&item, 1}, sink, cancel);
    if (best.probability < p_min_) break;
    draft.push_back(best.token);
    next = {&best.token, 1};
  }
  known_ = text.size();
  return draft;
}

/// The most likely token, the lowest id among equals.
DraftModel::Guess DraftModel::guess(std::span<const float> logits) const {
  Guess best;
  float highest = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    if (std::isfinite(logits[i]) && (best.token < 0 || logits[i] > highest))
      best.token = static_cast<int32_t>(i), highest = logits[i];
  }
  if (best.token < 0)
    fail_file("{}: none of the draft model's {} logits is a finite number: its weights are broken",
              model_.source().path().string(), logits.size());
  best.probability = 1;
  if (p_min_ <= 0) return best;
  double sum = 0;
  for (const float logit : logits) sum += std::isfinite(logit) ? std::exp(static_cast<double>(logit - highest)) : 0;
  best.probability = static_cast<float>(1 / sum);
  return best;
}

}  // namespace aurea::engine
