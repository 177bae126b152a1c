// GGUF files made from the demonstration model: keys and types as llama.cpp's converter writes them, same bytes for any
// number of threads, and nothing left behind when it goes wrong.
#include "exporters/gguf/gguf_exporter.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/error.h"
#include "exporters/gguf/model_card.h"
#include "exporters/gguf/split_plan.h"
#include "tests/support/test_support.h"

namespace aurea::exporters {
namespace {

using formats::GgufType;

const ExportProgress kNoProgress = [](uint64_t, const std::string&) {};

models::ModelSource demo() { return models::ModelSource::open(test::demo_model_dir()); }

GgufExportPlan plan_as(const models::ModelSource& source, const char* recipe, bool allow_requantize = false) {
  return plan_gguf_export(source, {.types = {.recipe = &quantization::find_recipe(recipe)}, .allow_requantize = allow_requantize});
}

GgufExportResult export_as(const models::ModelSource& source, const char* recipe, const std::filesystem::path& path,
                           ThreadPool& pool) {
  return export_gguf(source, plan_as(source, recipe), path, {}, pool, kNoProgress);
}

TEST(GgufExport, MetadataHasTheConvertersKeysAndTypes) {
  const models::ModelSource source = demo();
  const formats::GgufMetadata metadata = plan_as(source, "Q4_K_M").metadata;
  const std::pair<const char*, GgufType> kKeys[] = {
      {"general.architecture", GgufType::kString},
      {"general.type", GgufType::kString},
      {"general.name", GgufType::kString},
      {"general.size_label", GgufType::kString},
      {"general.file_type", GgufType::kUint32},
      {"general.quantization_version", GgufType::kUint32},
      {"phi3.context_length", GgufType::kUint32},
      {"phi3.embedding_length", GgufType::kUint32},
      {"phi3.feed_forward_length", GgufType::kUint32},
      {"phi3.block_count", GgufType::kUint32},
      {"phi3.attention.head_count", GgufType::kUint32},
      {"phi3.attention.head_count_kv", GgufType::kUint32},
      {"phi3.attention.layer_norm_rms_epsilon", GgufType::kFloat32},
      {"phi3.rope.dimension_count", GgufType::kUint32},
      {"phi3.rope.freq_base", GgufType::kFloat32},
      {"phi3.rope.scaling.original_context_length", GgufType::kUint32},
      {"phi3.rope.scaling.attn_factor", GgufType::kFloat32},
      {"phi3.attention.sliding_window", GgufType::kUint32},
      {"tokenizer.ggml.model", GgufType::kString},
      {"tokenizer.ggml.pre", GgufType::kString},
      {"tokenizer.ggml.tokens", GgufType::kArray},
      {"tokenizer.ggml.scores", GgufType::kArray},
      {"tokenizer.ggml.token_type", GgufType::kArray},
      {"tokenizer.ggml.bos_token_id", GgufType::kUint32},
      {"tokenizer.ggml.eos_token_id", GgufType::kUint32},
      {"tokenizer.ggml.add_bos_token", GgufType::kBool},
      {"tokenizer.chat_template", GgufType::kString},
  };
  for (const auto& [key, type] : kKeys) {
    const formats::GgufValue* value = metadata.find(key);
    ASSERT_NE(value, nullptr) << key;
    EXPECT_EQ(value->type, type) << key;
  }
  EXPECT_EQ(metadata.entries().front().key, "general.architecture");
  EXPECT_EQ(metadata.required_string("general.name"), "Phi3 Docs Mini");
  EXPECT_EQ(metadata.required_string("general.size_label"), "6.8M");
  EXPECT_EQ(metadata.required_uint("general.file_type"), 15u);
  EXPECT_EQ(metadata.required_uint("phi3.attention.sliding_window"), 0u);
}

TEST(GgufExport, SameBytesForAnyNumberOfThreads) {
  const test::ScratchDir scratch;
  const models::ModelSource source = demo();
  ThreadPool one(1), three(3);
  const uint64_t bytes = export_as(source, "Q4_K_M", scratch / "a.gguf", one).file_bytes;
  export_as(source, "Q4_K_M", scratch / "b.gguf", three);
  const std::string a = test::read_file(scratch / "a.gguf");
  EXPECT_EQ(a.size(), bytes);
  EXPECT_TRUE(a == test::read_file(scratch / "b.gguf"));
}

TEST(GgufExport, AFileOfFloatsQuantizesToTheSameBytesAsTheCheckpoint) {
  const test::ScratchDir scratch;
  ThreadPool pool(2);
  export_as(demo(), "F32", scratch / "f32.gguf", pool);
  const models::ModelSource floats = models::ModelSource::open(scratch / "f32.gguf");
  export_as(floats, "Q5_K_M", scratch / "second.gguf", pool);
  export_as(demo(), "Q5_K_M", scratch / "direct.gguf", pool);
  EXPECT_TRUE(test::read_file(scratch / "second.gguf") == test::read_file(scratch / "direct.gguf"));
}

TEST(GgufExport, QuantizedSourcesNeedAWord) {
  const test::ScratchDir scratch;
  ThreadPool pool(2);
  export_as(demo(), "Q8_0", scratch / "q8.gguf", pool);
  const models::ModelSource quantized = models::ModelSource::open(scratch / "q8.gguf");
  EXPECT_THROW(plan_as(quantized, "Q4_K_M"), Error);
  EXPECT_NO_THROW(plan_as(quantized, "Q8_0"));  // copied
  EXPECT_NO_THROW(
      export_gguf(quantized, plan_as(quantized, "Q4_K_M", true), scratch / "q4.gguf", {}, pool, kNoProgress));
}

TEST(GgufExport, ACancelLeavesNothingBehindThatNobodyCouldUse) {
  const test::ScratchDir scratch;
  ThreadPool pool(2);
  CancelToken cancel;
  const auto stop_soon = [&](uint64_t done, const std::string&) {
    if (done > 1'000'000) cancel.request();
  };
  const models::ModelSource source = demo();
  // Without a fingerprint nothing could go on with it.
  EXPECT_THROW(export_gguf(source, plan_as(source, "Q8_0"), scratch / "x.gguf", {.cancel = &cancel}, pool, stop_soon),
               Error);
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));
}

