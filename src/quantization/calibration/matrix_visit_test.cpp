// What the visitor of a model's matrices is told, against sums made from the segments' own values.
#include "quantization/calibration/matrix_visit.h"

#include <gtest/gtest.h>

#include <cmath>

#include "codecs/codec.h"
#include "kernels/registry.h"
#include "models/test_checkpoint.h"
#include "quantization/calibration/calibrator.h"
#include "tests/support/test_support.h"

namespace aurea::quantization {
namespace {

constexpr CalibrateOptions kOptions{.length = 24, .batch_rows = 48};
constexpr size_t kTokens = 5 * 24;  // batches of 48, 48 and 24

std::vector<int32_t> some_ids(const models::ModelSource& source) {
  std::vector<int32_t> ids(kTokens + 7);
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int32_t>((7 + 131 * i) % source.params().vocab_size);
  return ids;
}

struct Seen {
  MatrixId id;
  MatrixInputs inputs;
};

class Recorder : public MatrixVisitor {
 public:
  std::vector<Seen> seen;
  std::vector<MatrixId> unwanted;
  bool wants(MatrixId id) override { return std::ranges::find(unwanted, id) == unwanted.end(); }
  void visit(MatrixId id, const MatrixInputs& inputs) override { seen.push_back({id, inputs}); }
};

std::vector<Seen> visit(const models::ModelSource& source, const Replacements* replacements, Recorder recorder = {}) {
  ThreadPool pool(2);
  const std::vector<int32_t> ids = some_ids(source);
  uint64_t done = 0;
  visit_matrices(source, ids, kOptions, replacements, recorder, kernels::select_kernel_set(std::nullopt), pool, [&](uint64_t now) { done = now; }, nullptr);
  EXPECT_EQ(done, matrix_visit_work(source, kTokens, replacements != nullptr));
  return std::move(recorder.seen);
}

std::vector<std::string> names(const models::ModelSource& source, const std::vector<Seen>& seen) {
  std::vector<std::string> names;
  for (const Seen& one : seen) names.push_back(source.description().tensors[one.id.tensor].name);
  return names;
}

std::vector<float> decoded(const TensorView& matrix) {
  std::vector<float> values(matrix.elements());
  const auto decode = codecs::codec(matrix.type).decode;
  for (size_t r = 0; r < matrix.rows(); ++r) decode(matrix.row(r), values.data() + r * matrix.cols(), matrix.cols());
  return values;
}

TensorView as_view(const std::vector<float>& values, const TensorView& like) { return {QuantType::kF32, like.shape, std::as_bytes(std::span(values))}; }

double largest(const std::vector<float>& values) {
  double most = 0;
  for (const float value : values) most = std::max(most, std::abs(static_cast<double>(value)));
  return most;
}

TEST(VisitMatrices, ComeInTheOrderOfExecutionWithTheSumsOfTheirInputs) {
  const models::ModelSource source = models::ModelSource::open(test::demo_model_dir());
  const std::vector<Seen> seen = visit(source, nullptr);
  const std::vector<std::string> order = names(source, seen);
  ASSERT_EQ(order.size(), 4 * source.params().n_layers + 1);
  EXPECT_EQ(std::vector(order.begin(), order.begin() + 5),
            (std::vector<std::string>{"blk.0.attn_qkv.weight", "blk.0.attn_output.weight", "blk.0.ffn_up.weight", "blk.0.ffn_down.weight", "blk.1.attn_qkv.weight"}));
  EXPECT_EQ(order.back(), "output.weight");

  // The second block of matrices again, sequence by sequence: what the gradients' pass says that they saw.
  ThreadPool pool(2);
  const auto& kernels = kernels::select_kernel_set(std::nullopt);
  const std::vector<Segment> segments = cut_into_segments(source.description().graph);
  const std::vector<int32_t> ids = some_ids(source);
  std::map<MatrixId, std::vector<double>> sums;
  for (size_t sequence = 0; sequence < kTokens / kOptions.length; ++sequence) {
    const BatchShape shape{1, kOptions.length};
    std::vector<float> x(kOptions.length * source.params().hidden);
    embed_tokens(source.tensor(embedding_id(source).tensor), std::span(ids).subspan(sequence * shape.length, shape.length), x.data(), pool);
    for (size_t s = 1; s <= 2; ++s) {
      SegmentPass pass(source, kernels, pool, segments[s], shape.n_rows());
      const Rows y = pass.forward(shape, x);
      x.assign(y.data, y.data + x.size());
      pass.backward(x, [&](const MatrixRows& rows) {
        std::vector<double>& sum = sums[rows.weight];
        sum.resize(rows.x.width);
        for (size_t r = 0; r < rows.n_rows; ++r) {
          for (size_t c = 0; c < rows.x.width; ++c) sum[c] += static_cast<double>(rows.x.row(r)[c]) * rows.x.row(r)[0];
        }
      });
    }
  }
  ASSERT_EQ(sums.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    const MatrixInputs& inputs = seen[i].inputs;
    EXPECT_EQ(inputs.n_rows, kTokens);
    EXPECT_TRUE(inputs.drift.empty());
    const std::vector<double>& want = sums.at(seen[i].id);
    for (size_t c = 0; c < inputs.n_in; ++c) ASSERT_NEAR(inputs.gram[c], want[c], 1e-5 * largest(inputs.gram)) << order[i] << " " << c;
  }
}

TEST(VisitMatrices, EqualReplacementsDoNotDrift) {
  const models::ModelSource source = models::ModelSource::open(test::demo_model_dir());
  const std::vector<Seen> plain = visit(source, nullptr);
  std::vector<std::vector<float>> values;
  values.reserve(plain.size());
  Replacements same;
  for (const Seen& one : plain) {
    const TensorView& matrix = source.parts(one.id.tensor)[one.id.part];
    values.push_back(decoded(matrix));
    same[one.id] = as_view(values.back(), matrix);
  }
  const std::vector<Seen> seen = visit(source, &same);
  ASSERT_EQ(seen.size(), plain.size());
  for (size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].inputs.gram, plain[i].inputs.gram);
    EXPECT_EQ(largest(seen[i].inputs.drift), 0);
    EXPECT_EQ(largest(seen[i].inputs.residual_drift), 0);
  }
}

