// Collection against a sum made by hand, and that its bytes depend neither on threads nor passes nor interruptions.
#include "quantization/collect_importance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "core/error.h"
#include "models/test_checkpoint.h"
#include "quantization/self_calibration.h"
#include "tests/support/test_support.h"

namespace aurea::quantization {
namespace {

using testing::ElementsAre;

/// Plain ids of the demonstration model.
std::vector<Chunk> some_chunks(size_t n, size_t length) {
  std::vector<Chunk> chunks(n, Chunk(length));
  for (size_t c = 0; c < n; ++c) {
    for (size_t i = 0; i < length; ++i) chunks[c][i] = static_cast<int32_t>(300 + (c * 911 + i * i * 37) % 3000);
  }
  return chunks;
}

engine::EngineOptions engine_options(unsigned threads, size_t batch_tokens) {
  engine::EngineOptions options;
  options.n_threads = threads;
  options.batch_tokens = batch_tokens;
  return options;
}

Importance collect(const models::ModelSource& source, const std::vector<Chunk>& chunks, unsigned threads,
                   size_t batch_tokens, bool output = false) {
  engine::Engine engine(source, engine_options(threads, batch_tokens));
  Importance sums;
  collect_importance(engine, chunks, {.output = output}, sums, [] {});
  return sums;
}

std::string bytes_of(const Importance& importance) {
  const test::ScratchDir scratch;
  importance.write(scratch / "a", false);
  return test::read_file(scratch / "a");
}

models::ModelSource demo() { return models::ModelSource::open(test::demo_model_dir()); }

models::ModelSource mixture(const std::filesystem::path& folder) {
  models::test::write_small_mixture(folder, 5);
  return models::ModelSource::open(folder);
}

TEST(CollectImportance, IsTheSumOfSquaresOfWhatEveryMatrixSees) {
  const auto source = demo();
  const auto chunks = some_chunks(3, 20);
  const Importance found = collect(source, chunks, 2, 64);
  EXPECT_EQ(found.chunk_count, 3u);
  EXPECT_EQ(found.entries().size(), 6 * 4);
  EXPECT_FALSE(found.has("output.weight"));

  // The same one sequence at a time, by another observer.
  std::map<std::string, std::vector<double>> expected;
  engine::Engine engine(source, engine_options(1, 512));
  engine.set_input_observer([&](const engine::MatrixInput& input) {
    auto& sums = expected[source.description().tensors[input.weight].name];
    sums.resize(input.n_cols);
    for (size_t r = 0; r < input.n_rows; ++r) {
      for (size_t j = 0; j < input.n_cols; ++j) sums[j] += std::pow(static_cast<double>(input.row(r)[j]), 2);
    }
  });
  for (const Chunk& chunk : chunks) {
    const engine::ScopedSequence sequence(engine);
    const engine::StepItem item{sequence.id(), chunk, engine::WantLogits::kNone};
    engine.step({&item, 1}, [](size_t, size_t, std::span<const float>) {});
  }
  for (const auto& [name, entry] : found.entries()) {
    EXPECT_THAT(entry.counts, ElementsAre(60)) << name;
    ASSERT_EQ(entry.sums.size(), expected.at(name).size()) << name;
    for (size_t j = 0; j < entry.sums.size(); ++j) {
      EXPECT_NEAR(entry.sums[j], expected[name][j], 1e-6 * expected[name][j]) << name << " column " << j;
    }
  }
}

TEST(CollectImportance, BytesDependNeitherOnThreadsNorOnPasses) {
  const auto source = demo();
  const auto chunks = some_chunks(5, 24);
  const std::string expected = bytes_of(collect(source, chunks, 1, 24));  // a chunk in each pass
  EXPECT_EQ(bytes_of(collect(source, chunks, 3, 24)), expected);
  EXPECT_EQ(bytes_of(collect(source, chunks, 2, 7)), expected) << "chunks cut into passes";
  EXPECT_EQ(bytes_of(collect(source, chunks, 2, 50)), expected) << "two chunks in a pass";
  EXPECT_EQ(bytes_of(collect(source, chunks, 2, 512)), expected) << "all in one";
}

TEST(CollectImportance, ExpertsCountTheirOwnRows) {
  const test::ScratchDir scratch;
  const auto source = mixture(scratch / "model");
  std::vector<Chunk> chunks(4, Chunk(10));
  for (size_t c = 0; c < 4; ++c) std::iota(chunks[c].begin(), chunks[c].end(), static_cast<int32_t>(5 * c));
  const Importance found = collect(source, chunks, 2, 64);
  for (const char* name : {"blk.0.ffn_gate_exps.weight", "blk.0.ffn_up_exps.weight", "blk.0.ffn_down_exps.weight"}) {
    const ImportanceEntry& entry = found.entries().at(name);
    EXPECT_EQ(entry.n_mat, 5u);
    EXPECT_EQ(std::accumulate(entry.counts.begin(), entry.counts.end(), 0.0f), 2 * 40)
        << "every token goes to two experts";
    for (uint64_t expert = 0; expert < 5; ++expert) {
      const float sum =
          *std::max_element(entry.sums.begin() + static_cast<std::ptrdiff_t>(expert * entry.n_in()),
                            entry.sums.begin() + static_cast<std::ptrdiff_t>((expert + 1) * entry.n_in()));
      EXPECT_EQ(entry.counts[expert] > 0, sum > 0);
    }
  }
  EXPECT_THAT(found.entries().at("blk.0.ffn_gate_inp.weight").counts, ElementsAre(40)) << "the router";
  // What the experts of a token see together is what the router sees, twice.
  const ImportanceEntry &gate = found.entries().at("blk.0.ffn_gate_exps.weight"),
                        &router = found.entries().at("blk.0.ffn_gate_inp.weight");
  for (size_t j = 0; j < 64; ++j) {
    float sum = 0;
    for (size_t expert = 0; expert < 5; ++expert) sum += gate.sums[expert * 64 + j];
    EXPECT_NEAR(sum, 2 * router.sums[j], 1e-5 * sum);
  }
  EXPECT_EQ(bytes_of(found), bytes_of(collect(source, chunks, 1, 6)));
}

TEST(CollectImportance, TheOutputMatrixIfAskedFor) {
  const auto source = demo();
  const Importance found = collect(source, some_chunks(2, 40), 2, 64, true);
  EXPECT_EQ(found.entries().size(), 6 * 4 + 1);
  EXPECT_THAT(found.entries().at("output.weight").counts, ElementsAre(80));
  EXPECT_EQ(bytes_of(found), bytes_of(collect(source, some_chunks(2, 40), 1, 40, true)));
}

TEST(CollectImportance, GoesOnFromASavedFileToTheSameBytes) {
  const test::ScratchDir scratch;
  const auto source = demo();
  const auto chunks = some_chunks(7, 16);
  const std::string whole = bytes_of(collect(source, chunks, 2, 16));
  engine::Engine engine(source, engine_options(2, 16));
  for (const size_t stop : {1, 3, 6}) {
    Importance sums;
    CancelToken cancel;
    const auto stop_there = [&] {
      if (sums.chunk_count == stop) cancel.request();
    };
    EXPECT_THROW(collect_importance(engine, chunks, {.cancel = &cancel}, sums, stop_there), Error);
    EXPECT_EQ(sums.chunk_count, stop);
    sums.write(scratch / "part", true);
    Importance again = Importance::read(scratch / "part");
    collect_importance(engine, chunks, {}, again, [] {});
    EXPECT_EQ(bytes_of(again), whole);
  }
}

TEST(CollectImportance, CutsTextLikeLlamaCpp) {
  std::vector<int32_t> tokens(11);
  std::iota(tokens.begin(), tokens.end(), 10);
  EXPECT_THAT(cut_into_chunks(tokens, 4, std::nullopt), ElementsAre(Chunk{10, 11, 12, 13}, Chunk{14, 15, 16, 17}));
  EXPECT_THAT(cut_into_chunks(tokens, 4, 1), ElementsAre(Chunk{1, 11, 12, 13}, Chunk{1, 15, 16, 17}));
  EXPECT_TRUE(cut_into_chunks(tokens, 12, 1).empty());
}

TEST(CollectImportance, FingerprintsTellCollectionsApart) {
  const std::vector<Chunk> a = {{1, 2}, {3, 4}}, b = {{1, 2, 3, 4}}, c = {{1, 2}, {3, 5}};
  EXPECT_EQ(fingerprint(a, {}), fingerprint(a, {}));
  EXPECT_NE(fingerprint(a, {}), fingerprint(b, {}));
  EXPECT_NE(fingerprint(a, {}), fingerprint(c, {}));
  EXPECT_NE(fingerprint(a, {}), fingerprint(a, {.output = true}));
}

TEST(SelfCalibration, WritesTheSameForTheSameSeed) {
  const engine::Model model = engine::Model::load(test::demo_model_dir());
  engine::Engine one(model.source(), engine_options(1, 512)), three(model.source(), engine_options(3, 5));
  const SelfCalibration options{.sequences = 6, .length = 24, .seed = 7};
  uint64_t done = 0;
  const auto chunks = write_calibration(model, one, options, [&](uint64_t n) { done = n; });
  EXPECT_EQ(done, 6 * 24);
  EXPECT_EQ(chunks, write_calibration(model, three, options, [](uint64_t) {}));
  EXPECT_NE(chunks, write_calibration(model, one, {.sequences = 6, .length = 24, .seed = 8}, [](uint64_t) {}));
  EXPECT_EQ(options.name(), "auto:seed=7,sequences=6,length=24");
  ASSERT_EQ(chunks.size(), 6u);
  for (const Chunk& chunk : chunks) EXPECT_EQ(chunk.size(), 24u);
  EXPECT_NE(chunks[0], chunks[2]);
}

TEST(SelfCalibration, OpensWithBosAndWithATurnOfTheUser) {
  const engine::Model model = engine::Model::load(test::demo_model_dir());
  engine::Engine engine(model.source(), engine_options(2, 512));
  const auto frame = model.chat_frame();
  ASSERT_TRUE(frame);
  EXPECT_EQ(model.tokenizer().decode(frame->to_assistant, true), "<|end|><|assistant|>");
  const auto chunks = write_calibration(model, engine, {.sequences = 8, .length = 120, .seed = 1}, [](uint64_t) {});
  size_t answered = 0;
  for (size_t i = 0; i < chunks.size(); ++i) {
    const Chunk begin = i % 2 == 0 ? Chunk{*model.tokenizer().vocabulary().bos} : frame->begin;
    EXPECT_TRUE(std::equal(begin.begin(), begin.end(), chunks[i].begin())) << i;
    const Chunk& turn = frame->to_assistant;
    if (i % 2 == 1) answered += std::search(chunks[i].begin(), chunks[i].end(), turn.begin(), turn.end()) != chunks[i].end() ? 1 : 0;
  }
  EXPECT_GT(answered, 0u) << "no user's turn ever ended";
}

TEST(SelfCalibration, AModelWithoutTokenizerStartsAnywhere) {
  const test::ScratchDir scratch;
  mixture(scratch / "model");
  const engine::Model model = engine::Model::load(scratch / "model");
  engine::Engine engine(model.source(), engine_options(1, 512));
  EXPECT_FALSE(model.chat_frame());
  const auto chunks = write_calibration(model, engine, {.sequences = 6, .length = 9, .seed = 3}, [](uint64_t) {});
  std::set<int32_t> first;
  for (const Chunk& chunk : chunks) first.insert(chunk.front());
  EXPECT_GT(first.size(), 1u);
  EXPECT_THROW(write_calibration(model, engine, {.sequences = 1, .length = 65, .seed = 3}, [](uint64_t) {}), Error);
}

}  // namespace
}  // namespace aurea::quantization