/// Ends an export as a kill would after about `bytes` of the source.
void break_off(const models::ModelSource& source, const GgufExportPlan& plan, const std::filesystem::path& path,
               GgufExportOptions options, uint64_t bytes) {
  ThreadPool pool(2);
  CancelToken cancel;
  options.cancel = &cancel;
  const auto stop = [&](uint64_t done, const std::string&) {
    if (done > bytes) cancel.request();
  };
  EXPECT_THROW(export_gguf(source, plan, path, options, pool, stop), Error);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(GgufExport, GoesOnWhereARunWasEnded) {
  const test::ScratchDir scratch;
  ThreadPool pool(2);
  const models::ModelSource source = demo();
  const GgufExportPlan plan = plan_as(source, "Q4_K_M");
  std::string said;
  const GgufExportOptions options{
      .measure_errors = true, .fingerprint = "1", .notice = [&](const std::string& text) { said += text + "\n"; }};
  const GgufExportResult whole = export_gguf(source, plan, scratch / "whole.gguf", options, pool, kNoProgress);
  EXPECT_EQ(said, "");
  for (const uint64_t bytes : {100'000, 3'000'000, 5'000'000, 9'000'000})
    break_off(source, plan, scratch / "x.gguf", options, bytes);
  EXPECT_NE(said.find("the same command goes on from there"), std::string::npos);
  said.clear();
  uint64_t first_seen = 0;
  const auto look = [&](uint64_t done, const std::string&) { first_seen = first_seen == 0 ? done : first_seen; };
  const GgufExportResult result = export_gguf(source, plan, scratch / "x.gguf", options, pool, look);
  EXPECT_EQ(said.find("going on with what an earlier run left: "), 0u) << said;
  EXPECT_TRUE(test::read_file(scratch / "x.gguf") == test::read_file(scratch / "whole.gguf"));
  ASSERT_EQ(result.errors.size(), plan.tensors.size());
  for (size_t n = 0; n < plan.tensors.size(); ++n) {
    EXPECT_EQ(result.errors[n].error, whole.errors[n].error) << plan.tensors[n].name;
    EXPECT_EQ(result.errors[n].weighted_signal, whole.errors[n].weighted_signal) << plan.tensors[n].name;
    EXPECT_GT(result.errors[n].signal, 0) << plan.tensors[n].name;
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch.path()), {}), 2);
}

TEST(GgufExport, StartsAnewWhenSomethingThatDecidesTheBytesChanged) {
  const test::ScratchDir scratch;
  ThreadPool pool(2);
  std::filesystem::copy(test::demo_model_dir(), scratch / "model", std::filesystem::copy_options::recursive);
  const auto weights = scratch / "model" / "model.safetensors";
  const std::vector<std::function<void(GgufExportOptions&, std::string & recipe)>> changes = {
      [](GgufExportOptions& options, std::string&) { options.fingerprint = "2"; },
      [](GgufExportOptions&, std::string& recipe) { recipe = "Q6_K"; },
      [](GgufExportOptions& options, std::string&) { options.measure_errors = true; },
      [&](GgufExportOptions&, std::string&) {
        std::filesystem::last_write_time(weights,
                                         std::filesystem::last_write_time(weights) + std::chrono::nanoseconds(1000));
      },
  };
  for (const auto& change : changes) {
    std::string said, recipe = "Q4_K_M";
    GgufExportOptions options{
        .overwrite = true, .fingerprint = "1", .notice = [&](const std::string& text) { said = text; }};
    const models::ModelSource source = models::ModelSource::open(scratch / "model");
    std::filesystem::remove(scratch / "x.gguf");
    break_off(source, plan_as(source, "Q4_K_M"), scratch / "x.gguf", options, 3'000'000);
    change(options, recipe);
    export_gguf(source, plan_as(source, recipe.c_str()), scratch / "x.gguf", options, pool, kNoProgress);
    EXPECT_NE(said.find("starting anew"), std::string::npos) << said;
    export_as(source, recipe.c_str(), scratch / "direct.gguf", pool);
    EXPECT_TRUE(test::read_file(scratch / "x.gguf") == test::read_file(scratch / "direct.gguf"));
    std::filesystem::remove(scratch / "direct.gguf");
  }
}

TEST(GgufExport, KeepsTheSplitOfItsSource) {
  const test::ScratchDir scratch;
  ThreadPool pool(2);
  const models::ModelSource source = demo();
  GgufExportPlan plan = plan_as(source, "F32");
  EXPECT_THROW(keep_split(source, plan), Error);
  const size_t n = plan.tensors.size();
  std::swap(plan.tensors.front(), plan.tensors.back());  // an order of its own
  export_gguf(source, plan, scratch / "f32.gguf", {.part_tensors = {0, 3, n - 3}}, pool, kNoProgress);
  const models::ModelSource split = models::ModelSource::open(scratch / "f32-00001-of-00003.gguf");
  GgufExportPlan again = plan_as(split, "Q8_0");
  const std::vector<size_t> parts = keep_split(split, again);
  EXPECT_EQ(parts, (std::vector<size_t>{0, 3, n - 3}));
  const GgufExportResult result =
      export_gguf(split, again, scratch / "q8.gguf", {.part_tensors = parts}, pool, kNoProgress);
  EXPECT_EQ(result.path, scratch / "q8-00001-of-00003.gguf");
  const formats::GgufFile file = formats::GgufFile::open(result.path);
  EXPECT_EQ(file.part_ends(), split.gguf()->part_ends());
  for (size_t i = 0; i < n; ++i) EXPECT_EQ(file.tensors()[i].name, split.gguf()->tensors()[i].name);
  export_as(source, "Q8_0", scratch / "whole.gguf", pool);
  const formats::GgufFile whole = formats::GgufFile::open(scratch / "whole.gguf");
  for (const formats::GgufTensor& tensor : whole.tensors()) {
    EXPECT_TRUE(std::ranges::equal(tensor.view.data, file.find(tensor.name)->view.data)) << tensor.name;
  }
}

TEST(GgufExport, TooLittleMemoryIsSaid) {
  const test::ScratchDir scratch;
  ThreadPool pool(2);
  const models::ModelSource source = demo();
  try {
    export_gguf(source, plan_as(source, "Q8_0"), scratch / "x.gguf", {.memory_bytes = 1 << 20}, pool, kNoProgress);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadArgument);
    EXPECT_EQ(std::string(error.what()).find("--memory 1MiB: at least "), 0u) << error.what();
  }
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));
}

