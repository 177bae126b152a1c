// Evaluation against arithmetic done by hand on the same logits, on the demonstration model.
#include "quantization/evaluate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "models/source.h"
#include "tests/support/test_support.h"

namespace aurea::quantization {
namespace {

using engine::Engine;

std::vector<int32_t> some_ids(size_t n) {
  std::vector<int32_t> ids(n);
  for (size_t i = 0; i < n; ++i) ids[i] = static_cast<int32_t>(300 + (i * 131) % 3000);
  return ids;
}

engine::EngineOptions options() {
  engine::EngineOptions result;
  result.kv_type = kernels::KvType::kF32;
  result.n_threads = 2;
  return result;
}

/// Mean loss of every token but the first of each window, from whole passes.
double perplexity_by_hand(Engine& engine, std::span<const int32_t> ids, size_t window) {
  double loss = 0;
  size_t n = 0;
  for (size_t first = 0; first < ids.size(); first += window) {
    const auto piece = ids.subspan(first, std::min(window, ids.size() - first));
    const auto id = engine.create_sequence();
    const engine::StepItem item{id, piece, engine::WantLogits::kAll};
    engine.step({&item, 1}, [&](size_t, size_t index, std::span<const float> logits) {
      if (index + 1 == piece.size()) return;
      double sum = 0;
      for (const float logit : logits) sum += std::exp(static_cast<double>(logit));
      loss -= logits[static_cast<size_t>(piece[index + 1])] - std::log(sum);
      ++n;
    });
    engine.remove_sequence(id);
  }
  return std::exp(loss / static_cast<double>(n));
}

TEST(Evaluate, PerplexityIsTheExponentOfTheMeanLoss) {
  const models::ModelSource source = models::ModelSource::open(test::demo_model_dir());
  Engine engine(source, options());
  const auto ids = some_ids(250);
  for (const size_t window : {100u, 170u, 1000u}) {
    const Evaluation result = evaluate(engine, nullptr, ids, {.context = window, .bos = std::nullopt}, [](uint64_t) {});
    EXPECT_NEAR(result.perplexity / perplexity_by_hand(engine, ids, window), 1, 1e-6);
    EXPECT_EQ(result.tokens, ids.size() - (ids.size() + window - 1) / window);
    EXPECT_GT(result.perplexity_stderr, 0);
    EXPECT_FALSE(result.comparison.has_value());
  }
}

TEST(Evaluate, AWindowBeyondTheSwitchIsScoredWithTheLongList) {
  const models::ModelSource source = models::ModelSource::open(test::demo_model_dir());
  ASSERT_EQ(source.params().rope.original_context, 512u);
  Engine engine(source, options());
  const auto ids = some_ids(600);
  const Evaluation result = evaluate(engine, nullptr, ids, {.context = 600, .bos = std::nullopt}, [](uint64_t) {});
  EXPECT_NEAR(result.perplexity / perplexity_by_hand(engine, ids, 600), 1, 1e-6);
}

TEST(Evaluate, AModelDoesNotDivergeFromItself) {
  const models::ModelSource source = models::ModelSource::open(test::demo_model_dir());
  Engine engine(source, options()), same(source, options());
  const Evaluation result = evaluate(engine, &same, some_ids(100), {.context = 64, .bos = 1}, [](uint64_t) {});
  ASSERT_TRUE(result.comparison.has_value());
  EXPECT_NEAR(result.comparison->kl.mean, 0, 1e-12);
  EXPECT_EQ(result.comparison->top1_agreement, 1);
  EXPECT_EQ(result.comparison->reference_perplexity, result.perplexity);
  EXPECT_EQ(result.tokens, 100u);  // with a BOS in front of every window, every token is scored
}

TEST(Evaluate, TooLittleTextIsRefused) {
  const models::ModelSource source = models::ModelSource::open(test::demo_model_dir());
  Engine engine(source, options());
  EXPECT_THROW(evaluate(engine, nullptr, some_ids(1), {.context = 64, .bos = std::nullopt}, [](uint64_t) {}), Error);
  EXPECT_THROW(evaluate(engine, nullptr, some_ids(10), {.context = 1, .bos = std::nullopt}, [](uint64_t) {}), Error);
}

}  // namespace
}  // namespace aurea::quantization
