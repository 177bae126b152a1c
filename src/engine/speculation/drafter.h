// Speculation: a drafter guesses the next tokens, the engine computes the logits behind all of them in one step, and
// the session keeps those that it would have chosen anyway. A guess costs time when it is wrong; the text is always the
// same.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/cancel.h"
#include "engine/engine.h"

namespace aurea::engine {

class Drafter {
 public:
  virtual ~Drafter() = default;

  /// An answer begins behind `text` (not empty), which may have a beginning in common with the text before. Throws
  /// kCancelled.
  virtual void begin(std::span<const int32_t> text, const CancelToken* cancel) = 0;

  /// 0 to `max_tokens` tokens that may follow `text`, which is that of begin() with tokens added behind it, more with
  /// every call. Throws kCancelled.
  virtual std::vector<int32_t> draft(std::span<const int32_t> text, size_t max_tokens, const CancelToken* cancel) = 0;
};

/// How many tokens may be put behind a sequence of n_tokens and be taken away again without a trace: they stay within
/// the context and, if it does, within the length that LongRoPE's short factors are for. Crossing that would compute
/// the whole sequence anew, with other results.
size_t room_for_draft(const Engine& engine, size_t n_tokens);

}  // namespace aurea::engine
