// aurea run: one answer.
#include "cli/commands/generate.h"
#include "core/error.h"

namespace aurea::cli {
namespace {

struct Options {
  GenerateFlags generate;
  InputFlags input;
  bool raw = false;
};

std::vector<int32_t> encode_prompt(const Options& options, const engine::Model& model, bool raw) {
  if (!options.input.tokens.empty()) return options.input.ids(model, false);
  const std::string text = options.input.text();
  if (text.empty()) fail(ErrorCode::kBadArgument, "the prompt is empty");
  if (raw) return model.tokenizer().encode(text, {.add_special = true, .parse_special = true});
  Json messages = Json::array();
  if (!options.generate.system.empty()) messages.push_back({{"role", "system"}, {"content", options.generate.system}});
  messages.push_back({{"role", "user"}, {"content", text}});
  return model.encode_chat(messages, true);
}

void run(const Options& options, const Context& context) {
  if (!options.input.given()) fail(ErrorCode::kBadArgument, "nothing to answer: give --prompt TEXT, --text FILE or --tokens IDS");
  options.generate.check();
  const engine::Model model = engine::Model::load(options.generate.model);
  require_tokenizer(model);
  const bool ids = !options.input.tokens.empty(), raw = options.raw || ids || !model.has_chat_template();
  if (ids && !options.generate.system.empty()) fail(ErrorCode::kBadArgument, "--system cannot be put in front of --tokens; use --prompt or --text");
  if (raw && !options.raw && !ids) context.notice("aurea: this model has no chat template; continuing the text as it is");
  if (raw && !options.generate.system.empty()) fail(ErrorCode::kBadArgument, "--system needs a chat template; plain text has no system message");
  if (!raw) check_system(model, options.generate.system);
  const engine::EngineOptions engine_options = options.generate.engine.options(context);
  engine::Engine engine(model.source(), engine_options);
  report_dispatch(engine);
  engine::Session session(model, engine, options.generate.speculation.make(model, engine, engine_options));
  const std::vector<int32_t> prompt = encode_prompt(options, model, raw);

  const auto on_text = [&](std::string_view piece) {
    if (!context.json) print_text(piece);
  };
  const engine::GenerateResult result = session.generate(prompt, options.generate.options(), on_text, &context.cancel);
  if (context.json) {
    const engine::Timings& t = result.timings;
    print_json({{"text", result.text}, {"tokens", result.tokens}, {"finish_reason", reason_name(result.reason)},
                {"timings", {{"prompt_tokens", t.prompt_tokens}, {"prompt_seconds", t.prompt_seconds},
                             {"generated_tokens", t.generated_tokens}, {"generate_seconds", t.generate_seconds},
                             {"drafted_tokens", t.drafted_tokens}, {"accepted_tokens", t.accepted_tokens}}}});
  } else {
    print_text("\n");
    context.notice(describe_timings(result));
  }
  if (result.reason == engine::FinishReason::kCancelled) throw Error(ErrorCode::kCancelled, "interrupted");
}

}  // namespace

void add_run(CLI::App& app, Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("run", "Write one answer");
  options->generate.add_to(*command);
  options->input.add_to(*command);
  command->add_flag("--raw", options->raw, "Continue the text as it is, without the model's chat template");
  add_output_options(*command, context);
  command->footer(R"(Examples:
  aurea run phi-Q4_K_M.gguf --prompt "What is a database?" --temp 0
  aurea run phi-Q4_K_M.gguf --raw --prompt "The three laws of" -n 40 --seed 1
  aurea run phi-Q4_K_M.gguf --text question-with-document.txt --spec-type ngram-simple
  aurea run phi-medium-Q4_K_M.gguf --prompt "What is a database?" --spec-draft-model phi-mini-Q4_K_M.gguf)");
  command->final_callback([options, &context] { context.run = [options, &context] { run(*options, context); }; });
}

}  // namespace aurea::cli