TEST(GgufExport, AnExistingFileIsKept) {
  const test::ScratchDir scratch;
  ThreadPool pool(1);
  test::write_file(scratch / "x.gguf", "mine");
  EXPECT_THROW(export_as(demo(), "Q8_0", scratch / "x.gguf", pool), Error);
  EXPECT_EQ(test::read_file(scratch / "x.gguf"), "mine");
}

TEST(ModelCard, TitlesAndSizes) {
  EXPECT_EQ(title_of("Phi-3.5-mini-instruct"), "Phi 3.5 Mini Instruct");
  EXPECT_EQ(title_of("phi-4"), "Phi 4");
  EXPECT_EQ(title_of("model-v1.2-7b"), "Model v1.2 7b");
  EXPECT_EQ(size_label(3'821'079'552), "3.8B");
  EXPECT_EQ(size_label(13'960'238'080), "14B");
  EXPECT_EQ(size_label(6'819'072), "6.8M");
  EXPECT_EQ(size_label(134'500'000), "134M");
  models::ModelDescription mixture;
  mixture.tensors.push_back({"a.weight", {}, models::TensorRole::kAttnQ, 0, {1000, 1000}, {}});
  mixture.tensors.push_back({"b.weight", {}, models::TensorRole::kFfnUp, 0, {16, 1000, 1500}, {}});
  EXPECT_EQ(size_label(mixture), "16x2.5M");
}

TEST(ModelCard, FrontMatterGivesPlainValuesOnly) {
  const std::string card =
      "---\nlicense: mit\nlicense_link: https://example.org/LICENSE\ntags: [a, b]\n---\nlicense: other\n";
  EXPECT_EQ(front_matter_value(card, "license"), "mit");
  EXPECT_EQ(front_matter_value(card, "license_link"), "https://example.org/LICENSE");
  EXPECT_EQ(front_matter_value(card, "tags"), "");
  EXPECT_EQ(front_matter_value("license: mit\n", "license"), "");
}

}  // namespace
}  // namespace aurea::exporters
