// Sensitivities of small models, and trials of what follows from them.
#include "quantization/plan/sensitivity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/registry.h"
#include "quantization/plan/candidates.h"
#include "quantization/plan/trial.h"
#include "tests/support/test_support.h"

namespace aurea::quantization {
namespace {

using models::TensorRole;

constexpr size_t kLength = 16;

std::vector<int32_t> some_ids(const models::ModelSource& source, size_t n) {
  std::vector<int32_t> ids(n);
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int32_t>((7 + 131 * i * i) % source.params().vocab_size);
  return ids;
}

struct Measured {
  std::vector<std::vector<QuantType>> candidates;
  std::vector<std::vector<TypeLoss>> losses;
  Importance importance;
};

Measured measure(const models::ModelSource& source, std::span<const QuantType> types, unsigned n_threads,
                 size_t sample_rows = 100000) {
  Measured result;
  result.candidates = plan_candidates(source.description(), types, [](const std::string&) { return true; });
  ThreadPool pool(n_threads);
  const std::vector<int32_t> ids = some_ids(source, 6 * kLength);
  uint64_t done = 0;
  result.losses = measure_sensitivity(
      source, result.candidates, ids, {.calibration = {.length = kLength}, .sample_rows = sample_rows},
      result.importance, true, kernels::select_kernel_set(std::nullopt), pool, [&](uint64_t work) { done = work; },
      nullptr);
  EXPECT_LE(done, calibration_work(source, ids.size()));
  return result;
}

/// The demonstration model, and one checkpoint of each other kind if the golden data are there.
std::vector<std::filesystem::path> sources() {
  std::vector<std::filesystem::path> paths = {test::demo_model_dir()};
  for (const char* name : {"phi", "phi3-window", "phi3-partial-tied", "phimoe"}) {
    if (const auto found = test::find_golden(std::string("models/") + name)) paths.push_back(*found);
  }
  return paths;
}

TEST(Sensitivity, FewerBitsCostMore) {
  const QuantType types[] = {QuantType::kQ8_0, QuantType::kQ5_0, QuantType::kQ4_0};
  for (const auto& path : sources()) {
    SCOPED_TRACE(path.string());
    const models::ModelSource source = models::ModelSource::open(path);
    const Measured found = measure(source, types, 2);
    size_t n_measured = 0;
    for (size_t id = 0; id < found.losses.size(); ++id) {
      const models::TensorSpec& spec = source.description().tensors[id];
      ASSERT_EQ(found.losses[id].size(), found.candidates[id].size()) << spec.name;
      if (found.losses[id].size() != 3) continue;
      ++n_measured;
      EXPECT_GT(found.losses[id][0].loss, 0) << spec.name;
      EXPECT_GT(found.losses[id][1].loss, 4 * found.losses[id][0].loss) << spec.name;
      EXPECT_GT(found.losses[id][2].loss, 2 * found.losses[id][1].loss) << spec.name;
      EXPECT_TRUE(found.importance.has(spec.name)) << spec.name;
      EXPECT_EQ(found.importance.column_importance(spec.name, 0, spec.n_parts(), spec.shape.back()).size(),
                spec.shape.back());
    }
    EXPECT_GE(n_measured, 5u);
  }
}

TEST(Sensitivity, DoesNotDependOnThreads) {
  const models::ModelSource source = models::ModelSource::open(test::demo_model_dir());
  const QuantType types[] = {QuantType::kQ4_K, QuantType::kIQ2_XS};
  const Measured one = measure(source, types, 1, 256), three = measure(source, types, 3, 256);
  for (size_t id = 0; id < one.losses.size(); ++id) {
    for (size_t c = 0; c < one.losses[id].size(); ++c) EXPECT_EQ(one.losses[id][c].loss, three.losses[id][c].loss);
  }
  for (const auto& [name, entry] : one.importance.entries())
    EXPECT_EQ(entry.sums, three.importance.entries().at(name).sums) << name;
}

TEST(Sensitivity, EstimatesWhatATrialFinds) {
  const models::ModelSource source = models::ModelSource::open(test::demo_model_dir());
  const QuantType types[] = {QuantType::kQ3_K};
  const Measured found = measure(source, types, 2);
  const std::vector<int32_t> ids = some_ids(source, 12 * kLength);
  Trials trials(source, &found.importance, std::filesystem::temp_directory_path(), ids, kLength,
                {.n_threads = 2, .context_size = kLength, .kv_type = kernels::KvType::kF32, .kernel_set = {}});
  std::vector<QuantType> chosen;
  double estimate = 0;
  for (models::TensorId id = 0; id < found.losses.size(); ++id) {
    chosen.push_back(found.losses[id].empty() ? source.parts(id).front().type : QuantType::kQ3_K);
    for (const TypeLoss& loss : found.losses[id]) estimate += loss.loss;
  }
  const auto quiet = [](uint64_t, const std::string&) {};
  const double kl = trials.run(chosen, quiet, nullptr).kl.mean;
  EXPECT_GT(kl, 0.4 * estimate);
  EXPECT_LT(kl, 2.5 * estimate);
  EXPECT_EQ(trials.run(chosen, quiet, nullptr).kl.mean, kl);
  for (models::TensorId id = 0; id < chosen.size(); ++id) chosen[id] = source.parts(id).front().type;
  EXPECT_LT(trials.run(chosen, quiet, nullptr).kl.mean, 1e-9);
}

}  // namespace
}  // namespace aurea::quantization
