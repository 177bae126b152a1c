// The importance matrix on its way into a GGUF file: each matrix gets its own weights, each expert its own slice, and
// the metadata say what was used.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "exporters/gguf/gguf_exporter.h"
#include "models/test_checkpoint.h"
#include "tests/support/test_support.h"

namespace aurea::exporters {
namespace {

using quantization::Importance;
using testing::ElementsAre;
using testing::HasSubstr;

GgufExportPlan quantize(const models::ModelSource& source, const std::filesystem::path& path, const char* recipe,
                        const Importance* importance) {
  ThreadPool pool(2);
  const GgufExportPlan plan =
      plan_gguf_export(source, {.types = {.recipe = &quantization::find_recipe(recipe)}, .importance = importance});
  export_gguf(source, plan, path, {}, pool, [](uint64_t, const std::string&) {});
  return plan;
}

/// Weights that prefer every fifth column.
quantization::ImportanceEntry uneven(uint64_t n_mat, uint64_t n_in) {
  quantization::ImportanceEntry entry{
      .n_mat = n_mat, .sums = std::vector<float>(n_mat * n_in, 1.0f), .counts = std::vector<float>(n_mat, 2.0f)};
  for (size_t i = 0; i < entry.sums.size(); i += 5) entry.sums[i] = 400;
  return entry;
}

std::vector<std::string> tensors_that_differ(const std::filesystem::path& a, const std::filesystem::path& b) {
  const auto first = formats::GgufFile::open(a), second = formats::GgufFile::open(b);
  std::vector<std::string> names;
  for (const formats::GgufTensor& tensor : first.tensors()) {
    if (!std::ranges::equal(tensor.view.data, second.find(tensor.name)->view.data)) names.push_back(tensor.name);
  }
  return names;
}

TEST(GgufImportance, ChangesItsTensorsAndNamesTheOthers) {
  const test::ScratchDir scratch;
  const auto source = models::ModelSource::open(test::demo_model_dir());
  Importance importance;
  importance.add("blk.2.ffn_up.weight", uneven(1, 256));
  importance.add("blk.2.ffn_down.weight", uneven(1, 768));
  const GgufExportPlan plain = quantize(source, scratch / "plain.gguf", "Q4_K_S", nullptr);
  const GgufExportPlan weighted = quantize(source, scratch / "weighted.gguf", "Q4_K_S", &importance);
  EXPECT_THAT(tensors_that_differ(scratch / "plain.gguf", scratch / "weighted.gguf"),
              ElementsAre("blk.2.ffn_down.weight", "blk.2.ffn_up.weight"));
  EXPECT_EQ(std::ranges::count_if(plain.tensors, &PlannedTensor::unweighted), 0);
  EXPECT_EQ(std::ranges::count_if(weighted.tensors, &PlannedTensor::unweighted), 4 * 6 - 2);
  EXPECT_THAT(weighted.notices,
              ElementsAre("no importance data for 22 tensors, quantized without weights: 'blk.0.attn_output.weight', "
                          "'blk.0.attn_qkv.weight' and 20 more"));
}

TEST(GgufImportance, MetadataSayWhatWasUsed) {
  const test::ScratchDir scratch;
  const auto source = models::ModelSource::open(test::demo_model_dir());
  Importance importance;
  importance.source = "/home/somebody/secret/imatrix.gguf";
  importance.datasets = {std::string(126, 'a') + "é", "second"};
  importance.chunk_count = 7;
  importance.add("blk.0.ffn_up.weight", uneven(1, 256));
  quantize(source, scratch / "a.gguf", "Q8_0", &importance);
  const auto file = formats::GgufFile::open(scratch / "a.gguf");
  const formats::GgufMetadata& metadata = file.metadata();
  EXPECT_EQ(metadata.required_string("quantize.imatrix.file"), "imatrix.gguf");
  EXPECT_EQ(metadata.required_string("quantize.imatrix.dataset"), std::string(126, 'a'))
      << "cut in front of half a letter";
  EXPECT_EQ(*metadata.find("quantize.imatrix.entries_count"), formats::GgufValue::u32(1));
  EXPECT_EQ(*metadata.find("quantize.imatrix.chunks_count"), formats::GgufValue::u32(7));

  importance.chunk_count = 0;
  importance.datasets.clear();
  quantize(models::ModelSource::open(scratch / "a.gguf"), scratch / "b.gguf", "Q8_0", &importance);
  const auto second = formats::GgufFile::open(scratch / "b.gguf");
  EXPECT_TRUE(second.metadata().contains("quantize.imatrix.file"));
  EXPECT_FALSE(second.metadata().contains("quantize.imatrix.chunks_count")) << "of the file before";
  EXPECT_FALSE(second.metadata().contains("quantize.imatrix.dataset"));
}

TEST(GgufImportance, AnotherShapeIsRefusedAndNothingIsLeft) {
  const test::ScratchDir scratch;
  const auto source = models::ModelSource::open(test::demo_model_dir());
  Importance importance;
  importance.source = "other.gguf";
  importance.add("blk.0.ffn_up.weight", uneven(1, 512));
  try {
    quantize(source, scratch / "a.gguf", "Q4_K_S", &importance);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(
        error.what(),
        HasSubstr("other.gguf: 'blk.0.ffn_up.weight': expected 1 x 256 values as the model has, found 1 x 512"));
  }
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));
}

