#include "cli/commands/generate.h"

#include "core/error.h"

namespace aurea::cli {

void GenerateFlags::add_to(CLI::App& app) {
  add_model_option(app, model);
  app.add_option("--system,--system-prompt", system, "A system message before the first turn");
  app.add_option("-n,--n-predict", max_tokens, "Tokens to write at most; -1: until the model ends")->capture_default_str()->check(CLI::Range(-1LL, 1LL << 40));
  app.add_option("--stop,-r,--reverse-prompt", stop, "End the answer before this text (may be given several times)")->allow_extra_args(false);
  app.add_flag("--ignore-eos", ignore_eos, "Never let the model end its answer itself");
  sampling.add_to(app);
  engine.add_to(app);
  speculation.add_to(app);
}

engine::GenerateOptions GenerateFlags::options() const {
  engine::GenerateOptions options;
  if (max_tokens >= 0) options.max_tokens = static_cast<size_t>(max_tokens);
  options.sampling = sampling.options();
  options.stop = stop;
  options.ignore_end = ignore_eos;
  return options;
}

void GenerateFlags::check() const {
  static_cast<void>(engine::Sampler(sampling.options()));
  speculation.check();
}

void require_tokenizer(const engine::Model& model) {
  if (model.has_tokenizer()) return;
  fail(ErrorCode::kUnsupported, "{}: this model has no tokenizer, so it cannot write text; 'aurea logits' and 'aurea eval' work on --tokens",
       model.source().path().string());
}

void check_system(const engine::Model& model, const std::string& system) {
  if (system.empty()) return;
  const Json question = {{"role", "user"}, {"content", "?"}};
  const Json instruction = {{"role", "system"}, {"content", system}};
  if (model.encode_chat(Json::array({instruction, question}), true) != model.encode_chat(Json::array({question}), true)) return;
  fail(ErrorCode::kUnsupported, "--system: this model's chat template has no place for a system message; put it into the prompt");
}

std::string describe_timings(const engine::GenerateResult& result) {
  const engine::Timings& t = result.timings;
  const auto rate = [](size_t n, double seconds) { return seconds > 0 ? static_cast<double>(n) / seconds : 0.0; };
  const std::string guesses =
      t.drafted_tokens > 0 ? fmt::format(", {} of {} guessed tokens right", t.accepted_tokens, t.drafted_tokens) : std::string();
  // The first token comes out of the prompt's pass.
  return fmt::format("{} tokens in {:.2f} s ({:.1f} tokens/s), prompt of {} in {:.2f} s ({:.1f} tokens/s){}", t.generated_tokens,
                     t.generate_seconds, rate(t.generated_tokens > 0 ? t.generated_tokens - 1 : 0, t.generate_seconds),
                     t.prompt_tokens, t.prompt_seconds, rate(t.prompt_tokens, t.prompt_seconds), guesses);
}

const char* reason_name(engine::FinishReason reason) {
  switch (reason) {
    case engine::FinishReason::kStop: return "stop";
    case engine::FinishReason::kLength: return "length";
    case engine::FinishReason::kCancelled: return "cancelled";
  }
  return "";
}

}  // namespace aurea::cli
