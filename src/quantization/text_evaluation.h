// Evaluation on a text, always in the same way, so that a figure measured today can be measured again: key/value cache
// in float32, windows that start anew, BOS in front of each if the tokenizer wants it, control tokens in the text taken
// as plain text.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/cancel.h"
#include "engine/model.h"
#include "quantization/evaluate.h"

namespace aurea::quantization {

struct TextEvaluationOptions {
  size_t context = 512;                   // tokens per window; less if a model was made for less
  unsigned threads = 0;                   // 0: one per processor
  std::optional<std::string> kernel_set;  // nothing: the best one
  std::function<void(uint64_t done, uint64_t total)> progress = nullptr;  // tokens
  const CancelToken* cancel = nullptr;
};

/// The tokens that are scored. Throws kUnsupported without a tokenizer, kBadArgument for a text of fewer than two
/// tokens.
std::vector<int32_t> tokens_of_text(const engine::Model& model, std::string_view text);

/// `reference` may be null. Throws kBadArgument when the two split the text into different tokens, and as
/// tokens_of_text and evaluate do.
Evaluation evaluate_text(const engine::Model& model, const engine::Model* reference, std::string_view text,
                         const TextEvaluationOptions& options);

}  // namespace aurea::quantization
