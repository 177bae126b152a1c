// A smaller model with the same vocabulary that writes ahead, greedily.
#pragma once

#include "engine/model.h"
#include "engine/speculation/drafter.h"

namespace aurea::engine {

/// Throws kUnsupported, naming both files and the first difference, when the two models' ids do not stand for the same
/// texts.
void check_same_vocabulary(const Model& model, const Model& draft);

class DraftModel final : public Drafter {
 public:
  static constexpr float kDefaultPMin = 0;

  /// Drafts end before a token that this model gives a probability below p_min (0 to 1). Throws kBadArgument /
  /// kUnsupported for options that cannot be had.
  DraftModel(Model model, const EngineOptions& options, float p_min);

  void begin(std::span<const int32_t> text, const CancelToken* cancel) override;
  std::vector<int32_t> draft(std::span<const int32_t> text, size_t max_tokens, const CancelToken* cancel) override;

 private:
  struct Guess {
    int32_t token = -1;
    float probability = 0;
  };
  void keep_common(std::span<const int32_t> text);
  [[nodiscard]] Guess guess(std::span<const float> logits) const;

  const Model model_;
  Engine engine_;
  const SequenceId sequence_;
  const float p_min_;
  size_t known_ = 0;  // tokens of the sequence that are the text's for sure
};

}  // namespace aurea::engine
