// The engine on quantized weights: a sequence's logits have the same bits for any number of threads, alone and in any
// batch; the kernel sets agree with the scalar one within what their float32 operations may differ.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "codecs/codec.h"
#include "engine/engine.h"
#include "engine/model.h"
#include "tests/support/test_support.h"

namespace aurea::engine {
namespace {

using Logits = std::vector<std::vector<float>>;  // [tokens][vocab]

constexpr QuantType kTypes[] = {QuantType::kQ4_K, QuantType::kQ6_K, QuantType::kIQ4_XS, QuantType::kQ8_0};

/// The demonstration model with all matrices in one type, and as long as the rows allow it.
class QuantizedWeights : public testing::TestWithParam<QuantType> {
 protected:
  QuantizedWeights() {
    for (models::TensorId id = 0; id < model_.source().description().tensors.size(); ++id) {
      const TensorView view = source_.tensor(id);
      if (view.shape.size() < 2) continue;
      const QuantType type = view.cols() % info(GetParam()).block_elements == 0 ? GetParam() : QuantType::kQ8_0;
      std::vector<float> row(view.cols());
      std::vector<std::byte>& encoded = encoded_[id];
      encoded.resize(view.rows() * row_bytes(type, view.cols()));
      for (uint64_t r = 0; r < view.rows(); ++r) {
        codecs::codec(view.type).decode(view.row(r), row.data(), row.size());
        codecs::codec(type).encode(row.data(), encoded.data() + r * row_bytes(type, view.cols()), row.size(), nullptr);
      }
      source_.replace(id, 0, {type, view.shape, encoded});
    }
  }

  [[nodiscard]] Engine engine(unsigned threads, const char* set = nullptr) const {
    EngineOptions options;
    options.n_threads = threads;
    options.context_size = 256;
    if (set != nullptr) options.kernel_set = set;
    return Engine(source_, options);
  }

  static std::vector<int32_t> text(size_t n, size_t seed) {
    std::vector<int32_t> ids(n);
    for (size_t i = 0; i < n; ++i) ids[i] = static_cast<int32_t>((i * 131 + seed * 977 + i * i * 7) % 4000);
    return ids;
  }

  static Logits all_logits(Engine& engine, std::span<const int32_t> ids) {
    Logits rows(ids.size());
    const ScopedSequence sequence(engine);
    const StepItem item{sequence.id(), ids, WantLogits::kAll};
    engine.step({&item, 1},
                [&](size_t, size_t index, std::span<const float> row) { rows[index].assign(row.begin(), row.end()); });
    return rows;
  }

  Model model_ = Model::load(test::demo_model_dir());
  models::ModelSource source_ = models::ModelSource::open(test::demo_model_dir());
  std::map<models::TensorId, std::vector<std::byte>> encoded_;
};

TEST_P(QuantizedWeights, AnyNumberOfThreadsGivesTheSameBits) {
  const std::vector<int32_t> ids = text(40, 1);
  Engine one = engine(1);
  const Logits expected = all_logits(one, ids);
  ASSERT_TRUE(std::ranges::all_of(expected.back(), [](float value) { return std::isfinite(value); }));
  for (const unsigned threads : {2u, 3u, 5u}) {
    Engine other = engine(threads);
    EXPECT_EQ(all_logits(other, ids), expected) << threads << " threads";
  }
}

/// Batches of every size that the kernels treat apart, and one that mixes a prompt with sequences that write.
TEST_P(QuantizedWeights, AnyBatchGivesASequenceTheBitsThatItGetsAlone) {
  constexpr size_t kLength = 6;
  Engine engine = this->engine(2);
  for (const size_t batch : {3, 8, 40}) {
    std::vector<SequenceId> sequences;
    std::vector<std::vector<int32_t>> ids;
    std::vector<Logits> together(batch, Logits(kLength));
    for (size_t b = 0; b < batch; ++b) {
      sequences.push_back(engine.create_sequence());
      ids.push_back(text(kLength, b));
    }
    const SequenceId prompt = engine.create_sequence();
    const std::vector<int32_t> prompt_ids = text(3 * kLength, 99);
    Logits prompt_logits(prompt_ids.size());
    for (size_t t = 0; t < kLength; ++t) {
      std::vector<StepItem> items;
      for (size_t b = 0; b < batch; ++b) items.push_back({sequences[b], {&ids[b][t], 1}, WantLogits::kAll});
      items.push_back({prompt, std::span(prompt_ids).subspan(3 * t, 3), WantLogits::kAll});
      engine.step(items, [&](size_t item, size_t index, std::span<const float> row) {
        (item < batch ? together[item][t] : prompt_logits[3 * t + index]).assign(row.begin(), row.end());
      });
    }
    for (const SequenceId id : sequences) engine.remove_sequence(id);
    engine.remove_sequence(prompt);
    for (const size_t b : {size_t{0}, batch - 1}) {
      ASSERT_EQ(together[b], all_logits(engine, ids[b])) << "sequence " << b << " of " << batch;
    }
    ASSERT_EQ(prompt_logits, all_logits(engine, prompt_ids)) << "beside " << batch;
  }
}

/// What norms, SiLU and attention may differ in (kernel_set.h: their tolerances) can move an activation's code by one;
/// a few such steps of 1/127 of a block's largest value stay below 2 % of the logits' deviation.
TEST_P(QuantizedWeights, KernelSetsAgreeWithTheScalarOne) {
  const std::vector<int32_t> ids = text(24, 5);
  Engine scalar = engine(2, "scalar");
  const Logits expected = all_logits(scalar, ids);
  double squares = 0, count = 0;
  for (const auto& row : expected) {
    double mean = 0;
    for (const float value : row) mean += value;
    mean /= static_cast<double>(row.size());
    for (const float value : row) squares += (value - mean) * (value - mean);
    count += static_cast<double>(row.size());
  }
  for (const kernels::KernelSet* set : kernels::available_kernel_sets()) {
    Engine other = engine(2, set->name);
    const Logits got = all_logits(other, ids);
    double error = 0;
    for (size_t t = 0; t < got.size(); ++t) {
      for (size_t i = 0; i < got[t].size(); ++i) error += std::pow(static_cast<double>(got[t][i]) - expected[t][i], 2);
    }
    EXPECT_LE(std::sqrt(error / count), 0.02 * std::sqrt(squares / count)) << set->name;
    RecordProperty(std::string("relative_rms_") + set->name, std::to_string(std::sqrt(error / squares)));
  }
}

INSTANTIATE_TEST_SUITE_P(Types, QuantizedWeights, testing::ValuesIn(kTypes),
                         [](const auto& type) { return std::string(name(type.param)); });

}  // namespace
}  // namespace aurea::engine