TEST(GgufImportance, EveryExpertHasItsSlice) {
  const test::ScratchDir scratch;
  const Json config = {{"architectures", {"PhiMoEForCausalLM"}},
                       {"attention_bias", true},
                       {"hidden_act", "silu"},
                       {"hidden_size", 64},
                       {"intermediate_size", 32},
                       {"lm_head_bias", true},
                       {"max_position_embeddings", 64},
                       {"num_attention_heads", 2},
                       {"num_experts_per_tok", 2},
                       {"num_hidden_layers", 1},
                       {"num_key_value_heads", 1},
                       {"num_local_experts", 3},
                       {"rms_norm_eps", 1e-5},
                       {"rope_theta", 10000.0},
                       {"vocab_size", 32},
                       {"router_jitter_noise", 0.01}};
  const models::Architecture& architecture = models::architecture_for_huggingface(config);
  const models::Hyperparams params = architecture.from_huggingface(config, [](const std::string&) { return nullptr; });
  models::test::Checkpoint checkpoint = models::test::make_checkpoint(architecture.describe(params));
  for (auto& [name, tensor] : checkpoint) {  // numbers without a pattern that a block could store exactly
    for (size_t i = 0; i < tensor.values.size(); ++i) tensor.values[i] = std::sin(0.7f * static_cast<float>(i) + 1.0f);
  }
  models::test::write_checkpoint(scratch / "model", config, checkpoint);
  const auto source = models::ModelSource::open(scratch / "model");

  Importance importance;
  quantization::ImportanceEntry entry = uneven(3, 64);
  std::fill_n(entry.sums.begin(), 64, 1.0f);        // the first expert's columns are all alike
  std::fill_n(entry.sums.begin() + 128, 64, 1.0f);  // and the last one's
  importance.add("blk.0.ffn_up_exps.weight", entry);
  Importance even;
  even.add("blk.0.ffn_up_exps.weight", {.n_mat = 3, .sums = std::vector<float>(3 * 64, 1.0f), .counts = {1, 1, 1}});
  quantize(source, scratch / "even.gguf", "Q4_0", &even);
  quantize(source, scratch / "uneven.gguf", "Q4_0", &importance);
  const auto a = formats::GgufFile::open(scratch / "even.gguf"), b = formats::GgufFile::open(scratch / "uneven.gguf");
  const auto parts = [](const formats::GgufFile& file, size_t part) {
    const TensorView& view = file.find("blk.0.ffn_up_exps.weight")->view;
    return view.data.subspan(part * view.data.size() / 3, view.data.size() / 3);
  };
  EXPECT_THAT(tensors_that_differ(scratch / "even.gguf", scratch / "uneven.gguf"),
              ElementsAre("blk.0.ffn_up_exps.weight"));
  EXPECT_TRUE(std::ranges::equal(parts(a, 0), parts(b, 0)));
  EXPECT_FALSE(std::ranges::equal(parts(a, 1), parts(b, 1)));
  EXPECT_TRUE(std::ranges::equal(parts(a, 2), parts(b, 2)));
}

}  // namespace
}  // namespace aurea::exporters
