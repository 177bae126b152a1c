// The paged cache in the engine: however a text is cut into steps and whatever else is in them, with every type of keys
// and values, the logits have the same bits.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/engine.h"
#include "models/test_checkpoint.h"
#include "tests/support/test_support.h"

namespace aurea::engine {
namespace {

using kernels::KvType;
using Logits = std::vector<std::vector<float>>;  // [tokens][vocab]

constexpr KvType kTypes[][2] = {{KvType::kF32, KvType::kF32},   {KvType::kF16, KvType::kF16},
                                {KvType::kBF16, KvType::kBF16}, {KvType::kQ8_0, KvType::kQ8_0},
                                {KvType::kQ4_0, KvType::kQ4_0}, {KvType::kQ8_0, KvType::kF16}};

class KvCacheTest : public testing::Test {
 protected:
  /// Two blocks, six query heads that share two key/value heads of 24 numbers.
  explicit KvCacheTest(int window = 0) {
    Json config = {{"architectures", {"Phi3ForCausalLM"}},
                   {"hidden_act", "silu"},
                   {"hidden_size", 144},
                   {"intermediate_size", 64},
                   {"max_position_embeddings", 512},
                   {"original_max_position_embeddings", 512},
                   {"num_attention_heads", 6},
                   {"num_hidden_layers", 2},
                   {"num_key_value_heads", 2},
                   {"rms_norm_eps", 1e-5},
                   {"rope_theta", 10000.0},
                   {"rope_scaling", nullptr},
                   {"tie_word_embeddings", false},
                   {"vocab_size", 40}};
    if (window > 0) config["sliding_window"] = window;
    const models::Architecture& architecture = models::architecture_for_huggingface(config);
    models::test::Checkpoint checkpoint = models::test::make_checkpoint(
        architecture.describe(architecture.from_huggingface(config, [](const std::string&) { return nullptr; })));
    float phase = 0;
    for (auto& [name, tensor] : checkpoint) {
      phase += 1;
      for (size_t i = 0; i < tensor.values.size(); ++i) {
        tensor.values[i] = 0.3f * std::sin(0.7f * static_cast<float>(i) + phase) +
                           0.2f * std::cos(0.013f * static_cast<float>(i * i % 9973));
      }
    }
    models::test::write_checkpoint(scratch_ / "model", config, checkpoint);
    source_ = models::ModelSource::open(scratch_ / "model");
  }

  [[nodiscard]] Engine engine(const KvType (&types)[2], const kernels::KernelSet& set, unsigned threads = 2,
                              size_t batch_tokens = 512) const {
    return Engine(
        *source_,
        {.n_threads = threads, .batch_tokens = batch_tokens, .kv_type = {types[0], types[1]}, .kernel_set = set.name});
  }

  static std::vector<int32_t> text(size_t n, int32_t seed) {
    std::vector<int32_t> ids;
    for (size_t i = 0; i < n; ++i)
      ids.push_back(static_cast<int32_t>((i * i * 7 + i * 3 + static_cast<size_t>(seed)) % 40));
    return ids;
  }

  /// The logits of all tokens of a sequence, in steps of `size` after a first one of `first`.
  static Logits in_steps(Engine& engine, std::span<const int32_t> ids, size_t first, size_t size) {
    Logits rows(ids.size());
    const ScopedSequence sequence(engine);
    for (size_t begin = 0; begin < ids.size();) {
      const StepItem item{sequence.id(), ids.subspan(begin, std::min(begin == 0 ? first : size, ids.size() - begin)),
                          WantLogits::kAll};
      engine.step({&item, 1}, [&](size_t, size_t index, std::span<const float> row) {
        rows[begin + index].assign(row.begin(), row.end());
      });
      begin += item.tokens.size();
    }
    return rows;
  }

  void expect_same_bits_in_any_steps() const {
    const std::vector<int32_t> ids = text(300, 1);
    for (const kernels::KernelSet* set : kernels::available_kernel_sets()) {
      for (const auto& types : kTypes) {
        SCOPED_TRACE(std::string(set->name) + " type " + std::to_string(static_cast<int>(types[0])) +
                     std::to_string(static_cast<int>(types[1])));
        Engine whole = engine(types, *set), other = engine(types, *set, 1, 61);
        const Logits expected = in_steps(whole, ids, ids.size(), 1);
        ASSERT_TRUE(std::ranges::all_of(expected.back(), [](float value) { return std::isfinite(value); }));
        EXPECT_EQ(in_steps(other, ids, ids.size(), 1), expected);
        EXPECT_EQ(in_steps(whole, ids, 5, 47), expected);
        EXPECT_EQ(in_steps(other, ids, 285, 1), expected);
        EXPECT_EQ(in_steps(other, ids, 130, 21), expected);
      }
    }
  }