/// With the embedding doubled the first norm hides it, but for its epsilon: x' is near x, while the residual stream has r' = 2 r.
TEST(VisitMatrices, DriftIsOfInputsAndOfTheResidualStream) {
  const models::ModelSource source = models::ModelSource::open(test::demo_model_dir());
  const MatrixId table = embedding_id(source);
  std::vector<float> twice = decoded(source.tensor(table.tensor));
  for (float& value : twice) value *= 2;
  const Replacements replaced{{table, as_view(twice, source.tensor(table.tensor))}};
  const std::vector<Seen> plain = visit(source, nullptr), seen = visit(source, &replaced);
  ASSERT_GE(seen.size(), 4u);
  EXPECT_LT(largest(seen[0].inputs.drift), 0.01 * largest(plain[0].inputs.gram));  // attn_qkv
  EXPECT_TRUE(seen[0].inputs.residual_drift.empty());
  // attn_output: the stream beside it became r more.
  const MatrixInputs& output = seen[1].inputs;
  ASSERT_EQ(output.residual_drift.size(), source.params().hidden * output.n_in);
  EXPECT_GT(largest(output.residual_drift), 0);
  EXPECT_LT(largest(output.drift), 0.01 * largest(plain[1].inputs.gram));
  // ffn_up: behind a stream of which a part is doubled, the norm no longer hides it.
  EXPECT_GT(largest(seen[2].inputs.drift), 0.1 * largest(plain[2].inputs.gram));
}

TEST(VisitMatrices, OnlyThoseThatAreWanted) {
  const models::ModelSource source = models::ModelSource::open(test::demo_model_dir());
  const std::vector<Seen> all = visit(source, nullptr);
  Recorder recorder;
  recorder.unwanted = {all[0].id, all[3].id, all.back().id};
  const std::vector<Seen> some = visit(source, nullptr, recorder);
  ASSERT_EQ(some.size(), all.size() - 3);
  EXPECT_EQ(some[0].id, all[1].id);
  EXPECT_EQ(some[0].inputs.gram, all[1].inputs.gram);
}

TEST(VisitMatrices, ExpertsSeeTheTokensThatReachThem) {
  const test::ScratchDir scratch;
  models::test::write_small_mixture(scratch / "model", 5);
  const models::ModelSource source = models::ModelSource::open(scratch / "model");
  const Replacements none;
  size_t n_gate = 0, n_down = 0;
  for (const Seen& one : visit(source, &none)) {
    const std::string& name = source.description().tensors[one.id.tensor].name;
    if (name == "blk.0.ffn_gate_exps.weight") n_gate += one.inputs.n_rows;
    if (name == "blk.0.ffn_down_exps.weight") n_down += one.inputs.n_rows;
    EXPECT_EQ(largest(one.inputs.drift), 0) << name;
  }
  EXPECT_EQ(n_gate, 2 * kTokens);  // two experts for each token
  EXPECT_EQ(n_down, 2 * kTokens);
}

TEST(VisitMatrices, EveryArchitecture) {
  size_t n_models = 0;  // two of them travel with the project
  for (const char* name : {"phi", "phi-qknorm", "phi3-window", "phi3-partial-tied"}) {
    const auto path = test::find_golden(std::string("models/") + name);
    if (!path) continue;
    const models::ModelSource source = models::ModelSource::open(*path);
    ++n_models;
    const Replacements none;
    const std::vector<Seen> seen = visit(source, &none);
    size_t n_residual = 0;
    for (const Seen& one : seen) n_residual += !one.inputs.residual_drift.empty();
    EXPECT_EQ(n_residual, 2 * source.params().n_layers) << name;  // what attention and MLP give
  }
  EXPECT_GE(n_models, 2u);
}

}  // namespace
}  // namespace aurea::quantization
