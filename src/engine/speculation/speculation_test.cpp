// With any drafter, a session writes what it writes without one: token for token, whatever the sampling, and wherever
// it ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "core/error.h"
#include "engine/session.h"
#include "engine/speculation/draft_model.h"
#include "engine/speculation/prompt_lookup.h"
#include "kernels/registry.h"
#include "tests/support/test_support.h"

namespace aurea::engine {
namespace {

using Tokens = std::vector<int32_t>;

constexpr size_t kDraftTokens = 5;

/// Knows the text that will be written, and errs now and then.
class Oracle final : public Drafter {
 public:
  Oracle(Tokens text, double error, uint32_t seed) : text_(std::move(text)), error_(error), random_(seed) {}
  void begin(std::span<const int32_t>, const CancelToken*) override {}
  Tokens draft(std::span<const int32_t> text, size_t max_tokens, const CancelToken*) override {
    Tokens draft;
    for (size_t i = text.size(); i < text.size() + max_tokens; ++i) {
      const bool errs = i >= text_.size() || std::uniform_real_distribution<double>(0, 1)(random_) < error_;
      draft.push_back(errs ? static_cast<int32_t>(random_() % 4096) : text_[i]);
    }
    return draft;
  }

 private:
  const Tokens text_;
  const double error_;
  std::mt19937 random_;
};

Speculation with(std::unique_ptr<Drafter> drafter, bool adapt = false) {
  return {.drafter = std::move(drafter), .min_tokens = 1, .max_tokens = kDraftTokens, .adapt = adapt};
}

Tokens join(Tokens a, const Tokens& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

class SpeculationTest : public testing::Test {
 protected:
  /// What an answer comes to, and what the session holds then.
  struct Outcome {
    GenerateResult result;
    std::string streamed;
    size_t next_prompt_tokens = 0;  // that the turn after it has to compute
  };

  static EngineOptions engine_options(size_t context) {
    EngineOptions options;
    options.context_size = context;
    options.n_threads = 1;
    return options;
  }
  static GenerateOptions greedy(size_t max_tokens) {
    GenerateOptions options;
    options.sampling.temperature = 0;
    options.max_tokens = max_tokens;
    return options;
  }
  [[nodiscard]] Tokens chat(const std::string& question) const {
    return model_.encode_chat(Json::array({{{"role", "user"}, {"content", question}}}), true);
  }

  /// `cancel_at`: the piece of text at which the user stops the answer; 0: never.
  Outcome write(Engine& engine, const Tokens& prompt, const GenerateOptions& options, Speculation speculation,
                size_t cancel_at = 0) const {
    Session session(model_, engine, std::move(speculation));
    Outcome outcome;
    CancelToken cancel;
    size_t pieces = 0;
    outcome.result = session.generate(
        prompt, options,
        [&](std::string_view piece) {
          outcome.streamed += piece;
          if (++pieces == cancel_at) cancel.request();
        },
        &cancel);
    // A session holds what it wrote but for the last token; that, and what comes new, has to be computed.
    const Tokens next = join(join(prompt, outcome.result.tokens), {5, 6});
    if (next.size() < engine.context_size())
      outcome.next_prompt_tokens = session.generate(next, greedy(1)).timings.prompt_tokens;
    return outcome;
  }

  static void expect_same(const Outcome& plain, const Outcome& drafted) {
    EXPECT_EQ(drafted.result.tokens, plain.result.tokens);
    EXPECT_EQ(drafted.result.text, plain.result.text);
    EXPECT_EQ(drafted.streamed, plain.streamed);
    EXPECT_EQ(drafted.result.reason, plain.result.reason);
    EXPECT_EQ(drafted.result.timings.prompt_tokens, plain.result.timings.prompt_tokens);
    EXPECT_EQ(drafted.result.timings.generated_tokens, plain.result.tokens.size());
    EXPECT_EQ(drafted.next_prompt_tokens, plain.next_prompt_tokens);
    EXPECT_LE(drafted.result.timings.accepted_tokens, drafted.result.timings.drafted_tokens);
    EXPECT_LE(drafted.result.timings.accepted_tokens, drafted.result.tokens.size());
  }

  /// Writes without and with guesses, some of them wrong, and compares. Returns the timings with them.
  Timings compare(Engine& engine, const Tokens& prompt, const GenerateOptions& options, double error, uint32_t seed,
                  size_t cancel_at = 0) const {
    const Outcome plain = write(engine, prompt, options, {}, cancel_at);
    EXPECT_EQ(plain.result.timings.drafted_tokens, 0u);
    // Guesses go on beyond where the answer ends.
    GenerateOptions endless = options;
    endless.stop.clear();
    endless.max_tokens = plain.result.tokens.size() + kDraftTokens;
    const Tokens text = join(prompt, write(engine, prompt, endless, {}).result.tokens);
    const Outcome drafted =
        write(engine, prompt, options, with(std::make_unique<Oracle>(text, error, seed)), cancel_at);
    expect_same(plain, drafted);
    return drafted.result.timings;
  }

  /// A copy of the demonstration model's folder with another base of the rotation: the same vocabulary, other opinions.
  [[nodiscard]] Model other_model() const {
    std::filesystem::copy(test::demo_model_dir(), scratch_ / "other", std::filesystem::copy_options::recursive);
    const std::filesystem::path config = scratch_ / "other" / "config.json";
    Json json = Json::parse(test::read_file(config));
    json["rope_theta"] = 6000.0;
    std::filesystem::permissions(config, std::filesystem::perms::owner_write, std::filesystem::perm_options::add);
    test::write_file(config, json.dump());
    return Model::load(scratch_ / "other");
  }

  const Model model_ = Model::load(test::demo_model_dir());
  const test::ScratchDir scratch_;
};

std::vector<SamplingOptions> samplers() {
  std::vector<SamplingOptions> all(5);
  all[0].temperature = 0;
  all[2].temperature = 2, all[2].top_k = 0, all[2].top_p = 1, all[2].min_p = 0;
  all[3].repeat_penalty = 1.4f, all[3].repeat_last_n = 20, all[3].frequency_penalty = 0.3f,
  all[3].presence_penalty = 0.4f;
  all[4].temperature = 0, all[4].frequency_penalty = 0.5f, all[4].repeat_last_n = -1,
  all[4].logit_bias = {{260, -3.0f}, {294, 1.0f}};
  return all;
}

TEST_F(SpeculationTest, EverySamplerChoosesTheSame) {
  Engine engine(model_.source(), engine_options(256));
  const Tokens prompt = chat("What is a table of a database? A table of a database is");
  size_t drafted = 0, accepted = 0;
  for (const SamplingOptions& sampling : samplers()) {
    for (uint64_t seed = 1; seed <= 6; ++seed) {
      GenerateOptions options = greedy(40);
      options.sampling = sampling;
      options.sampling.seed = seed;
      options.ignore_end = seed % 2 == 0;
      const Timings timings = compare(engine, prompt, options, 0.15, static_cast<uint32_t>(seed));
      drafted += timings.drafted_tokens;
      accepted += timings.accepted_tokens;
    }
  }
  EXPECT_GT(accepted, 500u);
  EXPECT_GT(drafted - accepted, 200u);
}

TEST_F(SpeculationTest, PromptLookupAndADraftModelWriteTheSame) {
  EngineOptions options = engine_options(256);
  Engine engine(model_.source(), options);
  options.pool = engine.shared_pool();
  const Tokens prompt = chat("A file is a file that is a file. Repeat: a file is a file that is a file.");
  Speculation kinds[] = {with(std::make_unique<PromptLookup>()),
                         with(std::make_unique<DraftModel>(other_model(), options, 0.3f)),
                         with(std::make_unique<PromptLookup>(), true)};
  for (Speculation& speculation : kinds) {
    Session plain(model_, engine), drafting(model_, engine, std::move(speculation));
    Timings sum;
    for (const SamplingOptions& sampling : samplers()) {
      for (uint64_t seed = 1; seed <= 3; ++seed) {
        GenerateOptions generate = greedy(40);
        generate.sampling = sampling;
        generate.sampling.seed = seed;
        const GenerateResult expected = plain.generate(prompt, generate), found = drafting.generate(prompt, generate);
        EXPECT_EQ(found.tokens, expected.tokens);
        EXPECT_EQ(found.text, expected.text);
        EXPECT_EQ(found.timings.prompt_tokens, expected.timings.prompt_tokens);
        sum.drafted_tokens += found.timings.drafted_tokens;
        sum.accepted_tokens += found.timings.accepted_tokens;
      }
    }
    EXPECT_GT(sum.accepted_tokens, 0u);
    EXPECT_GT(sum.drafted_tokens, sum.accepted_tokens);
  }
}

TEST_F(SpeculationTest, EveryKernelSetGivesTheSame) {
  for (const kernels::KernelSet* set : kernels::available_kernel_sets()) {
    EngineOptions options = engine_options(128);
    options.kernel_set = set->name;
    Engine engine(model_.source(), options);
    GenerateOptions generate = greedy(30);
    generate.sampling.temperature = 1;
    EXPECT_GT(compare(engine, chat("What is a file?"), generate, 0.1, 7).accepted_tokens, 5u) << set->name;
  }
}

TEST_F(SpeculationTest, APerfectDraftSavesSteps) {
  Engine engine(model_.source(), engine_options(256));
  GenerateOptions options = greedy(60);
  options.ignore_end = true;
  const Timings timings = compare(engine, chat("What is a database?"), options, 0, 1);
  // Of six tokens, the draft brings five; the first one comes out of the prompt.
  EXPECT_EQ(timings.drafted_tokens, 49u);
  EXPECT_EQ(timings.accepted_tokens, 49u);
}

TEST_F(SpeculationTest, AnAnswerEndsWhereItWould) {
  const Tokens prompt = chat("What is a database?");
  Engine engine(model_.source(), engine_options(128));
  compare(engine, prompt, greedy(100), 0, 1);  // by the token that ends it, in the middle of a draft
  for (size_t n = 0; n <= 14; ++n) compare(engine, prompt, greedy(n), 0.1, static_cast<uint32_t>(n));
  for (const char* stop : {"base", " file that", "created by the", "a", "e.", "s a data"}) {
    GenerateOptions options = greedy(100);
    options.stop = {stop, "never"};
    for (uint32_t seed = 0; seed < 4; ++seed) compare(engine, prompt, options, seed * 0.1, seed);
  }
  for (size_t room = 1; room <= 14; ++room) {
    Engine narrow(model_.source(), engine_options(prompt.size() + room));
    GenerateOptions options = greedy(100);
    options.ignore_end = true;
    compare(narrow, prompt, options, 0.1, static_cast<uint32_t>(room));
  }
}

TEST_F(SpeculationTest, ACancelEndsItWhereItWould) {
  Engine engine(model_.source(), engine_options(128));
  GenerateOptions options = greedy(100);
  options.ignore_end = true;
  for (size_t piece = 1; piece <= 15; ++piece) {
    for (uint32_t seed = 0; seed < 3; ++seed)
      compare(engine, chat("What is a database?"), options, 0.1 * seed, seed, piece);
  }
}

TEST_F(SpeculationTest, ADraftDoesNotReachTheOtherRotationEarly) {
  const models::RopeParams& rope = model_.source().params().rope;
  ASSERT_TRUE(rope.has_factors());
  ASSERT_EQ(rope.original_context, 512u);
  EngineOptions options = engine_options(640);
  Engine engine(model_.source(), options);
  options.pool = engine.shared_pool();
  Tokens prompt =
      model_.tokenizer().encode(test::read_file(test::demo_model_dir() / ".." / "eval.txt").substr(0, 4000), {});
  ASSERT_GE(prompt.size(), 500u);
  prompt.resize(495);
  GenerateOptions generate = greedy(50);
  generate.sampling.temperature = 0.8f;
  generate.ignore_end = true;
  for (uint32_t seed = 1; seed <= 3; ++seed) {
    generate.sampling.seed = seed;
    compare(engine, prompt, generate, 0.2, seed);
    const Outcome plain = write(engine, prompt, generate, {});
    expect_same(plain, write(engine, prompt, generate, with(std::make_unique<PromptLookup>())));
  }
  expect_same(write(engine, prompt, generate, {}),
              write(engine, prompt, generate, with(std::make_unique<DraftModel>(other_model(), options, 0.0f))));
  EXPECT_EQ(room_for_draft(engine, 512), 0u);
  EXPECT_EQ(room_for_draft(engine, 500), 12u);
  EXPECT_EQ(room_for_draft(engine, 513), 127u);
  EXPECT_EQ(room_for_draft(engine, 640), 0u);
}

TEST_F(SpeculationTest, TurnsOfAConversation) {
  EngineOptions options = engine_options(512);
  Engine engine(model_.source(), options);
  options.pool = engine.shared_pool();
  options.context_size = 90;  // the draft model's own: it drops out in the middle of the conversation
  Session plain(model_, engine), lookup(model_, engine, with(std::make_unique<PromptLookup>())),
      model(model_, engine, with(std::make_unique<DraftModel>(other_model(), options, 0.0f)));
  GenerateOptions generate = greedy(30);
  generate.sampling.temperature = 0.7f;
  Json messages = Json::array();
  for (const char* question :
       {"What is a database?", "What is a file?", "What is a database file?", "/clear", "What is a database?"}) {
    if (std::string(question) == "/clear") {
      messages = Json::array();
      continue;
    }
    messages.push_back({{"role", "user"}, {"content", question}});
    const Tokens prompt = model_.encode_chat(messages, true);
    const GenerateResult expected = plain.generate(prompt, generate);
    for (Session* session : {&lookup, &model}) {
      const GenerateResult found = session->generate(prompt, generate);
      EXPECT_EQ(found.tokens, expected.tokens);
      EXPECT_EQ(found.timings.prompt_tokens, expected.timings.prompt_tokens);
    }
    messages.push_back({{"role", "assistant"}, {"content", expected.text}});
  }
}

TEST_F(SpeculationTest, ADraftModelThatIsTheModelIsAlwaysRight) {
  EngineOptions options = engine_options(128);
  Engine engine(model_.source(), options);
  options.pool = engine.shared_pool();
  Session session(model_, engine,
                  with(std::make_unique<DraftModel>(Model::load(test::demo_model_dir()), options, 0.0f)));
  GenerateOptions generate = greedy(61);
  generate.ignore_end = true;
  for (int turn = 0; turn < 2; ++turn) {
    const Timings timings = session.generate(chat("What is a database?"), generate).timings;
    EXPECT_GT(timings.drafted_tokens, 30u);
    // All but the token that would end the answer, which is not allowed here.
    EXPECT_GE(timings.accepted_tokens + kDraftTokens, timings.drafted_tokens);
  }
  // Never sure enough: no guess at all.
  Session unsure(model_, engine,
                 with(std::make_unique<DraftModel>(Model::load(test::demo_model_dir()), options, 1.0f)));
  EXPECT_EQ(unsure.generate(chat("What is a database?"), generate).timings.drafted_tokens, 0u);
}

TEST_F(SpeculationTest, DraftsThatAreTooShortAreNotTried) {
  Engine engine(model_.source(), engine_options(128));
  Speculation speculation = with(std::make_unique<PromptLookup>());
  speculation.min_tokens = speculation.max_tokens + 1;
  Session session(model_, engine, std::move(speculation));
  EXPECT_EQ(session.generate(chat("a file a file a file"), greedy(20)).timings.drafted_tokens, 0u);
}

TEST_F(SpeculationTest, ADraftModelNeedsTheSameVocabulary) {
  const auto message = [&](const Model& draft) -> std::string {
    try {
      check_same_vocabulary(model_, draft);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message(other_model()), "");

  const std::filesystem::path folder = scratch_ / "other";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".json" || entry.path().filename() == "config.json") continue;
    std::string text = test::read_file(entry.path());
    for (size_t at = 0; (at = text.find("<|assistant|>", at)) != std::string::npos;)
      text.replace(at, 13, "<|colleague|>");
    std::filesystem::permissions(entry.path(), std::filesystem::perms::owner_write, std::filesystem::perm_options::add);
    test::write_file(entry.path(), text);
  }
  EXPECT_THAT(message(Model::load(folder)),
              testing::AllOf(testing::HasSubstr("token 4065"), testing::HasSubstr("<|colleague|>"),
                             testing::HasSubstr("<|assistant|>")));

  for (const auto& name :
       {"tokenizer.model", "tokenizer.json", "tokenizer_config.json", "added_tokens.json", "special_tokens_map.json"}) {
    std::filesystem::remove(folder / name);
  }
  EXPECT_THAT(message(Model::load(folder)), testing::HasSubstr("no tokenizer"));

  const auto models = test::find_golden("models");
  if (!models || !std::filesystem::exists(*models / "phi3-window")) GTEST_SKIP() << "no golden model phi3-window";
  EXPECT_THAT(message(Model::load(*models / "phi3-window")),
              testing::AllOf(testing::HasSubstr("576"), testing::HasSubstr("4096")));
}

TEST_F(SpeculationTest, ProbabilitiesThatAreNoneAreRefused) {
  EXPECT_THROW(DraftModel(Model::load(test::demo_model_dir()), engine_options(64), 1.5f), Error);
  EXPECT_THROW(DraftModel(Model::load(test::demo_model_dir()), engine_options(64), std::nanf("")), Error);
}

}  // namespace
}  // namespace aurea::engine
