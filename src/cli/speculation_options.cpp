#include "cli/speculation_options.h"

#include <algorithm>

#include "cli/common_options.h"
#include "core/error.h"

namespace aurea::cli {
namespace {

constexpr size_t kMostTokens = 1024;

void refuse_given(const std::vector<CLI::Option*>& options, const char* needed) {
  for (const CLI::Option* option : options) {
    if (option->count() > 0) fail(ErrorCode::kBadArgument, "{} has no use without {}", option->get_name(), needed);
  }
}

}  // namespace

void SpeculationFlags::add_to(CLI::App& app) {
  auto* kind = app.add_option("--spec-type", type, "Where guesses come from: ngram-simple looks up what followed the last tokens before, draft-simple asks --spec-draft-model")
      ->check(CLI::IsMember({"none", "ngram-simple", "draft-simple"}));
  auto* model = app.add_option("--spec-draft-model,--model-draft", draft_model, "A smaller model with the same vocabulary (-md)");
  auto* most = app.add_option("--spec-draft-n-max,--spec-ngram-simple-size-m", max_tokens, "Tokens of a guess at most; fewer are tried where guesses fail")
                   ->capture_default_str()->check(whole_number(1, kMostTokens));
  auto* fewest = app.add_option("--spec-draft-n-min", min_tokens, "Tokens of a guess at least: shorter ones are not tried")
                     ->capture_default_str()->check(whole_number(0, kMostTokens));
  auto* probability = app.add_option("--spec-draft-p-min,--draft-p-min", p_min, "The draft model stops guessing where its best token is less likely")
                          ->capture_default_str()->check(CLI::Range(0.0, 1.0));
  auto* size = app.add_option("--spec-ngram-simple-size-n", ngram, "So many last tokens must have occurred before")
                   ->capture_default_str()->check(whole_number(1, engine::PromptLookup::kLongestNgram));
  for (CLI::Option* option : {kind, model, most, fewest, probability, size}) option->group("Speculation: the same text, often sooner");
  of_any_ = {most, fewest};
  of_model_ = {probability};
  of_lookup_ = {size};
}

void SpeculationFlags::check() const {
  if (uses_model() && !type.empty() && type != "draft-simple") {
    fail(ErrorCode::kBadArgument, "--spec-draft-model does not go with --spec-type {}; leave one of them out", type);
  }
  if (type == "draft-simple" && !uses_model()) fail(ErrorCode::kBadArgument, "--spec-type draft-simple needs --spec-draft-model FILE");
  if (!uses_model()) refuse_given(of_model_, "--spec-draft-model");
  if (!uses_lookup()) refuse_given(of_lookup_, "--spec-type ngram-simple");
  if (!uses_model() && !uses_lookup()) refuse_given(of_any_, "--spec-type or --spec-draft-model");
  if (min_tokens > max_tokens) {
    fail(ErrorCode::kBadArgument, "--spec-draft-n-min {} is more than --spec-draft-n-max {}", min_tokens, max_tokens);
  }
}

engine::Speculation SpeculationFlags::make(const engine::Model& model, const engine::Engine& engine, engine::EngineOptions options) const {
  engine::Speculation speculation{.drafter = nullptr, .min_tokens = std::max<size_t>(min_tokens, 1), .max_tokens = max_tokens};
  if (uses_lookup()) speculation.drafter = std::make_unique<engine::PromptLookup>(ngram);
  if (uses_model()) {
    engine::Model draft = engine::Model::load(draft_model);
    engine::check_same_vocabulary(model, draft);
    options.pool = engine.shared_pool();
    options.context_size = std::min<size_t>(engine.context_size(), draft.source().params().context_length);
    speculation.drafter = std::make_unique<engine::DraftModel>(std::move(draft), options, p_min);
  }
  return speculation;
}

}  // namespace aurea::cli
