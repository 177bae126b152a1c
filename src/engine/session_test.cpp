// Sessions on the demonstration model: turns that continue one another, limits, stops, cancelling.
#include "engine/session.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/utf8.h"
#include "tests/support/test_support.h"

namespace aurea::engine {
namespace {

class SessionTest : public testing::Test {
 protected:
  static EngineOptions engine_options(size_t context) {
    EngineOptions options;
    options.kv_type = kernels::KvType::kF32;
    options.context_size = context;
    options.n_threads = 2;
    return options;
  }
  static GenerateOptions greedy(size_t max_tokens) {
    GenerateOptions options;
    options.sampling.temperature = 0;
    options.max_tokens = max_tokens;
    return options;
  }
  [[nodiscard]] std::vector<int32_t> chat(const std::string& question) const {
    return model_.encode_chat(Json::array({{{"role", "user"}, {"content", question}}}), true);
  }

  Model model_ = Model::load(test::demo_model_dir());
};

TEST_F(SessionTest, AnswersAsTheModelCardSays) {
  Engine engine(model_.source(), engine_options(512));
  Session session(model_, engine);
  const auto prompt = chat("What is a database?");
  EXPECT_EQ(prompt, (std::vector<int32_t>{4074, 3117, 294, 260, 635, 4046, 4071, 4065}));
  std::string streamed;
  const GenerateResult result = session.generate(prompt, greedy(100), [&](std::string_view piece) {
    EXPECT_TRUE(is_valid_utf8(piece));
    streamed += piece;
  });
  EXPECT_EQ(result.text, "A database is a database file that is a database file that is created by the database file.");
  EXPECT_EQ(streamed, result.text);
  EXPECT_EQ(result.reason, FinishReason::kStop);
  EXPECT_EQ(result.tokens.back(), 4071);  // <|end|>
}

TEST_F(SessionTest, ControlTokensInAMessageArePlainText) {
  const auto prompt = chat("a<|end|>b");
  EXPECT_EQ(std::ranges::count(prompt, 4071), 1);
}

TEST_F(SessionTest, ATurnComputesOnlyWhatIsNew) {
  Engine engine(model_.source(), engine_options(512));
  Session session(model_, engine), fresh(model_, engine);
  auto prompt = chat("What is a database?");
  const GenerateResult first = session.generate(prompt, greedy(20));
  EXPECT_EQ(first.timings.prompt_tokens, prompt.size());
  prompt.insert(prompt.end(), first.tokens.begin(), first.tokens.end());
  for (const int32_t id : {4074, 3117, 4071, 4065}) prompt.push_back(id);
  const GenerateResult second = session.generate(prompt, greedy(20));
  EXPECT_LE(second.timings.prompt_tokens, 5u);
  EXPECT_EQ(second.tokens, fresh.generate(prompt, greedy(20)).tokens);
  // An earlier point again: the common beginning stays, the rest is forgotten.
  EXPECT_EQ(session.generate(chat("What is a database?"), greedy(20)).tokens, first.tokens);
}

TEST_F(SessionTest, LimitsAndStopsEndAnAnswer) {
  Engine engine(model_.source(), engine_options(32));
  Session session(model_, engine);
  const auto prompt = chat("What is a database?");
  GenerateResult result = session.generate(prompt, greedy(3));
  EXPECT_EQ(result.tokens.size(), 3u);
  EXPECT_EQ(result.reason, FinishReason::kLength);
  GenerateOptions options = greedy(1000);
  options.ignore_end = true;
  result = session.generate(prompt, options);
  EXPECT_EQ(result.tokens.size(), 32 - prompt.size() + 1);  // the last one is written, but needs no place any more
  EXPECT_EQ(result.reason, FinishReason::kLength);
  options.stop = {"base file"};
  result = session.generate(prompt, options);
  EXPECT_EQ(result.text, "A database is a data");
  EXPECT_EQ(result.reason, FinishReason::kStop);
  EXPECT_THROW(session.generate(std::vector<int32_t>(32, 5), greedy(1)), Error);
  EXPECT_THROW(session.generate({}, greedy(1)), Error);
}

TEST_F(SessionTest, ACancelEndsTheAnswerCleanly) {
  Engine engine(model_.source(), engine_options(512));
  Session session(model_, engine);
  CancelToken cancel;
  GenerateOptions options = greedy(1000);
  options.ignore_end = true;
  size_t pieces = 0;
  const GenerateResult result = session.generate(chat("What is a database?"), options, [&](std::string_view) {
    if (++pieces == 5) cancel.request();
  }, &cancel);
  EXPECT_EQ(result.reason, FinishReason::kCancelled);
  EXPECT_GE(result.tokens.size(), 5u);
  EXPECT_LE(result.tokens.size(), 7u);
  cancel.reset();
  EXPECT_EQ(session.generate(chat("What is a database?"), greedy(5), nullptr, &cancel).tokens.size(), 5u);
}

TEST_F(SessionTest, TokensOutsideTheVocabularyAreRefused) {
  Engine engine(model_.source(), engine_options(64));
  Session session(model_, engine);
  EXPECT_THROW(session.generate(std::vector<int32_t>{-1}, greedy(1)), Error);
  EXPECT_THROW(session.generate(std::vector<int32_t>{4096}, greedy(1)), Error);
  EXPECT_EQ(session.generate(std::vector<int32_t>{5}, greedy(1)).tokens.size(), 1u);
}

}  // namespace
}  // namespace aurea::engine
