// Calibration passes against the engine (values) and against differences of their own values (gradients).
#include "quantization/calibration/segment_pass.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "codecs/codec.h"
#include "engine/engine.h"
#include "kernels/registry.h"
#include "models/test_checkpoint.h"
#include "tests/support/test_support.h"

namespace aurea::quantization {
namespace {

constexpr BatchShape kShape{2, 24};

/// The demonstration model, a mixture of experts made for the test, and one checkpoint of each architecture if the golden
/// data are there.
std::vector<std::filesystem::path> sources() {
  static const test::ScratchDir scratch;
  models::test::write_small_mixture(scratch / "mixture", 5);
  std::vector<std::filesystem::path> paths = {test::demo_model_dir(), scratch / "mixture"};
  for (const char* name : {"phi", "phi-qknorm", "phi3-window", "phimoe"}) {
    if (const auto found = test::find_golden(std::string("models/") + name)) paths.push_back(*found);
  }
  return paths;
}

std::vector<int32_t> some_ids(const models::ModelSource& source) {
  std::vector<int32_t> ids(kShape.n_rows());
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int32_t>((7 + 131 * i) % source.params().vocab_size);
  return ids;
}

std::vector<float> embed(const models::ModelSource& source, const std::vector<int32_t>& ids) {
  const auto& op = std::get<models::Embedding>(source.description().graph.nodes.front().op);
  const TensorView& table = source.tensor(op.table);
  std::vector<float> rows(ids.size() * table.cols());
  for (size_t i = 0; i < ids.size(); ++i) {
    codecs::codec(table.type).decode(table.row(static_cast<uint64_t>(ids[i])), rows.data() + i * table.cols(), table.cols());
  }
  return rows;
}

std::vector<float> copy_rows(Rows rows) {
  std::vector<float> values;
  for (size_t r = 0; r < kShape.n_rows(); ++r) values.insert(values.end(), rows.row(r), rows.row(r) + rows.width);
  return values;
}

TEST(SegmentPass, ValuesAreTheEngines) {
  for (const auto& path : sources()) {
    const models::ModelSource source = models::ModelSource::open(path);
    ThreadPool pool(2);
    const auto& kernels = kernels::select_kernel_set(std::nullopt);
    const std::vector<int32_t> ids = some_ids(source);
    std::vector<float> x = embed(source, ids);
    const std::vector<Segment> segments = cut_into_segments(source.description().graph);
    for (size_t s = 1; s < segments.size(); ++s) {
      SegmentPass pass(source, kernels, pool, segments[s], kShape.n_rows());
      x = copy_rows(pass.forward(kShape, x));
    }
    const auto& output = std::get<models::Linear>(source.description().graph.nodes.back().op);
    const TensorView& weight = source.tensor(output.weight);

    engine::EngineOptions options;
    options.kv_type = kernels::KvType::kF32;
    engine::Engine engine(source, options);
    double worst = 0, largest = 0;
    std::vector<float> row(weight.cols());
    for (size_t sequence = 0; sequence < kShape.n_sequences; ++sequence) {
      const auto id = engine.create_sequence();
      const engine::StepItem item{id, std::span(ids).subspan(sequence * kShape.length, kShape.length), engine::WantLogits::kAll};
      engine.step({&item, 1}, [&](size_t, size_t index, std::span<const float> logits) {
        const float* values = x.data() + (sequence * kShape.length + index) * weight.cols();
        for (size_t token = 0; token < logits.size(); token += 37) {
          codecs::codec(weight.type).decode(weight.row(token), row.data(), row.size());
          double sum = 0;
          for (size_t c = 0; c < row.size(); ++c) sum += static_cast<double>(row[c]) * values[c];
          if (output.bias) {
            float bias = 0;
            const TensorView& view = source.tensor(*output.bias);
            codecs::codec(view.type).decode(view.data.data() + row_bytes(view.type, token), &bias, 1);
            sum += bias;
          }
          worst = std::max(worst, std::abs(sum - static_cast<double>(logits[token])));
          largest = std::max(largest, std::abs(sum));
        }
      });
    }
    EXPECT_LT(worst, 2e-4 * largest) << path;
  }
}

/// f(x) = <c, segment(x)>: its derivative along v must be <gradient, v>. Differences of float32 values allow 1 % here; a
/// term left out of any op's gradient costs far more.
TEST(SegmentPass, GradientsAreTheSlopesOfTheValues) {
  for (const auto& path : sources()) {
    const models::ModelSource source = models::ModelSource::open(path);
    ThreadPool pool(2);
    const auto& kernels = kernels::select_kernel_set(std::nullopt);
    std::vector<float> x = embed(source, some_ids(source));
    const std::vector<Segment> segments = cut_into_segments(source.description().graph);
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    for (size_t s = 1; s < segments.size(); ++s) {
      SegmentPass pass(source, kernels, pool, segments[s], kShape.n_rows());
      const std::vector<float> y = copy_rows(pass.forward(kShape, x));
      std::vector<float> c(y.size()), v(x.size());
      for (float& value : c) value = normal(random);
      for (float& value : v) value = normal(random);
      const std::span<const float> gradient = pass.backward(c, [](const MatrixRows&) {});
      double expected = 0, squares = 0;
      for (size_t i = 0; i < v.size(); ++i) {
        expected += static_cast<double>(gradient[i]) * v[i];
        squares += static_cast<double>(gradient[i]) * gradient[i];
      }
      const bool routed = std::ranges::any_of(segments[s].nodes, [](const models::Node& node) { return std::holds_alternative<models::Experts>(node.op); });
      double scale = 0;
      for (const float value : x) scale += static_cast<double>(value) * value;
      const auto step = static_cast<float>(3e-3 * std::sqrt(scale / static_cast<double>(x.size())));
      const auto value_at = [&](float amount) {
        std::vector<float> moved = x;
        for (size_t i = 0; i < x.size(); ++i) moved[i] += amount * v[i];
        const std::vector<float> result = copy_rows(pass.forward(kShape, moved));
        double sum = 0;
        for (size_t i = 0; i < c.size(); ++i) sum += static_cast<double>(c[i]) * result[i];
        return sum;
      };
      const double slope = (value_at(step) - value_at(-step)) / (2.0 * step);
      // The routers' own gradient is left out on purpose (experts_op.cpp).
      if (!routed) {
        EXPECT_NEAR(slope, expected, 0.01 * std::sqrt(squares)) << path << " segment " << s;
      }
      x = y;
    }
  }
}

TEST(SegmentPass, TheSinkSeesWhatEveryMatrixIsMultipliedWith) {
  const models::ModelSource source = models::ModelSource::open(test::demo_model_dir());
  ThreadPool pool(2);
  const std::vector<Segment> segments = cut_into_segments(source.description().graph);
  std::vector<float> x = embed(source, some_ids(source));
  const auto& kernels = kernels::select_kernel_set(std::nullopt);
  SegmentPass pass(source, kernels, pool, segments[1], kShape.n_rows());
  const std::vector<float> y = copy_rows(pass.forward(kShape, x));
  std::vector<std::string> seen;
  pass.backward(std::vector<float>(y.size(), 1.0f), [&](const MatrixRows& rows) {
    const models::TensorSpec& spec = source.description().tensors[rows.weight.tensor];
    seen.push_back(spec.name);
    EXPECT_EQ(rows.x.width, spec.shape[1]);
    EXPECT_EQ(rows.dy.width, spec.shape[0]);
    EXPECT_EQ(rows.n_rows, kShape.n_rows());
  });
  EXPECT_EQ(seen, (std::vector<std::string>{"blk.0.attn_output.weight", "blk.0.attn_qkv.weight"}));
}

}  // namespace
}  // namespace aurea::quantization