  test::ScratchDir scratch_;
  std::optional<models::ModelSource> source_;
};

class WindowedKvCacheTest : public KvCacheTest {
 protected:
  WindowedKvCacheTest() : KvCacheTest(75) {}
};

TEST_F(KvCacheTest, AnyStepsGiveTheSameBits) { expect_same_bits_in_any_steps(); }
TEST_F(WindowedKvCacheTest, AnyStepsGiveTheSameBits) { expect_same_bits_in_any_steps(); }

TEST_F(KvCacheTest, SequencesThatStepTogetherAreAsTheyAreAlone) {
  const std::vector<int32_t> ids[] = {text(140, 1), text(9, 2), text(131, 3), text(50, 4)};
  for (const kernels::KernelSet* set : kernels::available_kernel_sets()) {
    for (const auto& types : kTypes) {
      Engine engine = this->engine(types, *set, 2, 64);
      Logits alone[4], together[4];
      std::vector<SequenceId> sequences;
      for (size_t i = 0; i < 4; ++i) {
        alone[i] = in_steps(engine, ids[i], ids[i].size(), 1);
        together[i].resize(ids[i].size());
        sequences.push_back(engine.create_sequence());
      }
      // Prompts of two, while two already write token by token.
      size_t done[4] = {};
      while (done[0] < ids[0].size() || done[2] < ids[2].size()) {
        std::vector<StepItem> items;
        std::vector<size_t> which;
        for (size_t i = 0; i < 4; ++i) {
          const size_t size = std::min<size_t>(i % 2 == 0 ? 37 : 1, ids[i].size() - done[i]);
          if (size == 0) continue;
          items.push_back({sequences[i], std::span(ids[i]).subspan(done[i], size), WantLogits::kAll});
          which.push_back(i);
        }
        engine.step(items, [&](size_t item, size_t index, std::span<const float> row) {
          together[which[item]][done[which[item]] + index].assign(row.begin(), row.end());
        });
        for (size_t item = 0; item < items.size(); ++item) done[which[item]] += items[item].tokens.size();
      }
      for (size_t i = 0; i < 4; ++i) {
        for (size_t t = 0; t < done[i]; ++t)
          ASSERT_EQ(together[i][t], alone[i][t]) << set->name << " sequence " << i << " token " << t;
      }
      for (const SequenceId id : sequences) engine.remove_sequence(id);
    }
  }
}

TEST_F(KvCacheTest, WhatWasCutOffLeavesNoTrace) {
  const std::vector<int32_t> ids = text(200, 1), others = text(200, 17);
  for (const auto& types : kTypes) {
    Engine engine = this->engine(types, *kernels::available_kernel_sets().back());
    const Logits expected = in_steps(engine, ids, ids.size(), 1);
    const ScopedSequence sequence(engine);
    const StepItem first{sequence.id(), std::span(ids).first(60)}, wrong{sequence.id(), others},
        rest{sequence.id(), std::span(ids).subspan(60)};
    std::vector<float> last;
    const auto keep = [&](size_t, size_t, std::span<const float> row) { last.assign(row.begin(), row.end()); };
    engine.step({&first, 1}, keep);
    engine.step({&wrong, 1}, keep);
    engine.truncate(sequence.id(), 60);
    engine.step({&rest, 1}, keep);
    EXPECT_EQ(last, expected.back());
  }
}

/// The types are told apart: fewer bits, more loss; keys and values each with its own.
TEST_F(KvCacheTest, FewerBitsLoseMore) {
  const std::vector<int32_t> ids = text(200, 1);
  const kernels::KernelSet& set = *kernels::available_kernel_sets().back();
  const auto loss = [&](KvType keys, KvType values) {
    Engine exact = engine({KvType::kF32, KvType::kF32}, set), rounded = engine({keys, values}, set);
    const Logits want = in_steps(exact, ids, ids.size(), 1), got = in_steps(rounded, ids, ids.size(), 1);
    double error = 0, size = 0;
    for (size_t t = 0; t < ids.size(); ++t) {
      for (size_t i = 0; i < want[t].size(); ++i) {
        error += std::pow(static_cast<double>(got[t][i]) - static_cast<double>(want[t][i]), 2);
        size += std::pow(static_cast<double>(want[t][i]), 2);
      }
    }
    return std::sqrt(error / size);
  };
  const double f16 = loss(KvType::kF16, KvType::kF16), bf16 = loss(KvType::kBF16, KvType::kBF16);
  const double q8 = loss(KvType::kQ8_0, KvType::kQ8_0), q4 = loss(KvType::kQ4_0, KvType::kQ4_0);
  const double keys = loss(KvType::kQ4_0, KvType::kF32), values = loss(KvType::kF32, KvType::kQ4_0);
  EXPECT_GT(f16, 0);
  EXPECT_LT(4 * f16, bf16);
  EXPECT_LT(4 * f16, q8);
  EXPECT_LT(4 * q8, q4);
  EXPECT_LT(q4, 0.3);
  EXPECT_GT(keys, q8);
  EXPECT_GT(values, q8);
}

}  // namespace
}  // namespace aurea::engine
