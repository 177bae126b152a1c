// What an input observer is shown: the very rows that each matrix is multiplied with.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "codecs/codec.h"
#include "engine/engine.h"
#include "models/test_checkpoint.h"
#include "tests/support/test_support.h"

namespace aurea::engine {
namespace {

using Rows = std::map<size_t, std::vector<float>>;  // by token

std::vector<float> multiply(const TensorView& weight, const std::vector<float>& x) {
  std::vector<float> row(weight.cols()), product;
  for (uint64_t r = 0; r < weight.rows(); ++r) {
    codecs::codec(weight.type).decode(weight.row(r), row.data(), row.size());
    double sum = 0;
    for (size_t c = 0; c < row.size(); ++c) sum += static_cast<double>(row[c]) * static_cast<double>(x[c]);
    product.push_back(static_cast<float>(sum));
  }
  return product;
}

void expect_near(const std::vector<float>& found, const std::vector<float>& expected, const std::string& what) {
  ASSERT_EQ(found.size(), expected.size()) << what;
  double error = 0, size = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    error += std::pow(static_cast<double>(found[i]) - static_cast<double>(expected[i]), 2);
    size += std::pow(static_cast<double>(expected[i]), 2);
  }
  ASSERT_GT(size, 0) << what;
  EXPECT_LT(std::sqrt(error / size), 1e-4) << what;
}

/// All that one step of `tokens` shows: by weight and part, the rows by token.
struct Recording {
  std::map<std::pair<std::string, size_t>, Rows> inputs;
  std::map<std::string, Rows> values;  // the outputs of the nodes

  Recording(const models::ModelSource& source, std::span<const int32_t> tokens) {
    Engine engine(source, {.n_threads = 2, .batch_tokens = 4, .kv_type = kernels::KvType::kF32, .kernel_set = {}});
    size_t first = 0;  // token of the pass's first row; the last value of a pass is made after all its rows were seen
    engine.set_input_observer([&](const MatrixInput& input) {
      first = input.tokens.front().position;
      Rows& rows = inputs[{source.description().tensors[input.weight].name, input.part}];
      for (size_t r = 0; r < input.n_rows; ++r) {
        const size_t token = input.tokens[input.token_of(r)].position;
        EXPECT_TRUE(rows.emplace(token, std::vector<float>(input.row(r), input.row(r) + input.n_cols)).second);
      }
    });
    engine.set_observer([&](const std::string& name, const Slot& slot, size_t n_rows) {
      for (size_t r = 0; r < n_rows; ++r) values[name][first + r] = {slot.row(r), slot.row(r) + slot.width};
    });
    const ScopedSequence sequence(engine);
    const StepItem item{sequence.id(), tokens, WantLogits::kAll};
    engine.step({&item, 1}, [](size_t, size_t, std::span<const float>) {});
  }
};

const TensorView& weight_of(const models::ModelSource& source, const std::string& name, size_t part = 0) {
  for (models::TensorId id = 0; id < source.description().tensors.size(); ++id) {
    if (source.description().tensors[id].name == name) return source.parts(id)[part];
  }
  throw std::runtime_error(name);
}

TEST(InputObserver, SeesTheRowsOfEveryLinearLayer) {
  const auto source = models::ModelSource::open(test::demo_model_dir());
  const std::vector<int32_t> tokens = {1, 300, 301, 302, 303, 304, 305, 306, 307, 308};  // three passes
  Recording recording(source, tokens);
  EXPECT_EQ(recording.inputs.size(), 6 * 4 + 1);
  for (const std::string layer : {"blk.0.attn_qkv", "blk.3.attn_output", "blk.2.ffn_up", "blk.5.ffn_down"}) {
    const Rows& rows = recording.inputs.at({layer + ".weight", 0});
    ASSERT_EQ(rows.size(), tokens.size()) << layer;
    for (const auto& [token, row] : rows) {
      expect_near(recording.values.at(layer).at(token), multiply(weight_of(source, layer + ".weight"), row), layer);
    }
  }
  EXPECT_EQ(recording.inputs.at({"output.weight", 0}).size(), tokens.size());
}

TEST(InputObserver, SeesEachExpertsRows) {
  const test::ScratchDir scratch;
  models::test::write_small_mixture(scratch / "model", 5);
  const auto source = models::ModelSource::open(scratch / "model");
  const std::vector<int32_t> tokens = {1, 5, 9, 30, 2, 7, 7, 8, 31};
  Recording recording(source, tokens);

  size_t n_rows = 0, n_experts = 0;
  for (size_t expert = 0; expert < 5; ++expert) {
    const auto found = recording.inputs.find({"blk.0.ffn_gate_exps.weight", expert});
    if (found == recording.inputs.end()) continue;
    const Rows &gate = found->second, &up = recording.inputs.at({"blk.0.ffn_up_exps.weight", expert});
    const Rows& down = recording.inputs.at({"blk.0.ffn_down_exps.weight", expert});
    EXPECT_EQ(gate, up);
    ASSERT_EQ(gate.size(), down.size());
    for (const auto& [token, row] : gate) {
      EXPECT_EQ(row, recording.inputs.at({"blk.0.ffn_gate_inp.weight", 0}).at(token)) << "the router sees the same";
      std::vector<float> inner = multiply(weight_of(source, "blk.0.ffn_gate_exps.weight", expert), row);
      const std::vector<float> factor = multiply(weight_of(source, "blk.0.ffn_up_exps.weight", expert), row);
      for (size_t i = 0; i < inner.size(); ++i) inner[i] = factor[i] * inner[i] / (1 + std::exp(-inner[i]));
      expect_near(down.at(token), inner, "the gated product");
    }
    n_rows += gate.size();
    ++n_experts;
  }
  EXPECT_EQ(n_rows, 2 * tokens.size());
  EXPECT_GE(n_experts, 2u);
}

}  // namespace
}  // namespace aurea::engine
