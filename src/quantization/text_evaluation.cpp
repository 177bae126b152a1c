#include "quantization/text_evaluation.h"

#include <algorithm>

#include "core/error.h"
#include "engine/engine.h"

namespace aurea::quantization {

std::vector<int32_t> tokens_of_text(const engine::Model& model, std::string_view text) {
  std::vector<int32_t> tokens = model.tokenizer().encode(text, {.add_special = false, .parse_special = false});
  if (tokens.size() < 2)
    fail(ErrorCode::kBadArgument, "a text of {} tokens; at least two are needed to score one", tokens.size());
  return tokens;
}

Evaluation evaluate_text(const engine::Model& model, const engine::Model* reference, std::string_view text,
                         const TextEvaluationOptions& options) {
  const std::vector<int32_t> tokens = tokens_of_text(model, text);
  size_t context = std::min<size_t>(options.context, model.source().params().context_length);
  if (reference != nullptr) {
    if (tokens_of_text(*reference, text) != tokens) {
      fail(ErrorCode::kBadArgument, "{} and {} split the text into different tokens; their figures cannot be compared",
           model.source().path().string(), reference->source().path().string());
    }
    context = std::min<size_t>(context, reference->source().params().context_length);
  }
  EvaluateOptions how{.context = context, .bos = std::nullopt};
  const tokenizers::Vocabulary& vocabulary = model.tokenizer().vocabulary();
  if (vocabulary.add_bos) how.bos = vocabulary.bos;
  const engine::EngineOptions engine_options{.n_threads = options.threads,
                                             .context_size = context,
                                             .kv_type = kernels::KvType::kF32,
                                             .kernel_set = options.kernel_set};
  engine::Engine candidate(model.source(), engine_options);
  std::optional<engine::Engine> other;
  if (reference != nullptr) other.emplace(reference->source(), engine_options);
  return evaluate(
      candidate, other ? &*other : nullptr, tokens, how,
      [&](uint64_t done) {
        if (options.progress) options.progress(done, tokens.size());
      },
      options.cancel);
}

}  // namespace aurea::quantization
