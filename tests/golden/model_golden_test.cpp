// Logits, hidden states and greedy continuations of tiny checkpoints against what Hugging Face's own code computes, on every
// kernel set: in one pass, in chunks, together with other sequences, and once more from a GGUF file made of the checkpoint.
#include <gtest/gtest.h>

#include <cmath>
#include <iostream>

#include "core/json.h"
#include "engine/engine.h"
#include "exporters/gguf/gguf_exporter.h"
#include "formats/gguf/gguf_writer.h"
#include "formats/npy/npy.h"
#include "kernels/registry.h"
#include "models/source.h"
#include "tests/support/test_support.h"

namespace aurea {
namespace {

using engine::Engine;
using engine::StepItem;
using engine::WantLogits;

struct GoldenModel {
  std::filesystem::path folder, expected;
  Json cases;

  [[nodiscard]] formats::NpyArray array(const Json& file) const {
    return formats::read_npy(expected / file.get<std::string>());
  }
  [[nodiscard]] const Json& find_case(const std::string& name) const {
    for (const Json& item : cases["cases"]) {
      if (item["name"] == name) return item;
    }
    throw std::runtime_error("no case " + name);
  }
};

bool is_supported(const std::filesystem::path& folder) {
  try {
    models::architecture_for_huggingface(read_json_file(folder / "config.json", 1 << 20));
    return true;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported) << error.what();
    return false;
  }
}

/// The demonstration model and the golden models whose architecture the program knows; says once what was found and left out.
const std::vector<GoldenModel>& golden_models() {
  static const std::vector<GoldenModel> models = [] {
    std::vector<GoldenModel> found;
    std::string skipped;
    const auto add = [&](const std::filesystem::path& folder, const std::filesystem::path& expected) {
      found.push_back({folder, expected, read_json_file(expected / "cases.json", 64 << 20)});
    };
    add(test::demo_model_dir(), test::carried_data("demo-model") / "expected");
    for (const auto& folder : test::golden_models()) {
      if (is_supported(folder)) {
        add(folder, folder / "expected");
      } else {
        skipped += " " + folder.filename().string();
      }
    }
    std::cout << "golden models in " << test::golden_dir() << ": " << found.size() << " run, left out (architecture):"
              << (skipped.empty() ? " none" : skipped) << "\n";
    return found;
  }();
  return models;
}

// Comparisons of ways to compute the same bits need no long texts: this passes every window, page border and switch of the small
// checkpoints, and keeps the scalar set's share of the time bearable.
constexpr size_t kShortEnough = 150;

std::vector<int32_t> ids_of(const Json& item) { return item.get<std::vector<int32_t>>(); }

engine::EngineOptions exact_options(const kernels::KernelSet& set, size_t batch_tokens = 512) {
  engine::EngineOptions options;
  options.n_threads = 2;
  options.batch_tokens = batch_tokens;
  options.kv_type = kernels::KvType::kF32;
  options.kernel_set = set.name;
  return options;
}

/// All logits of a sequence fed in pieces of these sizes: [tokens][vocab].
std::vector<std::vector<float>> logits_in_pieces(Engine& engine, std::span<const int32_t> ids, std::span<const size_t> sizes) {
  std::vector<std::vector<float>> rows(ids.size());
  const engine::SequenceId id = engine.create_sequence();
  size_t begin = 0;
  for (const size_t size : sizes) {
    const StepItem item{id, ids.subspan(begin, size), WantLogits::kAll};
    engine.step({&item, 1}, [&](size_t, size_t index, std::span<const float> logits) {
      rows[begin + index].assign(logits.begin(), logits.end());
    });
    begin += size;
  }
  engine.remove_sequence(id);
  return rows;
}

std::vector<std::vector<float>> logits_at_once(Engine& engine, std::span<const int32_t> ids) {
  const size_t size = ids.size();
  return logits_in_pieces(engine, ids, {&size, 1});
}

/// Largest difference between the stored rows and ours.
double largest_difference(const formats::NpyArray& expected, const Json& rows, const std::vector<std::vector<float>>& ours) {
  const size_t vocab = expected.shape.at(1);
  double largest = 0;
  for (size_t r = 0; r < rows.size(); ++r) {
    const std::vector<float>& row = ours.at(rows[r].get<size_t>());
    EXPECT_EQ(row.size(), vocab);
    for (size_t i = 0; i < vocab; ++i) {
      const double difference = std::abs(static_cast<double>(row[i]) - static_cast<double>(expected.values[r * vocab + i]));
      if (!(difference <= largest)) largest = difference;  // a NaN wins
    }
  }
  return largest;
}

template <typename Fn>
void for_each_model_and_set(const Fn& fn) {
  for (const GoldenModel& golden : golden_models()) {
    const models::ModelSource source = models::ModelSource::open(golden.folder);
    for (const kernels::KernelSet* set : kernels::available_kernel_sets()) {
      SCOPED_TRACE(golden.folder.filename().string() + " on " + set->name);
      fn(golden, source, *set);
    }
  }
}

TEST(ModelGolden, LogitsInOnePassAreHuggingFaces) {
  for_each_model_and_set([](const GoldenModel& golden, const models::ModelSource& source, const kernels::KernelSet& set) {
    Engine engine(source, exact_options(set));
    for (const Json& item : golden.cases["cases"]) {
      const auto ours = logits_at_once(engine, ids_of(item["ids"]));
      EXPECT_LE(largest_difference(golden.array(item["logits"]), item["rows"], ours), item["tolerance_float32"].get<double>())
          << item["name"];
    }
  });
}

TEST(ModelGolden, SmallPassesGiveTheSameBitsAsOnePass) {
  for_each_model_and_set([](const GoldenModel& golden, const models::ModelSource& source, const kernels::KernelSet& set) {
    Engine whole(source, exact_options(set)), small(source, exact_options(set, 7));
    for (const Json& item : golden.cases["cases"]) {
      if (item["ids"].size() > kShortEnough) continue;
      EXPECT_EQ(logits_at_once(whole, ids_of(item["ids"])), logits_at_once(small, ids_of(item["ids"]))) << item["name"];
    }
  });
}

TEST(ModelGolden, ChunksWithACacheAreASinglePass) {
  for_each_model_and_set([](const GoldenModel& golden, const models::ModelSource& source, const kernels::KernelSet& set) {
    Engine engine(source, exact_options(set));
    for (const Json& item : golden.cases["chunked"]) {
      const Json& source_case = golden.find_case(item["case"]);
      const auto sizes = item["sizes"].get<std::vector<size_t>>();
      const auto ours = logits_in_pieces(engine, ids_of(source_case["ids"]), sizes);
      EXPECT_LE(largest_difference(golden.array(item["logits"]), item["rows"], ours), source_case["tolerance_float32"].get<double>())
          << item["case"];
    }
  });
}

TEST(ModelGolden, CrossingTheSwitchTokenByTokenEndsWhereOnePassDoes) {
  for_each_model_and_set([](const GoldenModel& golden, const models::ModelSource& source, const kernels::KernelSet& set) {
    if (!source.params().rope.has_factors()) return;
    const Json& item = golden.find_case("edge_long");  // one token more than the short list holds for
    const auto ids = ids_of(item["ids"]);
    ASSERT_EQ(ids.size(), source.params().rope.original_context + 1);
    Engine engine(source, exact_options(set));
    const std::vector<size_t> sizes = {ids.size() - 3, 1, 1, 1};
    const auto ours = logits_in_pieces(engine, ids, sizes);
    const auto expected = golden.array(item["logits"]);
    const Json last = Json::array({ids.size() - 1});
    formats::NpyArray last_row{{1, expected.shape[1]}, {expected.values.end() - static_cast<ptrdiff_t>(expected.shape[1]), expected.values.end()}};
    EXPECT_LE(largest_difference(last_row, last, ours), item["tolerance_float32"].get<double>());
    // And back: shortened below the switch, the sequence is one with the short list again.
    const auto id = engine.create_sequence();
    std::vector<float> again;
    const auto keep = [&](size_t, size_t, std::span<const float> logits) { again.assign(logits.begin(), logits.end()); };
    const StepItem all{id, ids};
    engine.step({&all, 1}, keep);
    engine.truncate(id, 5);
    const StepItem next{id, std::span(ids).subspan(5, 1)};
    engine.step({&next, 1}, keep);
    engine.remove_sequence(id);
    EXPECT_EQ(again, logits_at_once(engine, std::span(ids).first(6)).back());
  });
}

TEST(ModelGolden, ABatchGivesEachSequenceWhatItGetsAlone) {
  for_each_model_and_set([](const GoldenModel& golden, const models::ModelSource& source, const kernels::KernelSet& set) {
    Engine engine(source, exact_options(set, 64));
    std::vector<std::vector<int32_t>> prompts;
    std::vector<std::vector<std::vector<float>>> alone, together;
    for (const Json& item : golden.cases["cases"]) {
      if (item["ids"].size() > kShortEnough) continue;
      prompts.push_back(ids_of(item["ids"]));
      alone.push_back(logits_at_once(engine, prompts.back()));
      together.emplace_back(prompts.back().size());
    }
    std::vector<StepItem> items;
    for (const auto& prompt : prompts) items.push_back({engine.create_sequence(), prompt, WantLogits::kAll});
    engine.step(items, [&](size_t item, size_t index, std::span<const float> logits) {
      together[item][index].assign(logits.begin(), logits.end());
    });
    for (const StepItem& item : items) engine.remove_sequence(item.sequence);
    EXPECT_EQ(together, alone);
  });
}

TEST(ModelGolden, GreedyContinuationsAreEqual) {
  for_each_model_and_set([](const GoldenModel& golden, const models::ModelSource& source, const kernels::KernelSet& set) {
    Engine engine(source, exact_options(set));
    for (const Json& item : golden.cases["greedy"]) {
      const auto prompt = ids_of(golden.find_case(item["prompt"])["ids"]);
      const auto expected = ids_of(item["ids"]);
      std::vector<int32_t> ours;
      const auto id = engine.create_sequence();
      const auto pick = [&](size_t, size_t, std::span<const float> logits) {
        ours.push_back(static_cast<int32_t>(std::ranges::max_element(logits) - logits.begin()));
      };
      StepItem next{id, prompt};
      engine.step({&next, 1}, pick);
      while (ours.size() < expected.size()) {
        const int32_t token = ours.back();
        next.tokens = {&token, 1};
        engine.step({&next, 1}, pick);
      }
      engine.remove_sequence(id);
      EXPECT_EQ(ours, expected) << item["prompt"];
    }
  });
}

TEST(ModelGolden, HiddenStatesAreHuggingFaces) {
  for_each_model_and_set([](const GoldenModel& golden, const models::ModelSource& source, const kernels::KernelSet& set) {
    const Json& hidden = golden.cases["hidden"];
    const Json& item = golden.find_case(hidden["case"]);
    const formats::NpyArray expected = golden.array(hidden["file"]);  // [layers + 2, tokens, hidden]
    Engine engine(source, exact_options(set));
    std::vector<std::string> names = {"token_embd"};
    for (size_t layer = 0; layer < source.params().n_layers; ++layer) names.push_back(fmt::format("blk.{}.output", layer));
    names.push_back("output_norm");
    ASSERT_EQ(expected.shape, (std::vector<uint64_t>{names.size(), item["ids"].size(), source.params().hidden}));
    size_t seen = 0;
    engine.set_observer([&](const std::string& name, const engine::Slot& slot, size_t n_rows) {
      const auto place = static_cast<size_t>(std::ranges::find(names, name) - names.begin());
      if (place == names.size()) return;
      ++seen;
      for (size_t r = 0; r < n_rows; ++r) {
        for (size_t i = 0; i < slot.width; ++i) {
          ASSERT_NEAR(slot.row(r)[i], expected.values[(place * n_rows + r) * slot.width + i], 2e-4) << name << " row " << r << " column " << i;
        }
      }
    });
    logits_at_once(engine, ids_of(item["ids"]));
    EXPECT_EQ(seen, names.size());
  });
}

TEST(ModelGolden, RoutingIsHuggingFaces) {
  size_t compared = 0;
  for_each_model_and_set([&](const GoldenModel& golden, const models::ModelSource& source, const kernels::KernelSet& set) {
    if (!golden.cases.contains("routing")) return;
    const Json& routing = golden.cases["routing"];
    const formats::NpyArray expected = golden.array(routing["file"]);  // [layers, tokens, (expert 1, expert 2, weight 1, weight 2)]
    Engine engine(source, exact_options(set));
    engine.set_observer([&](const std::string& name, const engine::Slot& slot, size_t n_rows) {
      if (!name.ends_with(".routing")) return;
      const size_t layer = std::stoul(name.substr(4));
      for (size_t t = 0; t < n_rows; ++t) {
        for (size_t i = 0; i < 4; ++i) {
          const float value = expected.values[(layer * n_rows + t) * 4 + i];
          if (i < 2) {
            EXPECT_EQ(slot.row(t)[i], value) << name << ", token " << t;
          } else {
            EXPECT_NEAR(slot.row(t)[i], value, 1e-5) << name << ", token " << t;
          }
          ++compared;
        }
      }
    });
    logits_at_once(engine, ids_of(golden.find_case(routing["case"])["ids"]));
  });
  if (compared == 0) GTEST_SKIP() << "no mixture of experts among the golden models here";
}

// llama.cpp's converter writes neither the magnitudes nor the jitter of a mixture of experts down, and the formula's magnitude
// instead: what the published model has is put in their place. Here that is the long list's magnitude.
TEST(ModelGolden, AMixtureThatLlamaCppConvertedIsTheOriginal) {
  size_t compared = 0;
  for (const GoldenModel& golden : golden_models()) {
    const models::ModelSource source = models::ModelSource::open(golden.folder);
    const models::Hyperparams& params = source.params();
    if (params.n_experts == 0 || !params.rope.has_factors()) continue;
    const test::ScratchDir scratch;
    formats::GgufMetadata keys = exporters::plan_gguf_export(source, {.types = {.recipe = &quantization::find_recipe("F32")}}).metadata;
    for (const char* key : {"phimoe.rope.scaling.short_mscale", "phimoe.rope.scaling.long_mscale", "phimoe.router_jitter_noise"}) keys.erase(key);
    const auto original = static_cast<double>(params.rope.original_context);
    const double formula = models::longrope_magnitude(static_cast<double>(params.context_length) / original, original);
    keys.set("phimoe.rope.scaling.attn_factor", formats::GgufValue::f32(static_cast<float>(formula)));
    std::vector<formats::GgufTensorSpec> specs;
    for (const models::TensorSpec& spec : source.description().tensors) specs.push_back({spec.name, source.parts(specs.size()).front().type, spec.shape});
    formats::GgufWriter writer(scratch / "model.gguf", false, keys, specs);
    for (models::TensorId id = 0; id < specs.size(); ++id) {
      for (const TensorView& part : source.parts(id)) writer.write(part.data);
    }
    writer.commit();
    const models::ModelSource converted = models::ModelSource::open(scratch / "model.gguf");
    Engine engine(converted, exact_options(*kernels::available_kernel_sets().back()));
    const Json& item = golden.find_case("long");
    EXPECT_LE(largest_difference(golden.array(item["logits"]), item["rows"], logits_at_once(engine, ids_of(item["ids"]))),
              item["tolerance_float32"].get<double>());
    ++compared;
  }
  if (compared == 0) GTEST_SKIP() << "no mixture of experts with LongRoPE among the golden models here";
}

// In the type that the checkpoint has: another type's kernels would add up in another order.
TEST(ModelGolden, AGgufFileOfTheCheckpointGivesTheSameBits) {
  for (const GoldenModel& golden : golden_models()) {
    SCOPED_TRACE(golden.folder.filename().string());
    const test::ScratchDir scratch;
    const models::ModelSource source = models::ModelSource::open(golden.folder);
    ThreadPool pool(2);
    const std::string stored(name(source.tensor(0).type));
    const exporters::GgufExportPlan plan = exporters::plan_gguf_export(source, {.types = {.recipe = &quantization::find_recipe(stored)}});
    exporters::export_gguf(source, plan, scratch / "model.gguf", {}, pool, [](uint64_t, const std::string&) {});
    const models::ModelSource converted = models::ModelSource::open(scratch / "model.gguf");
    Engine engine(source, exact_options(*kernels::available_kernel_sets().back()));
    Engine converted_engine(converted, exact_options(*kernels::available_kernel_sets().back()));
    for (const Json& item : golden.cases["cases"]) {
      const auto ids = ids_of(item["ids"]);
      EXPECT_TRUE(logits_at_once(converted_engine, ids) == logits_at_once(engine, ids)) << item["name"];
    }
  }
}

// The oracle's deliberate mistakes (a window one too wide, the wrong factor list, ...) and what they make of the last logits of two
// cases: a tolerance that lets one of them pass would be too wide. Where a mistake does not matter to a case, its logits are right.
TEST(ModelGolden, EveryMistakeOfTheOracleIsOutsideTheTolerance) {
  size_t compared = 0;
  for_each_model_and_set([&](const GoldenModel& golden, const models::ModelSource& source, const kernels::KernelSet& set) {
    if (!golden.cases.contains("mutations")) return;  // the demonstration model has none
    const formats::NpyArray mutated = golden.array(golden.cases["mutations_file"]["file"]);  // [mistakes, cases, vocab]
    const Json& mistakes = golden.cases["mutations"];
    const std::vector<std::string> names = {"medium", "long"};
    const size_t vocab = source.params().vocab_size;
    ASSERT_EQ(mutated.shape, (std::vector<uint64_t>{mistakes.size(), names.size(), vocab}));
    Engine engine(source, exact_options(set));
    for (size_t c = 0; c < names.size(); ++c) {
      const Json& item = golden.find_case(names[c]);
      const auto ours = logits_at_once(engine, ids_of(item["ids"])).back();
      for (size_t m = 0; m < mistakes.size(); ++m) {
        const auto begin = mutated.values.begin() + static_cast<ptrdiff_t>((m * names.size() + c) * vocab);
        const formats::NpyArray row{{1, vocab}, {begin, begin + static_cast<ptrdiff_t>(vocab)}};
        const double difference = largest_difference(row, Json::array({0}), {ours});
        const bool matters = mistakes[m]["max_abs_diff"][names[c]].get<double>() > 0;
        EXPECT_EQ(difference > item["tolerance_float32"].get<double>(), matters)
            << mistakes[m]["name"] << ", " << names[c] << ": " << difference;
        ++compared;
      }
    }
  });
  EXPECT_GT(compared, 0u);
}

// What comes out when keys that were rotated with the short factors stay in the cache beyond the switch.
TEST(ModelGolden, AStaleCacheIsOutsideTheTolerance) {
  size_t compared = 0;
  for_each_model_and_set([&](const GoldenModel& golden, const models::ModelSource& source, const kernels::KernelSet& set) {
    if (!golden.cases.contains("stale_cache")) return;
    const Json& stale = golden.cases["stale_cache"];
    if (!stale.contains("logits")) return;
    const Json& item = golden.find_case(stale["case"]);
    Engine engine(source, exact_options(set));
    const auto ours = logits_in_pieces(engine, ids_of(item["ids"]), stale["sizes"].get<std::vector<size_t>>());
    EXPECT_GT(largest_difference(golden.array(stale["logits"]), stale["rows"], ours), item["tolerance_float32"].get<double>());
    ++compared;
  });
  EXPECT_GT(compared, 0u);
}

}  // namespace
}  // namespace aurea
