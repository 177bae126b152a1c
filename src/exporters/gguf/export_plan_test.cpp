// What a file will hold, before it is written: types, blocks left out, keys, sizes, notices.
#include "exporters/gguf/export_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "core/error.h"
#include "exporters/gguf/gguf_exporter.h"
#include "models/test_checkpoint.h"
#include "tests/support/test_support.h"

namespace aurea::exporters {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const ExportProgress kNoProgress = [](uint64_t, const std::string&) {};

models::ModelSource demo() { return models::ModelSource::open(test::demo_model_dir()); }

GgufExportRequest as(const char* recipe) { return {.types = {.recipe = &quantization::find_recipe(recipe)}}; }

GgufExportRequest with_keys(std::vector<const char*> texts) {
  GgufExportRequest request = as("Q8_0");
  for (const char* text : texts) request.keys.push_back(parse_key_override(text));
  return request;
}

std::string refusal(const models::ModelSource& source, const GgufExportRequest& request) {
  try {
    plan_gguf_export(source, request);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadArgument) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "it was accepted";
  return "";
}

TEST(ExportPlan, ItsSizesAreTheFiles) {
  const test::ScratchDir scratch;
  const models::ModelSource source = demo();
  ThreadPool pool(2);
  const GgufExportPlan plan = plan_gguf_export(source, as("Q4_K_M"));
  const GgufExportResult result = export_gguf(source, plan, scratch / "x.gguf", {}, pool, kNoProgress);
  EXPECT_EQ(plan.file_bytes(), std::filesystem::file_size(scratch / "x.gguf"));
  EXPECT_EQ(plan.tensor_bytes(), result.tensor_bytes);
  EXPECT_EQ(plan.parameters(), source.parameter_count());
  EXPECT_THAT(plan.notices, IsEmpty());
}

TEST(ExportPlan, APrunedModelIsTheSameFromEitherSource) {
  const test::ScratchDir scratch;
  const models::ModelSource folder = demo();
  ThreadPool pool(2);
  export_gguf(folder, plan_gguf_export(folder, as("F32")), scratch / "whole.gguf", {}, pool, kNoProgress);
  GgufExportRequest request = as("Q4_K_M");
  request.dropped_layers = {1, 3};
  const GgufExportPlan direct = plan_gguf_export(folder, request);
  export_gguf(folder, direct, scratch / "direct.gguf", {}, pool, kNoProgress);
  const models::ModelSource whole = models::ModelSource::open(scratch / "whole.gguf");
  export_gguf(whole, plan_gguf_export(whole, request), scratch / "second.gguf", {}, pool, kNoProgress);
  EXPECT_TRUE(test::read_file(scratch / "direct.gguf") == test::read_file(scratch / "second.gguf"));

  const models::ModelSource pruned = models::ModelSource::open(scratch / "direct.gguf");
  EXPECT_EQ(pruned.params().n_layers, folder.params().n_layers - 2);
  EXPECT_EQ(pruned.parameter_count(), direct.parameters());
  EXPECT_LT(direct.parameters(), folder.parameter_count());
  const auto block_2 = std::ranges::find(direct.tensors, "blk.1.ffn_down.weight", &PlannedTensor::name);
  EXPECT_EQ(block_2->source_name, "blk.2.ffn_down.weight");

  // Leaving blocks out first and quantizing then comes to the same.
  GgufExportRequest floats = as("F32");
  floats.dropped_layers = {3, 1};
  export_gguf(folder, plan_gguf_export(folder, floats), scratch / "pruned_f32.gguf", {}, pool, kNoProgress);
  const models::ModelSource pruned_floats = models::ModelSource::open(scratch / "pruned_f32.gguf");
  export_gguf(pruned_floats, plan_gguf_export(pruned_floats, as("Q4_K_M")), scratch / "third.gguf", {}, pool,
              kNoProgress);
  EXPECT_TRUE(test::read_file(scratch / "direct.gguf") == test::read_file(scratch / "third.gguf"));
}

TEST(ExportPlan, ListsWithAnEntryPerBlockLoseThoseOfTheBlocksLeftOut) {
  const test::ScratchDir scratch;
  const models::ModelSource folder = demo();
  const uint64_t n_layers = folder.params().n_layers;
  GgufExportPlan plan = plan_gguf_export(folder, as("F32"));
  std::vector<int64_t> numbers(n_layers);
  for (size_t i = 0; i < n_layers; ++i) numbers[i] = static_cast<int64_t>(10 * i);
  plan.metadata.set("phi3.per_block", formats::GgufValue::i32s(numbers));
  plan.metadata.set("phi3.rope.sections", formats::GgufValue::i32s(numbers));
  plan.metadata.set("other.list", formats::GgufValue::i32s(numbers));
  ThreadPool pool(2);
  export_gguf(folder, plan, scratch / "lists.gguf", {}, pool, kNoProgress);
  GgufExportRequest request = as("F32");
  request.dropped_layers = {0};
  const auto pruned = plan_gguf_export(models::ModelSource::open(scratch / "lists.gguf"), request).metadata;
  EXPECT_EQ(pruned.optional_ints("phi3.per_block"), std::vector<int64_t>(numbers.begin() + 1, numbers.end()));
  EXPECT_EQ(pruned.optional_ints("phi3.rope.sections"), numbers);
  EXPECT_EQ(pruned.optional_ints("other.list"), numbers);
  EXPECT_EQ(pruned.required_uint("phi3.block_count"), n_layers - 1);
}

TEST(ExportPlan, KeysAreChosenUnlessTheResultCouldNotBeLoaded) {
  const models::ModelSource source = demo();
  const auto metadata =
      plan_gguf_export(source, with_keys({"phi3.context_length=int:64", "general.name=str:Mine", "my.own=bool:true",
                                          "tokenizer.ggml.add_bos_token=bool:false"}))
          .metadata;
  EXPECT_EQ(metadata.required_uint("phi3.context_length"), 64u);
  EXPECT_EQ(metadata.required_string("general.name"), "Mine");
  EXPECT_EQ(metadata.optional_bool("my.own"), true);
  for (const char* text :
       {"phi3.block_count=int:3", "phi3.block_count=int:100", "phi3.embedding_length=int:64",
        "phi3.feed_forward_length=int:1", "phi3.attention.head_count=int:0", "phi3.attention.head_count_kv=int:1",
        "phi3.rope.dimension_count=int:7", "phi3.attention.layer_norm_rms_epsilon=float:-1",
        "phi3.rope.freq_base=float:0", "phi3.context_length=int:0", "tokenizer.ggml.bos_token_id=int:4000000000",
        "tokenizer.ggml.model=str:nonsense"}) {
    EXPECT_THAT(refusal(source, with_keys({text})), HasSubstr("--override-kv")) << text;
  }
}

TEST(ExportPlan, ACopyKeepsTypesAndTheirName) {
  const test::ScratchDir scratch;
  const models::ModelSource folder = demo();
  ThreadPool pool(2);
  export_gguf(folder, plan_gguf_export(folder, as("Q4_K_M")), scratch / "q4.gguf", {}, pool, kNoProgress);
  const models::ModelSource quantized = models::ModelSource::open(scratch / "q4.gguf");
  export_gguf(quantized, plan_gguf_export(quantized, as("COPY")), scratch / "copy.gguf", {}, pool, kNoProgress);
  EXPECT_TRUE(test::read_file(scratch / "q4.gguf") == test::read_file(scratch / "copy.gguf"));
  const GgufExportPlan plan = plan_gguf_export(folder, as("COPY"));
  const QuantType stored = folder.parts(0).front().type;
  EXPECT_EQ(plan.metadata.required_uint("general.file_type"), quantization::find_recipe(name(stored)).file_type);
  for (const PlannedTensor& tensor : plan.tensors)
    EXPECT_EQ(tensor.type, tensor.shape.size() > 1 ? stored : QuantType::kF32) << tensor.name;
}

TEST(ExportPlan, WhatFellBackIsSaid) {
  // Rows of 96 and 160, which only blocks of 32 divide.
  const test::ScratchDir scratch;
  const Json config = {{"architectures", {"Phi3ForCausalLM"}},
                       {"hidden_act", "silu"},
                       {"hidden_size", 96},
                       {"intermediate_size", 160},
                       {"max_position_embeddings", 64},
                       {"num_attention_heads", 2},
                       {"num_hidden_layers", 2},
                       {"num_key_value_heads", 2},
                       {"rms_norm_eps", 1e-5},
                       {"rope_theta", 10000.0},
                       {"vocab_size", 40}};
  const models::Architecture& architecture = models::architecture_for_huggingface(config);
  const auto params = architecture.from_huggingface(config, [](const std::string&) { return nullptr; });
  models::test::write_checkpoint(scratch / "narrow", config,
                                 models::test::make_checkpoint(architecture.describe(params)));
  const models::ModelSource narrow = models::ModelSource::open(scratch / "narrow");
  const GgufExportPlan plan = plan_gguf_export(narrow, as("Q4_K_S"));
  EXPECT_THAT(plan.notices,
              UnorderedElementsAre("Q5_0 instead of Q4_K for 5 tensors, whose rows of 96 do not divide into blocks of "
                                   "256: 'token_embd.weight', 'blk.0.attn_output.weight' and 3 more",
                                   "Q5_1 instead of Q5_K for 2 tensors, whose rows of 96 do not divide into blocks of "
                                   "256: 'blk.0.attn_qkv.weight', 'blk.1.attn_qkv.weight'",
                                   "Q5_0 instead of Q4_K for 2 tensors, whose rows of 160 do not divide into blocks of "
                                   "256: 'blk.0.ffn_down.weight', 'blk.1.ffn_down.weight'"));
  ThreadPool pool(1);
  export_gguf(narrow, plan, scratch / "narrow.gguf", {}, pool, kNoProgress);
  EXPECT_EQ(models::ModelSource::open(scratch / "narrow.gguf").parts(0).front().type, QuantType::kQ5_0);
}

TEST(ExportPlan, RecipesForOtherModelsAreRemarkedOn) {
  const models::ModelSource source = demo();
  EXPECT_THAT(plan_gguf_export(source, as("TQ1_0")).notices, Contains(HasSubstr("trained with such weights")));
  EXPECT_THAT(plan_gguf_export(source, as("MXFP4_MOE")).notices, Contains(HasSubstr("--type MXFP4")));
  EXPECT_THAT(plan_gguf_export(source, as("MXFP4")).notices, IsEmpty());
}

TEST(ExportPlan, TypesThatLackImportanceAreNamed) {
  const models::ModelSource source = demo();
  EXPECT_THAT(plan_gguf_export(source, as("IQ2_XXS")).missing_importance(), HasSubstr("--imatrix"));
  GgufExportRequest request = as("Q4_K_M");
  request.types.overrides.push_back(quantization::parse_type_override("blk\\.0\\.ffn_up=iq3_xxs", "--tensor-type"));
  EXPECT_THAT(plan_gguf_export(source, request).missing_importance(),
              HasSubstr("IQ3_XXS is of no use without importance data, which one tensor lacks: 'blk.0.ffn_up.weight'"));
  EXPECT_EQ(plan_gguf_export(source, as("IQ3_S")).missing_importance(), "");
  // Data that lack one of the tensors.
  quantization::Importance importance;
  for (const models::TensorSpec& spec : source.description().tensors) {
    if (spec.layer < 0 || spec.shape.size() < 2 || spec.name == "blk.2.ffn_up.weight") continue;
    const std::vector<float> ones(spec.shape.back(), 1.0f);
    importance.add(spec.name, {.n_mat = 1, .sums = ones, .counts = {1}});
  }
  request = as("IQ2_XXS");
  request.importance = &importance;
  EXPECT_THAT(plan_gguf_export(source, request).missing_importance(),
              HasSubstr("one tensor lacks: 'blk.2.ffn_up.weight'"));
  request.types.recipe = &quantization::find_recipe("Q4_K_M");  // which can do without
  EXPECT_EQ(plan_gguf_export(source, request).missing_importance(), "");
  EXPECT_THAT(plan_gguf_export(source, request).notices,
              Contains("no importance data for 1 tensor, quantized without weights: 'blk.2.ffn_up.weight'"));
  // A pruned model asks under the source's names.
  request = as("IQ2_XXS");
  request.importance = &importance;
  request.dropped_layers = {2};
  EXPECT_EQ(plan_gguf_export(source, request).missing_importance(), "");
  // Data that are still to be collected.
  request = as("IQ2_XXS");
  request.assume_importance = true;
  EXPECT_EQ(plan_gguf_export(source, request).missing_importance(), "");
}

}  // namespace
}  // namespace aurea::exporters
