// What is kept of an unfinished rounding.
#include "quantization/feedback/rounding_work.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/test_support.h"

namespace aurea::quantization {
namespace {

namespace fs = std::filesystem;

class RoundingWorkTest : public testing::Test {
 protected:
  RoundingWorkTest() : source_(models::ModelSource::open(test::demo_model_dir())), types_(source_.description().tensors.size()) {
    for (models::TensorId id = 0; id < types_.size(); ++id) {
      if (source_.description().tensors[id].shape.size() == 2) types_[id] = QuantType::kQ4_K;
    }
    matrix_ = {*tensor_named("blk.0.ffn_up.weight")};
  }

  std::optional<models::TensorId> tensor_named(const std::string& name) const {
    for (models::TensorId id = 0; id < types_.size(); ++id) {
      if (source_.description().tensors[id].name == name) return id;
    }
    return std::nullopt;
  }

  std::unique_ptr<RoundingWork> open(const std::string& fingerprint = "same") {
    return std::make_unique<RoundingWork>(folder_.path() / "made.gguf", source_, types_, 100, fingerprint, nullptr);
  }

  OutputCurvature curvature() const {
    OutputCurvature sums;
    const size_t width = source_.params().hidden;
    sums.n_tokens = 11;
    sums.logit_mean = 0.25;
    sums.embedding.assign(width * (width + 1), 3.0f);
    sums.final_rows.assign(width * (width + 1), 4.0f);
    sums.matrices[matrix_].n_rows = 12;
    const size_t n_out = source_.tensor(matrix_.tensor).rows();
    for (size_t first = 0; first < n_out; first += kOutputGroup) {
      const size_t n = std::min(kOutputGroup, n_out - first);
      sums.matrices[matrix_].groups.emplace_back(n * (n + 1), static_cast<float>(first));
    }
    return sums;
  }

  void add_matrix(RoundingWork& work) const {
    const TensorView& matrix = source_.tensor(matrix_.tensor);
    work.add(matrix_, QuantType::kQ4_K, matrix.rows(), matrix.cols(), encoded());
  }
  std::vector<std::byte> encoded() const {
    const TensorView& matrix = source_.tensor(matrix_.tensor);
    return std::vector<std::byte>(matrix.rows() * row_bytes(QuantType::kQ4_K, matrix.cols()), std::byte{0x5A});
  }

  test::ScratchDir folder_;
  models::ModelSource source_;
  std::vector<std::optional<QuantType>> types_;
  MatrixId matrix_{};
};

TEST_F(RoundingWorkTest, GoesOnWithTextThenCurvatureThenMatrices) {
  const std::vector<int32_t> tokens{5, 6, 7, 8};
  {
    auto work = open();
    EXPECT_FALSE(work->text());
    work->put_text({tokens, 2});
    EXPECT_TRUE(work->keep());
  }
  {
    auto work = open();
    ASSERT_TRUE(work->text());
    EXPECT_EQ(work->text()->tokens, tokens);
    EXPECT_EQ(work->text()->length, 2u);
    EXPECT_FALSE(work->has_curvature());
    work->put_curvature(curvature());
    work->keep();
  }
  {
    auto work = open();
    EXPECT_TRUE(work->has_curvature());
    const OutputCurvature sums = work->curvature();
    EXPECT_EQ(sums.n_tokens, 11u);
    EXPECT_EQ(sums.logit_mean, 0.25);
    EXPECT_EQ(sums.embedding.front(), 3.0f);
    EXPECT_EQ(sums.final_rows.back(), 4.0f);
    EXPECT_EQ(work->load(matrix_).n_rows, 12u);
    EXPECT_EQ(work->load(matrix_).groups.back().front(), static_cast<float>((work->load(matrix_).groups.size() - 1) * kOutputGroup));
    EXPECT_EQ(work->load({*tensor_named("blk.0.ffn_down.weight")}).n_rows, 0u);
    add_matrix(*work);
    work->keep();
  }
  {
    auto work = open();
    ASSERT_EQ(work->matrices().size(), 1u);
    const TensorView& view = work->matrices().at(matrix_);
    EXPECT_EQ(view.type, QuantType::kQ4_K);
    EXPECT_EQ(std::vector(view.data.begin(), view.data.end()), encoded());
  }
  EXPECT_TRUE(fs::is_empty(folder_.path()));  // not kept this time
}

TEST_F(RoundingWorkTest, WhatIsDamagedOrOfOtherOptionsIsNotTaken) {
  for (const bool damaged : {true, false}) {
    {
      auto work = open();
      work->put_text({{1, 2}, 2});
      work->put_curvature(curvature());
      add_matrix(*work);
      work->keep();
    }
    if (damaged) {
      std::fstream file(folder_.path() / ".unfinished-made.gguf.matrices", std::ios::in | std::ios::out);
      file.seekp(1000);
      file.put('x');
    }
    auto work = open(damaged ? "same" : "another");
    EXPECT_TRUE(work->matrices().empty());
    EXPECT_EQ(work->text().has_value(), damaged);
    EXPECT_NE(work->remark(), "");
  }
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

}  // namespace
}  // namespace aurea::quantization
